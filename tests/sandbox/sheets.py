"""A stand-in for Google Sheets v4: reading spreadsheets, strictly.

`PUT /_sandbox/spreadsheets/{id}` sets a spreadsheet: `{"title", "shared": true, "sheets":
[{"title", "rows": 1000, "columns": 26, "values": [[cell, ...], ...]}]}`. A cell is the displayed
string, or `{"formatted", "unformatted", "formula"}`.
`PUT /_sandbox/spreadsheets/{id}/values/{sheet title}` replaces one worksheet's values.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.control import SANDBOX_TOKENS, Control, Failure, Handler, Json, bearer_token
from tests.sandbox.field_masks import masked
from tests.sandbox.google_answers import (
    NO_PERMISSION,
    UNREGISTERED_CALLER,
    google_error,
    invalid_credentials,
    no_such_page,
    server_error,
)
from tests.sandbox.sheets_ranges import Grid, OutsideGrid, UnparsableRange
from tests.sandbox.sheets_requests import (
    BATCH_SCHEMA,
    RANGE_SCHEMA,
    READS_PER_MINUTE,
    SPREADSHEET_SCHEMA,
    VALUE_PARAMETERS,
    Refused,
    bad_value,
    checked,
    over_quota,
)
from tests.sandbox.sheets_tables import Spreadsheet, Worksheet, cells_of, described, read

_RPC = "google.apps.sheets.v4.SpreadsheetsService"


class _Sheets:
    def __init__(self, tokens: frozenset[str], monotonic: Callable[[], float]) -> None:
        self._tokens = tokens
        self._monotonic = monotonic
        self._spreadsheets: dict[str, Spreadsheet] = {}
        self._reads: dict[str, deque[float]] = {}
        self.control = Control(self._reset)

    def _reset(self) -> None:
        self._spreadsheets.clear()
        self._reads.clear()

    def guarded(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except Refused as refused:
                return refused.response

        return self.control.guarded(answer, _failed)

    def _admit(self, request: Request, rpc: str) -> Spreadsheet:
        token = bearer_token(request)
        if token is None:
            raise Refused(google_error(403, UNREGISTERED_CALLER))
        if token not in self._tokens:
            raise Refused(invalid_credentials("sheets.googleapis.com", f"{_RPC}.{rpc}"))
        self._count_read(token)
        found = self._spreadsheets.get(request.path_params["spreadsheet_id"])
        if found is None:
            raise Refused(google_error(404, "Requested entity was not found."))
        if not found.shared:
            raise Refused(google_error(403, NO_PERMISSION))
        return found

    def _count_read(self, token: str) -> None:
        now = self._monotonic()
        reads = self._reads.setdefault(token, deque())
        while reads and now - reads[0] >= 60:
            reads.popleft()
        if len(reads) >= READS_PER_MINUTE:
            raise Refused(over_quota())
        reads.append(now)

    async def get(self, request: Request) -> Response:
        found = self._admit(request, "GetSpreadsheet")
        mask = checked(request, frozenset({"includeGridData", "ranges"}), SPREADSHEET_SCHEMA)
        with_data = request.query_params.get("includeGridData", "false")
        if with_data not in ("true", "false"):
            raise Refused(bad_value("include_grid_data", "TYPE_BOOL", with_data))
        spreadsheet_id = request.path_params["spreadsheet_id"]
        answer: Json = {
            "spreadsheetId": spreadsheet_id,
            "properties": {
                "title": found.title,
                "locale": "en_US",
                "autoRecalc": "ON_CHANGE",
                "timeZone": "America/New_York",
            },
            "sheets": [
                described(index, sheet, with_data=with_data == "true")
                for index, sheet in enumerate(found.sheets.values())
            ],
            "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{spreadsheet_id}/edit",
        }
        return JSONResponse(masked(answer, mask))

    async def values(self, request: Request) -> Response:
        found = self._admit(request, "GetValues")
        mask = checked(request, VALUE_PARAMETERS - {"ranges"}, RANGE_SCHEMA)
        return JSONResponse(masked(_read(found, request.path_params["range"], request), mask))

    async def batch_get(self, request: Request) -> Response:
        found = self._admit(request, "BatchGetValues")
        mask = checked(request, VALUE_PARAMETERS, BATCH_SCHEMA)
        answer: dict[str, Json] = {"spreadsheetId": request.path_params["spreadsheet_id"]}
        ranges = request.query_params.getlist("ranges")
        if ranges:
            answer["valueRanges"] = [_read(found, text, request) for text in ranges]
        return JSONResponse(masked(answer, mask))

    async def set_spreadsheet(self, request: Request) -> Response:
        told = await request.json()
        sheets = {
            sheet["title"]: Worksheet(
                title=sheet["title"],
                grid=Grid(rows=sheet.get("rows", 1000), columns=sheet.get("columns", 26)),
                values=cells_of(sheet.get("values", [])),
            )
            for sheet in told["sheets"]
        }
        self._spreadsheets[request.path_params["spreadsheet_id"]] = Spreadsheet(
            title=told["title"], shared=told.get("shared", True), sheets=sheets
        )
        return Response(status_code=204)

    async def set_values(self, request: Request) -> Response:
        found = self._spreadsheets[request.path_params["spreadsheet_id"]]
        found.sheets[request.path_params["title"]].values = cells_of(await request.json())
        return Response(status_code=204)


def create_app(
    *,
    tokens: frozenset[str] = SANDBOX_TOKENS,
    monotonic: Callable[[], float] = time.monotonic,
) -> Starlette:
    """The stand-in. `monotonic` (seconds of machine time) runs the read quota."""
    sheets = _Sheets(tokens, monotonic)
    spreadsheet = "/v4/spreadsheets/{spreadsheet_id}"
    control = "/_sandbox/spreadsheets/{spreadsheet_id}"
    routes = [
        Route(spreadsheet + "/values:batchGet", sheets.guarded(sheets.batch_get), methods=["GET"]),
        Route(spreadsheet + "/values/{range:path}", sheets.guarded(sheets.values), methods=["GET"]),
        Route(spreadsheet, sheets.guarded(sheets.get), methods=["GET"]),
        Route(control, sheets.set_spreadsheet, methods=["PUT"]),
        Route(control + "/values/{title:path}", sheets.set_values, methods=["PUT"]),
        *sheets.control.routes(),
    ]
    return Starlette(routes=routes, exception_handlers={404: no_such_page, 405: no_such_page})


def _failed(failure: Failure) -> Response:
    return over_quota() if failure.status == 429 else server_error(failure.status)


def _read(found: Spreadsheet, text: str, request: Request) -> Json:
    try:
        return read(
            found,
            text,
            request.query_params.get("majorDimension", "ROWS"),
            request.query_params.get("valueRenderOption", "FORMATTED_VALUE"),
        )
    except UnparsableRange as error:
        raise Refused(google_error(400, f"Unable to parse range: {text}")) from error
    except OutsideGrid as error:
        raise Refused(google_error(400, f"Range ({text}) exceeds grid limits. {error}")) from error
