"""The days of a carried position add up to its result, to the micro."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.carried_days import CarriedIn, EarlierDays, carried_in, close_carried
from shared.domain.day_books import DayEnd, MarkedDay, books_from_fills, close_books
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.marks import MarkEntry
from shared.domain.options import ContractKey
from shared.domain.pnl import ProfitAndLoss, mark_legs
from shared.domain.positions import PositionId
from shared.domain.spreads import Side
from tests.builders import NOON, a_contract, a_fill

ANNA = FollowerId("anna")
KEYS = [a_contract(strike).key for strike in ("585", "590")]
prices = st.integers(1, 500).map(lambda cents: Decimal(cents) / 100)
trades = st.lists(
    st.tuples(st.sampled_from(["585", "590"]), st.sampled_from(Side), st.integers(1, 9), prices),
    max_size=4,
)
mids = st.fixed_dictionaries(dict.fromkeys(KEYS, prices))


def fills_of(day: int, told: list[tuple[str, Side, int, Decimal]]) -> list[Fill]:
    return [
        a_fill(
            side,
            quantity,
            str(price),
            contract=a_contract(strike),
            exec_id=f"{day}.{number}",
            at=NOON + timedelta(days=day, minutes=number),
        )
        for number, (strike, side, quantity, price) in enumerate(told)
    ]


@given(st.lists(st.tuples(trades, mids), min_size=2, max_size=4))
def test_the_days_of_a_carried_book_add_up_to_its_result(
    days: list[tuple[list[tuple[str, Side, int, Decimal]], dict[ContractKey, Decimal]]],
) -> None:
    before: list[Fill] = []
    added = ProfitAndLoss()
    for number, (told, middle) in enumerate(days):
        today = fills_of(number, told)
        end, _ = close_carried(
            ANNA,
            EarlierDays(fills=tuple(before), result=added),
            fills=today,
            mids=middle,
            marked=MarkedDay(),
        )
        before += today
        added = added + end.result
        books = books_from_fills(before)
        assert added == mark_legs(books.legs, middle, fees=books.fees)


def an_entry(unrealized: str, *, realized: str = "0", fees: str = "0.65") -> MarkEntry:
    return MarkEntry(realized=Decimal(realized), unrealized=Decimal(unrealized), fees=Decimal(fees))


EARLIER_FILLS = tuple(
    fills_of(
        0,
        [
            ("585", Side.BUY, 1, Decimal("1.00")),
            ("590", Side.SELL, 1, Decimal("1.00")),
            ("590", Side.BUY, 1, Decimal("0.70")),
        ],
    )
)
"""A contract bought at 1.00; another made 0.30 and was closed. Fees are 0.65 each."""
EVENING = close_books(
    ANNA, fills=EARLIER_FILLS, mids={KEYS[0]: Decimal("1.50")}, marked=MarkedDay()
).result
EARLIER = EarlierDays(fills=EARLIER_FILLS, result=EVENING)


def closed(*entries: MarkEntry, earlier: EarlierDays = EARLIER) -> tuple[DayEnd, list[str]]:
    """The next day's end at 1.60, and its totals."""
    end, totals = close_carried(
        ANNA,
        earlier,
        fills=[],
        mids={KEYS[0]: Decimal("1.60")},
        marked=MarkedDay(entries=entries, last_at=NOON + timedelta(days=1)),
    )
    return end, [f"{total:.2f}" for total in totals]


def test_a_mark_that_says_what_was_taken_off_it_counts_as_it_is() -> None:
    # By the evening the one contract had made 50.00 less its fee of 0.65.
    carried = ProfitAndLoss(unrealized=Decimal(50), fees=Decimal("0.65"))
    end, totals = closed(
        replace(an_entry("5", fees="0"), carried=carried),
        replace(an_entry("10", fees="0"), carried=carried),
    )
    assert totals == ["5.00", "10.00"]
    assert end.result == ProfitAndLoss(unrealized=Decimal("10.00"))
    assert (end.trades, end.discrepancies) == (0, ())
    wrong = replace(an_entry("10", realized="1", fees="0"), carried=carried)
    assert len(closed(wrong)[0].discrepancies) == 1


def test_a_mark_of_which_nothing_was_taken_off_counts_from_the_end_before() -> None:
    # Such marks show the one contract since its opening: 1.60 less 1.00, and its fee.
    end, totals = closed(an_entry("60"))
    assert totals == ["10.00"]
    assert end.result == ProfitAndLoss(unrealized=Decimal("10.00"))
    assert (end.trades, end.discrepancies) == (0, ())
    assert len(closed(an_entry("60", realized="1"))[0].discrepancies) == 1


def test_marks_of_both_kinds_may_stand_in_one_session() -> None:
    carried = ProfitAndLoss(unrealized=Decimal(50), fees=Decimal("0.65"))
    _, totals = closed(an_entry("55"), replace(an_entry("10", fees="0"), carried=carried))
    assert totals == ["5.00", "10.00"]


def test_a_day_before_that_was_never_rolled_up_is_told() -> None:
    earlier = EarlierDays(fills=EARLIER_FILLS, result=ProfitAndLoss(), missing=("2026-11-25",))
    (told,) = closed(earlier=earlier)[0].discrepancies
    assert "2026-11-25 was not rolled up" in told.words


def test_what_is_over_belongs_to_the_days_before_unless_it_is_shown() -> None:
    over = ProfitAndLoss(realized=Decimal(30), fees=Decimal("1.30"))
    carried = CarriedIn(
        result=ProfitAndLoss(realized=Decimal(30), unrealized=Decimal(50), fees=Decimal("1.95")),
        over={PositionId("anna~old"): over},
        held=frozenset({PositionId("anna~new")}),
    )
    assert carried.of({PositionId("anna~new")}) == ProfitAndLoss(
        unrealized=Decimal(50), fees=Decimal("0.65")
    )
    assert carried.of({PositionId("anna~new"), PositionId("anna~old")}) == carried.result


def test_what_is_held_and_belongs_to_no_known_position_leaves_it_unknown() -> None:
    assert carried_in(EARLIER, {}) is None
    order_id = EARLIER_FILLS[0].order_id
    found = carried_in(EARLIER, {order_id: PositionId("anna~new")})
    assert found is not None
    assert found.held == {PositionId("anna~new")}
    missing = replace(EARLIER, missing=("2026-11-25",))
    assert carried_in(missing, {order_id: PositionId("anna~new")}) is None
