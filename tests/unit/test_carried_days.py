"""The days of a carried position add up to its result, to the micro."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.carried_days import EarlierDays, close_carried
from shared.domain.day_books import MarkedDay, books_from_fills, close_books
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.options import ContractKey
from shared.domain.pnl import ProfitAndLoss, mark_legs
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


def test_marks_of_the_day_count_from_the_end_before() -> None:
    """A contract bought at 1.00 and at 1.50 last evening; another made 0.30 and was closed."""
    earlier = fills_of(
        0,
        [
            ("585", Side.BUY, 1, Decimal("1.00")),
            ("590", Side.SELL, 1, Decimal("1.00")),
            ("590", Side.BUY, 1, Decimal("0.70")),
        ],
    )
    evening = close_books(
        ANNA, fills=earlier, mids={KEYS[0]: Decimal("1.50")}, marked=MarkedDay()
    ).result
    # The marks of the day show the one contract alone: 1.60 less 1.00, and its fee.
    marked = MarkedDay(
        totals=(Decimal("59.35"),),
        last=ProfitAndLoss(unrealized=Decimal("60"), fees=Decimal("0.65")),
        last_at=NOON + timedelta(days=1),
    )
    end, totals = close_carried(
        ANNA,
        EarlierDays(fills=tuple(earlier), result=evening),
        fills=[],
        mids={KEYS[0]: Decimal("1.60")},
        marked=marked,
    )
    assert totals == (Decimal("10.00"),)
    assert end.result == ProfitAndLoss(unrealized=Decimal("10.00"))
    assert (end.trades, end.discrepancies) == (0, ())
    wrong = replace(marked, last=ProfitAndLoss(realized=Decimal(1), fees=Decimal("0.65")))
    disagreeing, _ = close_carried(
        ANNA,
        EarlierDays(fills=tuple(earlier), result=evening),
        fills=[],
        mids={KEYS[0]: Decimal("1.60")},
        marked=wrong,
    )
    assert len(disagreeing.discrepancies) == 1
