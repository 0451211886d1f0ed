"""Leader sheets as people fill them: header row, history, and today's row."""

from collections.abc import Sequence

from shared.adapters.session_table import session_table
from shared.domain.leader_sheet import SheetRow, read_rows
from shared.domain.signal_row import Accepted
from shared.domain.todays_signal import Verdict, find_todays_signal
from shared.domain.trading_settings import SheetPreset, TradingSettings
from tests.builders import SESSION_DATE

Sheet = list[list[str]]

CANONICAL_HEADER = ["Date", "Ticker", "Strategy", "Qty_Per_Leg", "Strike_Long", "Strike_Short"]
ITALIAN_HEADER = [
    *("Data", "Ticker", "Strategia", "Quantità per Leg"),
    *("Buy Put", "Sell Put", "Sell Call", "Buy Call"),
]
HISTORY = [
    ["2026-11-24", "QQQ", "Short", "100", "600", "595"],
    ["2026-11-25", "QQQ", "Long", "ten", "590", "585"],
]
"""Rows 2 and 3: the second one would be refused if it were today's."""
TODAYS_ROW = 4


def a_row(
    date: str = SESSION_DATE,
    *,
    ticker: str = "QQQ",
    strategy: str = "Long",
    quantity: str = "125",
    long_strike: str = "585",
    short_strike: str = "590",
) -> list[str]:
    return [date, ticker, strategy, quantity, long_strike, short_strike]


def a_sheet(*rows: list[str]) -> Sheet:
    """A canonical sheet: header, two rows of history, then the rows given, from row 4 on."""
    return [CANONICAL_HEADER, *HISTORY, *rows]


def an_italian_sheet(*rows: list[str]) -> Sheet:
    return [ITALIAN_HEADER, *rows]


def rows_of(
    values: Sequence[Sequence[str]], preset: SheetPreset = SheetPreset.CANONICAL
) -> tuple[SheetRow, ...]:
    rows = read_rows(values, preset)
    assert isinstance(rows, tuple), rows
    return rows


def judged(sheet: Sheet, *, preset: SheetPreset = SheetPreset.CANONICAL) -> Verdict:
    return find_todays_signal(
        rows_of(sheet, preset),
        session_date=SESSION_DATE,
        settings=TradingSettings(sheet_preset=preset),
        table=session_table(),
    )


def accepted(sheet: Sheet, *, preset: SheetPreset = SheetPreset.CANONICAL) -> Accepted:
    verdict = judged(sheet, preset=preset)
    assert isinstance(verdict, Accepted), verdict
    return verdict


def with_expiry(expiry: str) -> Sheet:
    return [[*CANONICAL_HEADER, "Expiry"], [*a_row(), expiry]]
