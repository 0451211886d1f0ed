"""The leader's sheet in Google Sheets, read with gspread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import TypeVar

import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from gspread.exceptions import APIError
from gspread.http_client import FileType, HTTPClient, ParamsType
from gspread.utils import absolute_range_name

from shared.adapters.retry import repeat_safely
from shared.domain.errors import AdapterError, NotFound
from shared.ports.sheet import SheetTable

GOOGLE_SHEETS_URL = "https://sheets.googleapis.com"
_SERVICE = "sheets"
_TIMEOUT_SECONDS = (5.0, 10.0)
# Google refills the quota of 60 reads a minute and user once a minute:
# https://developers.google.com/workspace/sheets/api/limits
_QUOTA_REFILL_SECONDS = 60.0

Answer = TypeVar("Answer")


class _SheetsHttpClient(HTTPClient):
    """gspread's own client, speaking to a chosen host."""

    def __init__(self, credentials: Credentials, base_url: str) -> None:
        super().__init__(credentials)
        self._base_url = base_url
        self.set_timeout(_TIMEOUT_SECONDS)

    def request(
        self,
        method: str,
        endpoint: str,
        params: ParamsType | None = None,
        data: bytes | None = None,
        json: Mapping[str, object] | None = None,
        files: FileType = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> requests.Response:
        path = endpoint.removeprefix(GOOGLE_SHEETS_URL)
        return super().request(method, self._base_url + path, params, data, json, files, headers)


class GoogleLeaderSheet:
    """Reads one worksheet. The first read asks for its title, later ones only for values.

    Args:
        spreadsheet_id: The id in the sheet's address.
        credentials: Who reads; the sheet must be shared with that account.
        reader_email: The account's address, for messages to people.
        worksheet_title: The worksheet; None takes the first.
        base_url: Where Google Sheets answers, without a trailing slash.
        sleep: Waits between repeated reads, in machine seconds.
    """

    def __init__(
        self,
        *,
        spreadsheet_id: str,
        credentials: Credentials,
        reader_email: str,
        worksheet_title: str | None = None,
        base_url: str = GOOGLE_SHEETS_URL,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._spreadsheet_id = spreadsheet_id
        self._reader_email = reader_email
        self._worksheet_title = worksheet_title
        self._client = _SheetsHttpClient(credentials, base_url)
        self._sleep = sleep
        self._opened_title: str | None = None

    def read(self) -> SheetTable:
        """Read the whole worksheet as displayed.

        Raises:
            NotFound: No such spreadsheet or worksheet.
            AdapterError: Not shared with us, over quota, or Google failed.
        """
        if self._opened_title is None:
            self._opened_title = repeat_safely(self._open, sleep=self._sleep)
        title = self._opened_title
        return repeat_safely(lambda: self._values(title), sleep=self._sleep)

    def close(self) -> None:
        """Close the connections."""
        self._client.session.close()

    def _open(self) -> str:
        found = self._ask(lambda: self._client.fetch_sheet_metadata(self._spreadsheet_id))
        titles = [str(sheet["properties"]["title"]) for sheet in found["sheets"]]
        wanted = self._worksheet_title or titles[0]
        if wanted not in titles:
            raise NotFound(
                _SERVICE,
                f"spreadsheet {self._spreadsheet_id} has no worksheet {wanted!r}; it has {titles}",
            )
        return wanted

    def _values(self, title: str) -> SheetTable:
        found = self._ask(
            lambda: self._client.values_get(
                self._spreadsheet_id,
                absolute_range_name(title),
                {"valueRenderOption": "FORMATTED_VALUE", "majorDimension": "ROWS"},
            )
        )
        rows = found.get("values", [])
        return SheetTable(
            title=title, values=tuple(tuple(str(cell) for cell in row) for row in rows)
        )

    def _ask(self, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except APIError as error:
            raise self._translated(error) from error
        except (requests.RequestException, GoogleAuthError) as error:
            retryable = isinstance(error, requests.RequestException) or bool(error.retryable)
            raise AdapterError(_SERVICE, str(error), retryable=retryable) from error

    def _translated(self, error: APIError) -> AdapterError:
        status = error.response.status_code
        if status == requests.codes.bad_request:
            # The worksheet was renamed since it was opened: look again at the next read.
            self._opened_title = None
        said = f"{status}: {error.error['message']}"
        if status == requests.codes.not_found:
            return NotFound(
                _SERVICE,
                f"no spreadsheet {self._spreadsheet_id}: check the id in the settings ({said})",
            )
        if status == requests.codes.forbidden:
            return AdapterError(
                _SERVICE,
                f"spreadsheet {self._spreadsheet_id} is not readable: share it with "
                f"{self._reader_email} as Viewer ({said})",
                retryable=False,
            )
        if status == requests.codes.too_many_requests:
            return AdapterError(
                _SERVICE, said, retryable=True, retry_after_seconds=_QUOTA_REFILL_SECONDS
            )
        return AdapterError(_SERVICE, said, retryable=status >= requests.codes.server_error)
