"""The ladder of one order as it is sent: every rung counted by hand."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import AdapterError, InvariantBroken
from shared.domain.ladder import LadderRules
from shared.domain.orders import OrderState
from shared.use_cases.work_order import (
    LadderEnd,
    combo_order,
    send_first_rung,
    work_order,
)
from tests.builders import a_market, an_order
from tests.desks import RELEASE_AT
from tests.fakes.broker import FakeBroker
from tests.ladders import Ladder


def test_a_running_market_is_followed_a_cent_every_five_seconds_for_ten_rungs() -> None:
    ladder = Ladder("-0.955", "-0.90")
    assert ladder.walk() is LadderEnd.USED_UP
    expected = ["-0.96", "-0.95", "-0.94", "-0.93", "-0.92"]
    expected += ["-0.91", "-0.90", "-0.90", "-0.90", "-0.90"]
    assert ladder.limits == expected
    assert ladder.sent == expected[:7]
    assert [rung.number for rung in ladder.now.rungs] == [*range(1, 11)]
    assert [(rung.at - RELEASE_AT).total_seconds() for rung in ladder.now.rungs] == [
        *range(0, 50, 5)
    ]
    assert ladder.elapsed == 50


def test_no_more_than_nine_cents_are_ever_given_away() -> None:
    ladder = Ladder("-1.20", "-0.80")
    ladder.walk()
    assert (ladder.limits[0], ladder.limits[-1]) == ("-1.20", "-1.11")
    assert len(ladder.sent) == 10


def test_every_rung_modifies_the_one_broker_order() -> None:
    ladder = Ladder("-1.20", "-0.80")
    ladder.walk()
    assert len({order.ids for order in ladder.broker.book.sent}) == 1
    assert len(ladder.broker.book.orders) == 1


def test_an_unchanged_rung_counts_and_sends_nothing() -> None:
    ladder = Ladder("-0.96")
    assert ladder.walk() is LadderEnd.USED_UP
    assert ladder.limits == ["-0.96"] * 10
    assert ladder.sent == ["-0.96"]
    assert [rung.sent for rung in ladder.now.rungs] == [True] + [False] * 9


def test_unusable_quotes_count_as_rungs_and_send_nothing() -> None:
    ladder = Ladder("-0.96", None, None, "-0.90")
    ladder.walk()
    assert ladder.sent == ["-0.96", "-0.95", "-0.94", "-0.93", "-0.92", "-0.91", "-0.90"]
    assert ladder.limits[:4] == ["-0.96", "-0.96", "-0.96", "-0.95"]
    second = ladder.now.rungs[1]
    assert (second.bid, second.ask, second.sent) == (None, None, False)
    third = ladder.now.rungs[3]
    assert (third.bid, third.ask) == (Decimal("-0.92"), Decimal("-0.88"))


def test_a_market_in_our_favor_is_followed_down_at_once() -> None:
    ladder = Ladder("-0.96", "-1.10", "-1.10", "-0.90")
    ladder.walk()
    assert ladder.limits[:5] == ["-0.96", "-1.10", "-1.10", "-1.09", "-1.08"]


def test_the_ladder_ends_where_the_next_rung_would_be_above_the_ceiling() -> None:
    ladder = Ladder("-0.72", "-0.60")
    assert ladder.walk() is LadderEnd.USED_UP
    assert ladder.limits == ["-0.72", "-0.71", "-0.70"]
    assert ladder.elapsed == 15


def test_a_fill_ends_the_ladder_at_once() -> None:
    ladder = Ladder("-0.96", "-0.90", natural="-0.94")
    assert ladder.walk() is LadderEnd.FINISHED
    assert ladder.sent == ["-0.96", "-0.95", "-0.94"]
    assert ladder.now.state is OrderState.FILLED
    assert ladder.now.average_net_price == Decimal("-0.94")
    assert ladder.elapsed <= 11


def test_a_partial_fill_goes_on_for_the_rest_with_the_whole_quantity() -> None:
    ladder = Ladder("-0.96", "-0.90", natural="-0.94", quantity=5)
    ladder.broker.fill_at_most = 2

    def between(second: int) -> None:
        if second == 12:
            ladder.show("9")

    ladder.between = between
    assert ladder.walk() is LadderEnd.USED_UP
    assert ladder.now.filled_quantity == 2
    assert {order.quantity for order in ladder.broker.book.sent} == {5}
    assert ladder.sent[-1] == "-0.90"


@pytest.mark.parametrize("second", [1, 4, 7])
def test_nothing_is_sent_once_lease_or_switch_forbid_it(second: int) -> None:
    ladder = Ladder("-1.20", "-0.80")

    def between(now: int) -> None:
        ladder.allowed = now < second

    ladder.between = between
    assert ladder.walk() is LadderEnd.FORBIDDEN
    assert len(ladder.sent) == 1 + (second - 1) // 5
    assert ladder.elapsed <= second + 5


def test_no_rung_is_sent_after_the_entry_cutoff() -> None:
    ladder = Ladder("-1.20", "-0.80")
    ladder.cutoff_at = RELEASE_AT + timedelta(seconds=12)
    assert ladder.walk() is LadderEnd.USED_UP
    assert ladder.sent == ["-1.20", "-1.19", "-1.18"]
    assert ladder.elapsed == 12


def test_an_order_that_was_never_acknowledged_is_not_modified() -> None:
    ladder = Ladder("-1.20", "-0.80")
    ladder.broker.hush = True
    assert ladder.walk() is LadderEnd.USED_UP
    assert ladder.sent == ["-1.20"]
    assert ladder.limits == ["-1.20"] * 10


def test_rungs_without_a_connection_count_and_are_not_called_sent() -> None:
    ladder = Ladder("-1.20", "-0.80")

    def between(second: int) -> None:
        if second == 2:
            ladder.broker.drop()

    ladder.between = between
    ladder.walk()
    assert ladder.sent == ["-1.20"]
    assert [rung.sent for rung in ladder.now.rungs] == [True] + [False] * 9


def test_a_rung_whose_send_fails_is_not_called_sent_and_the_ladder_goes_on() -> None:
    class Unsure(FakeBroker):
        """Says that it is connected when it is not, as a socket does for a moment."""

        @property
        def is_connected(self) -> bool:
            return True

    ladder = Ladder("-1.20", "-0.80")
    unsure = Unsure("login-1", ["DU0000001"], ladder.fills, now=ladder.clock.now)
    unsure.listen(ladder.on_event)
    ladder.broker = unsure

    def between(second: int) -> None:
        unsure._is_connected = not 3 <= second <= 12

    ladder.between = between
    ladder.walk()
    assert ladder.limits[:4] == ["-1.20", "-1.20", "-1.20", "-1.19"]
    assert [rung.sent for rung in ladder.now.rungs[:4]] == [True, False, False, True]


def test_a_first_rung_that_cannot_be_sent_leaves_no_rung() -> None:
    async def story() -> None:
        ladder = Ladder("-0.96")
        with pytest.raises(AdapterError):
            send_first_rung(ladder.order, Decimal("-0.96"), a_market("-1", "-0.9"), ladder.floor)
        assert ladder.now == ladder.order

    asyncio.run(story())


def test_a_ladder_taken_up_later_goes_on_at_the_rung_that_is_due_by_now() -> None:
    async def story() -> None:
        ladder = Ladder("-1.20", "-0.80")
        await ladder.start()
        await ladder.clock.advance(17)
        walking = asyncio.create_task(work_order(ladder.order.order_id, ladder.floor))
        await ladder.clock.advance(60)
        assert await walking is LadderEnd.USED_UP
        assert [rung.number for rung in ladder.now.rungs] == [1, *range(5, 11)]
        assert ladder.sent[:2] == ["-1.20", "-1.19"]
        assert (ladder.now.rungs[1].at - RELEASE_AT).total_seconds() == 20

    asyncio.run(story())


def test_a_ladder_taken_up_after_its_time_sends_nothing_more() -> None:
    async def story() -> None:
        ladder = Ladder("-1.20", "-0.80")
        await ladder.start()
        await ladder.clock.advance(300)
        assert await work_order(ladder.order.order_id, ladder.floor) is LadderEnd.USED_UP
        assert ladder.sent == ["-1.20"]

    asyncio.run(story())


def test_an_order_that_was_never_claimed_cannot_be_sent() -> None:
    with pytest.raises(InvariantBroken, match="never claimed"):
        combo_order(an_order(), Decimal("-0.96"))


HALF_CENTS = st.integers(-800, 100).map(lambda half: str(Decimal(half) / 200))
STARTS = st.integers(-800, -140).map(lambda half: str(Decimal(half) / 200))


@given(STARTS, st.lists(st.none() | HALF_CENTS, min_size=1, max_size=11))
def test_on_any_market_the_ladder_keeps_its_promises(start: str, later: list[str | None]) -> None:
    ladder = Ladder(start, *later)
    assert ladder.walk(step=5) in (LadderEnd.USED_UP, LadderEnd.FINISHED)
    rungs = ladder.now.rungs
    limits = [rung.limit for rung in rungs]
    rules = LadderRules()
    assert len(rungs) <= rules.rungs
    assert max(limits) <= rules.ceiling
    assert all(after <= before + rules.step for before, after in pairwise(limits))
    assert limits[-1] - limits[0] <= 9 * rules.step
    for rung in rungs:
        if rung.sent and rung.bid is not None and rung.ask is not None:
            assert rung.limit <= (rung.bid + rung.ask) / 2
    assert [order.limit for order in ladder.broker.book.sent] == [
        rung.limit for rung in rungs if rung.sent
    ]
