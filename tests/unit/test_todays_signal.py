"""Judging today's row: every fault names its cell, history is left alone."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.signal_row import Incomplete, Invalid
from shared.domain.signals import Signal, hash_row
from shared.domain.spreads import Strategy
from shared.domain.todays_signal import (
    Missing,
    unreadable_dates,
)
from shared.domain.trading_settings import SheetPreset
from tests.builders import SESSION_DATE
from tests.sheets import (
    CANONICAL_HEADER,
    TODAYS_ROW,
    Sheet,
    a_row,
    a_sheet,
    accepted,
    an_italian_sheet,
    judged,
    rows_of,
    with_expiry,
)

ITALIAN = SheetPreset.ITALIAN
READ_AT = datetime(2026, 11, 27, 14, 27, 3, tzinfo=UTC)


def faults(sheet: Sheet, *, preset: SheetPreset = SheetPreset.CANONICAL) -> list[tuple[str, str]]:
    verdict = judged(sheet, preset=preset)
    assert isinstance(verdict, Invalid), verdict
    return [(fault.cell, fault.message) for fault in verdict.faults]


def a_signal(sheet: Sheet | None = None) -> Signal:
    return accepted(sheet or a_sheet(a_row())).signal(number=1, read_at=READ_AT)


def test_a_complete_row_of_today_becomes_the_sessions_signal() -> None:
    signal = a_signal()
    assert signal.signal_id == "2026-11-27-QQQ-1"
    assert signal.strategy is Strategy.LONG
    assert signal.qty_per_leg == 125
    assert (signal.long_strike, signal.short_strike) == (Decimal(585), Decimal(590))
    assert signal.expiry == SESSION_DATE
    assert signal.row_number == TODAYS_ROW
    assert signal.row_hash == hash_row(signal.row)
    assert signal.read_at == READ_AT
    assert signal.verified_at is None
    assert signal.traceparent.startswith("00-")


@pytest.mark.parametrize(
    ("row", "strategy", "strikes"),
    [
        (["27/11/2026", "QQQ", "Long", "125", "486", "488", "-", "-"], "Long", ("486", "488")),
        (["27/11/2026", "QQQ", "Short", "125", "-", "-", "492", "494"], "Short", ("494", "492")),
        (["2026-11-27", "QQQ", "Short", "125", "", "", "492", "494"], "Short", ("494", "492")),
    ],
)
def test_the_italian_sheet_keeps_each_strategys_strikes_in_columns_of_its_own(
    row: list[str], strategy: str, strikes: tuple[str, str]
) -> None:
    verdict = accepted(an_italian_sheet(row), preset=ITALIAN)
    assert verdict.strategy == strategy
    assert (str(verdict.long_strike), str(verdict.short_strike)) == strikes


def test_italian_numbers_are_read_as_italians_write_them() -> None:
    row = ["27/11/2026", "QQQ", "Long", "125,0", "450,5", "455,50", "-", "-"]
    verdict = accepted(an_italian_sheet(row), preset=ITALIAN)
    assert verdict.qty_per_leg == 125
    assert (verdict.long_strike, verdict.short_strike) == (Decimal("450.5"), Decimal("455.5"))


def test_a_grouped_quantity_is_thousands_and_so_beyond_the_limit() -> None:
    assert faults(a_sheet(a_row(quantity="1,250"))) == [
        ("D4", 'D4 (Qty_Per_Leg) holds "1,250", not a whole number from 1 to 500.')
    ]
    italian = ["27/11/2026", "QQQ", "Long", "1.250", "450", "455", "-", "-"]
    assert [cell for cell, _ in faults(an_italian_sheet(italian), preset=ITALIAN)] == ["D2"]


def test_rows_of_other_dates_are_history_whatever_they_say() -> None:
    bad_later = a_row("2026-11-30", ticker="SPY", quantity="-1")
    assert accepted(a_sheet(a_row(), bad_later)).row.number == TODAYS_ROW


def test_decimals_with_a_comma_are_read_in_a_canonical_sheet_too() -> None:
    verdict = accepted(a_sheet(a_row(long_strike="450,5", short_strike="$455.00")))
    assert (verdict.long_strike, verdict.short_strike) == (Decimal("450.5"), Decimal(455))


@pytest.mark.parametrize("quantity", ["0", "-5", "501", "2.5", "ten", "1e9", "99999999999"])
def test_a_quantity_that_cannot_be_is_refused_with_its_cell(quantity: str) -> None:
    assert faults(a_sheet(a_row(quantity=quantity))) == [
        ("D4", f'D4 (Qty_Per_Leg) holds "{quantity}", not a whole number from 1 to 500.')
    ]


@pytest.mark.parametrize("ticker", ["SPY", "qqq", "QQQM"])
def test_only_the_one_ticker_is_traded(ticker: str) -> None:
    assert faults(a_sheet(a_row(ticker=ticker))) == [
        ("B4", f'B4 (Ticker) holds "{ticker}", but only QQQ is traded.')
    ]


@pytest.mark.parametrize("strategy", ["long", "Bull Put", "Iron Condor"])
def test_a_strategy_is_one_of_two_words(strategy: str) -> None:
    assert faults(a_sheet(a_row(strategy=strategy))) == [
        ("C4", f'C4 (Strategy) holds "{strategy}", which is no strategy: write Long or Short.')
    ]


@pytest.mark.parametrize("strike", ["0", "-585", "585.125", "abc", "9" * 40, "1000000"])
def test_a_strike_is_a_positive_price_in_cents(strike: str) -> None:
    assert faults(a_sheet(a_row(long_strike=strike))) == [
        (
            "E4",
            f'E4 (Strike_Long) holds "{strike}", not a positive price of at most two decimals.',
        )
    ]


@pytest.mark.parametrize(
    ("strategy", "bought", "sold", "wanted"),
    [
        ("Long", "590", "585", "below"),
        ("Long", "590", "590", "below"),
        ("Short", "585", "590", "above"),
    ],
)
def test_crossed_strikes_name_both_cells(
    strategy: str, bought: str, sold: str, wanted: str
) -> None:
    row = a_row(strategy=strategy, long_strike=bought, short_strike=sold)
    assert faults(a_sheet(row)) == [
        (
            "E4, F4",
            f"E4 (Strike_Long) holds {bought} and F4 (Strike_Short) holds {sold}: "
            f"for {strategy} the bought strike must be {wanted} the sold one.",
        )
    ]


def test_strikes_too_far_apart_are_refused() -> None:
    ((cell, message),) = faults(a_sheet(a_row(long_strike="539.5")))
    assert cell == "E4, F4"
    assert message.endswith("they are 50.5 apart, more than the 50 allowed.")


def test_strikes_under_the_other_strategys_headers_are_a_contradiction() -> None:
    row = ["27/11/2026", "QQQ", "Long", "125", "486", "488", "492", "-"]
    assert faults(an_italian_sheet(row), preset=ITALIAN) == [
        ("G2", 'G2 (Sell Call) holds "492", but the strategy is Long: put a dash there.')
    ]


def test_all_faults_of_a_row_are_told_at_once() -> None:
    row = a_row(ticker="SPY", quantity="0", long_strike="x", short_strike="-1")
    told = faults([*with_expiry("")[:1], [*row, "2026-11-28"]])
    assert [cell for cell, _ in told] == ["B2", "D2", "E2", "F2", "G2"]


def test_under_a_wrong_strategy_the_strikes_are_still_read() -> None:
    row = ["27/11/2026", "QQQ", "Lungo", "125", "x", "488", "-", "-"]
    assert [c for c, _ in faults(an_italian_sheet(row), preset=ITALIAN)] == ["C2", "E2"]


@pytest.mark.parametrize("expiry", ["", "-", SESSION_DATE])
def test_options_expire_today_unless_the_row_says_otherwise(expiry: str) -> None:
    assert accepted(with_expiry(expiry)).expiry == SESSION_DATE


def test_a_later_expiry_is_taken_where_it_is_a_session() -> None:
    assert accepted(with_expiry("11/30/2026")).expiry == "2026-11-30"


@pytest.mark.parametrize(
    ("expiry", "why"),
    [
        ("2026-11-28", "which is no trading date"),
        ("2099-01-05", "which is no trading date"),
        ("2026-11-25", "which is before today, 2026-11-27"),
        ("2026-02-30", "which is no date: write it like 2026-11-27, or leave it blank"),
    ],
)
def test_an_expiry_that_cannot_be_is_refused(expiry: str, why: str) -> None:
    assert faults(with_expiry(expiry)) == [("G2", f'G2 (Expiry) holds "{expiry}", {why}.')]


@pytest.mark.parametrize("second", [a_row(), a_row(ticker="SPY"), [SESSION_DATE, "QQQ"]])
def test_two_rows_of_today_are_refused_naming_both(second: list[str]) -> None:
    assert faults(a_sheet(a_row(), second)) == [
        ("A4, A5", "A4 (Date) and A5 (Date) hold today's date: leave one row for today.")
    ]


def test_a_row_that_holds_only_its_date_does_not_count_beside_one_that_is_begun() -> None:
    assert accepted(a_sheet([SESSION_DATE], a_row())).row.number == 5


@pytest.mark.parametrize(
    ("row", "blank"),
    [
        ([SESSION_DATE, "", "", "", "", ""], ["B4", "C4", "D4", "E4", "F4"]),
        (a_row(quantity=""), ["D4"]),
        (a_row(short_strike="-"), ["F4"]),
        (a_row(ticker="SPY", quantity=""), ["D4"]),
    ],
)
def test_a_row_that_is_still_being_written_is_not_judged(row: list[str], blank: list[str]) -> None:
    verdict = judged(a_sheet(row))
    assert isinstance(verdict, Incomplete)
    assert [cell.name for cell in verdict.blank] == blank


def test_an_italian_row_needs_only_the_strikes_of_its_strategy() -> None:
    row = ["27/11/2026", "QQQ", "Short", "125", "486", "488", "-", "494"]
    verdict = judged(an_italian_sheet(row), preset=ITALIAN)
    assert isinstance(verdict, Incomplete)
    assert [cell.label for cell in verdict.blank] == ["G2 (Sell Call)"]


def test_without_a_row_of_today_the_newest_date_is_told() -> None:
    assert judged(a_sheet()) == Missing(newest_date="2026-11-25")
    assert judged([CANONICAL_HEADER]) == Missing(newest_date=None)


def test_an_impossible_date_in_the_newest_row_is_refused_with_its_cell() -> None:
    assert faults(a_sheet(a_row("2026-02-30"))) == [
        ("A4", 'A4 (Date) holds "2026-02-30", which is no date: write it like 2026-11-27.')
    ]


def test_an_impossible_date_above_the_rest_counts_where_the_newest_row_is_on_top() -> None:
    newest_first = [a_row("27/11/2026"), a_row("2026-11-25"), a_row("2026-11-24")]
    assert [c for c, _ in faults([CANONICAL_HEADER, *newest_first])] == ["A2"]


def test_an_impossible_date_among_old_rows_is_history_until_the_end() -> None:
    old = [a_row("2026-02-30"), a_row("2026-11-24"), a_row("31/31/2026"), a_row("2026-11-25")]
    sheet = [CANONICAL_HEADER, *old]
    assert judged(sheet) == Missing(newest_date="2026-11-25")
    assert [fault.cell for fault in unreadable_dates(rows_of(sheet))] == ["A2", "A4"]


def test_an_impossible_date_does_not_matter_beside_todays_row() -> None:
    assert accepted(a_sheet(a_row(), a_row("2026-02-30"))).row.number == TODAYS_ROW


def test_a_sum_below_the_rows_is_no_row() -> None:
    assert judged(a_sheet(["Total", "", "", "225"])) == Missing(newest_date="2026-11-25")
