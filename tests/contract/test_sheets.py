"""Google Sheets: the stand-in against the table, the adapter against the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from shared.adapters.sheets import GoogleLeaderSheet
from shared.domain.errors import AdapterError, NotFound
from shared.ports.sheet import SheetTable
from tests.sandbox import sheets
from tests.sandbox.conformance import Row, check
from tests.sandbox.control import Json
from tests.sandbox.google_credentials import sandbox_credentials
from tests.sandbox.serving import serve_in_thread
from tests.sandbox.sheets_conformance import CONFORMANCE

_TABLE: Json = [["Date", "Ticker"], ["03/08/2026", "QQQ"], [], ["04/08/2026", "QQQ"]]


class _MachineTime:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


_machine_time = _MachineTime()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve_in_thread(sheets.create_app(monotonic=_machine_time)) as base_url:
        yield base_url


@pytest.fixture
def base_url(server: str) -> str:
    _tell(server, "POST", "reset")
    _machine_time.seconds = 0.0
    return server


def _tell(base_url: str, method: str, path: str, document: Json = None) -> None:
    requests.request(
        method, f"{base_url}/_sandbox/{path}", json=document, timeout=5
    ).raise_for_status()


def _counters(base_url: str) -> dict[str, int]:
    counted: dict[str, int] = requests.get(f"{base_url}/_sandbox/counters", timeout=5).json()
    return counted


def _spreadsheet(base_url: str, *, shared: bool = True, title: str = "Signals") -> None:
    sheet: Json = {"title": title, "values": _TABLE}
    _tell(
        base_url,
        "PUT",
        "spreadsheets/leader",
        {"title": "Leader", "shared": shared, "sheets": [sheet, {"title": "Notes"}]},
    )


def _leader_sheet(
    base_url: str, *, title: str | None = None, bearer: str = "sandbox-token"
) -> GoogleLeaderSheet:
    return GoogleLeaderSheet(
        spreadsheet_id="leader",
        credentials=sandbox_credentials(bearer),
        reader_email="ingest@example.test",
        worksheet_title=title,
        base_url=base_url,
        sleep=lambda _seconds: None,
    )


@pytest.mark.parametrize("row", CONFORMANCE, ids=lambda row: row.name)
def test_the_stand_in_answers_as_google_does(row: Row, base_url: str) -> None:
    check(row, base_url)


def test_a_sixty_first_read_within_a_minute_is_refused(base_url: str) -> None:
    _spreadsheet(base_url)
    url = f"{base_url}/v4/spreadsheets/leader"
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sandbox-token"
        for _ in range(60):
            assert session.get(url, timeout=5).status_code == 200
        assert session.get(url, timeout=5).status_code == 429
        _machine_time.seconds = 60.0
        assert session.get(url, timeout=5).status_code == 200


def test_the_table_is_read_as_displayed_with_its_row_numbers(base_url: str) -> None:
    _spreadsheet(base_url)
    with closing(_leader_sheet(base_url)) as sheet:
        table = sheet.read()
    assert table == SheetTable(
        title="Signals",
        values=(("Date", "Ticker"), ("03/08/2026", "QQQ"), (), ("04/08/2026", "QQQ")),
    )
    assert list(table.numbered_rows()) == [
        (2, ("03/08/2026", "QQQ")),
        (3, ()),
        (4, ("04/08/2026", "QQQ")),
    ]


def test_only_the_first_read_opens_the_spreadsheet(base_url: str) -> None:
    _spreadsheet(base_url)
    with closing(_leader_sheet(base_url)) as sheet:
        for _ in range(3):
            sheet.read()
    assert _counters(base_url) == {
        "GET /v4/spreadsheets/leader": 1,
        "GET /v4/spreadsheets/leader/values/'Signals'": 3,
    }


def test_a_worksheet_is_chosen_by_its_title(base_url: str) -> None:
    _spreadsheet(base_url)
    with closing(_leader_sheet(base_url, title="Notes")) as sheet:
        assert sheet.read() == SheetTable(title="Notes", values=())


def test_a_missing_worksheet_is_named_with_those_that_exist(base_url: str) -> None:
    _spreadsheet(base_url)
    with (
        closing(_leader_sheet(base_url, title="Orders")) as sheet,
        pytest.raises(NotFound, match=r"no worksheet 'Orders'; it has \['Signals', 'Notes'\]"),
    ):
        sheet.read()


def test_a_worksheet_renamed_meanwhile_is_found_by_the_read_after(base_url: str) -> None:
    _spreadsheet(base_url)
    with closing(_leader_sheet(base_url)) as sheet:
        sheet.read()
        _spreadsheet(base_url, title="Segnali")
        with pytest.raises(AdapterError, match="Unable to parse range"):
            sheet.read()
        assert sheet.read().title == "Segnali"


def test_an_unknown_spreadsheet_is_named(base_url: str) -> None:
    with (
        closing(_leader_sheet(base_url)) as sheet,
        pytest.raises(NotFound, match="no spreadsheet leader: check the id"),
    ):
        sheet.read()


def test_an_unshared_spreadsheet_says_with_whom_to_share_it(base_url: str) -> None:
    _spreadsheet(base_url, shared=False)
    with (
        closing(_leader_sheet(base_url)) as sheet,
        pytest.raises(AdapterError, match=r"share it with ingest@example\.test") as caught,
    ):
        sheet.read()
    assert not caught.value.retryable


def test_a_token_that_cannot_be_renewed_is_final(base_url: str) -> None:
    _spreadsheet(base_url)
    with (
        closing(_leader_sheet(base_url, bearer="stale")) as sheet,
        pytest.raises(AdapterError) as caught,
    ):
        sheet.read()
    assert not caught.value.retryable


def test_over_quota_is_retryable_after_a_minute_and_not_repeated_at_once(base_url: str) -> None:
    _spreadsheet(base_url)
    with closing(_leader_sheet(base_url)) as sheet:
        sheet.read()
        _tell(base_url, "POST", "failures", {"status": 429})
        with pytest.raises(AdapterError) as caught:
            sheet.read()
    assert caught.value.retryable
    assert caught.value.retry_after_seconds == 60.0


def test_a_passing_failure_is_read_over(base_url: str) -> None:
    _spreadsheet(base_url)
    _tell(base_url, "POST", "failures", {"status": 503, "times": 2})
    with closing(_leader_sheet(base_url)) as sheet:
        assert sheet.read().title == "Signals"


def test_a_lasting_failure_is_retryable(base_url: str) -> None:
    _tell(base_url, "POST", "failures", {"status": 500, "times": 9})
    with closing(_leader_sheet(base_url)) as sheet, pytest.raises(AdapterError) as caught:
        sheet.read()
    assert caught.value.retryable


def test_a_server_that_is_not_there_is_retryable() -> None:
    with (
        closing(_leader_sheet("http://127.0.0.1:9")) as sheet,
        pytest.raises(AdapterError) as caught,
    ):
        sheet.read()
    assert caught.value.retryable
