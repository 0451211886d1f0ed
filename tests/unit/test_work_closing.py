"""A closing as it is worked: from the natural price, a cent every five seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.followers import LoginId
from shared.domain.ladder import LadderRules
from shared.domain.orders import Order, OrderId, OrderState, Purpose, Rung, moved
from shared.domain.quotes import NetQuote
from shared.ports.broker import BrokerEvent, Execution, OrderAcknowledged
from shared.use_cases.record_execution import record_execution
from shared.use_cases.work_closing import work_closing
from shared.use_cases.work_order import Floor, LadderEnd
from tests.builders import a_market
from tests.desks import RELEASE_AT, a_claimed_order, a_desk
from tests.fakes.async_clock import AsyncManualClock, calm
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import FakeMarket

START_AT = RELEASE_AT


class Closing:
    """One released closing, its broker, and naturals scripted every five seconds.

    The broker fills at `fills_at` or above, whatever the script says.
    """

    def __init__(
        self, *naturals: str | None, fills_at: str = "9", state: OrderState = OrderState.RELEASING
    ) -> None:
        self.clock = AsyncManualClock(START_AT)
        self.order = replace(
            a_claimed_order(state), purpose=Purpose.CLOSE, order_id=OrderId("anna~x~close~1")
        )
        self.naturals = naturals
        self.allowed = True
        self.cutoff_at = START_AT + timedelta(seconds=32)
        self.fills = FakeMarket()
        self.broker = FakeBroker("login-1", ["DU0000001"], self.fills, now=self.clock.now)
        self.broker.listen(self.on_event)
        self.show(fills_at)
        self.between: Callable[[int], None] = lambda _: None
        """Called after every second of market time, with the seconds since the start."""
        self.before_price: Callable[[], None] = lambda: None
        """Called when the market is asked, just before anything is sent."""
        self.desk = a_desk(self.clock, self.order)

    def show(self, natural: str) -> None:
        """Let the broker fill what is bid at this net price or above."""
        now = self.clock.now()
        self.fills.show("QQQ", "592", "592.02", at=now)
        self.fills.show(self.order.legs[0].contract.key, "1", "1.02", at=now)
        ask = str(Decimal(natural) + 1)
        self.fills.show(self.order.legs[1].contract.key, "0.50", ask, at=now)

    def walk(self) -> LadderEnd:
        return asyncio.run(self._walk())

    async def _walk(self) -> LadderEnd:
        await self.broker.connect()
        await self.broker.resolve("QQQ", [leg.contract for leg in self.order.legs])
        working = asyncio.create_task(work_closing(self.order.order_id, self._floor()))
        await calm()
        for second in range(1, 61):
            if working.done():
                break
            await self.clock.advance(1)
            self.between(second)
            await calm()
        return await asyncio.wait_for(working, 1)

    @property
    def now(self) -> Order:
        return self.desk.order(self.order.order_id)

    @property
    def sent(self) -> list[str]:
        return [f"{order.limit:.2f}" for order in self.broker.book.sent]

    @property
    def elapsed(self) -> int:
        return int((self.clock.now() - START_AT).total_seconds())

    def _floor(self) -> Floor:
        return Floor(
            desk=self.desk,
            broker=self.broker,
            clock=self.clock,
            rules=LadderRules(),
            market=self._market,
            may_open=lambda: self.allowed,
            cutoff_at=self.cutoff_at,
        )

    def _market(self) -> NetQuote | None:
        self.before_price()
        natural = self.naturals[min(self.elapsed // 5, len(self.naturals) - 1)]
        return None if natural is None else a_market("0.10", natural)

    def on_event(self, _: LoginId, event: BrokerEvent) -> None:
        if isinstance(event, Execution):
            record_execution(event, None, desk=self.desk)
        elif isinstance(event, OrderAcknowledged) and self.now.state is OrderState.RELEASING:
            self.desk.put(moved(self.now, OrderState.WORKING))


def test_it_starts_at_the_natural_price_and_rises_every_five_seconds() -> None:
    closing = Closing("1.004")
    assert closing.walk() is LadderEnd.USED_UP
    assert closing.sent == ["1.01", "1.02", "1.03", "1.04", "1.05", "1.06", "1.07"]
    seconds = [(rung.at - START_AT).total_seconds() for rung in closing.now.rungs]
    assert seconds == [0, 5, 10, 15, 20, 25, 30]
    assert [rung.number for rung in closing.now.rungs] == [*range(1, 8)]
    assert closing.elapsed == 32


def test_every_limit_modifies_the_one_broker_order_for_the_whole_quantity() -> None:
    closing = Closing("1.00")
    closing.walk()
    assert len(closing.broker.book.orders) == 1
    assert {(order.ids, order.quantity) for order in closing.broker.book.sent} == {
        (closing.order.broker, 5)
    }
    assert closing.broker.book.sent[0].legs == closing.order.spread.closing_legs


def test_it_follows_a_market_that_runs_away_but_never_above_the_width() -> None:
    closing = Closing("1.00", "3.20", "7.00")
    closing.walk()
    assert closing.sent == ["1.00", "3.20", "5.00"]
    assert len(closing.now.rungs) == 3


def test_bad_quotes_send_nothing_and_stop_nothing() -> None:
    closing = Closing("1.00", None, None, "1.00")
    assert closing.walk() is LadderEnd.USED_UP
    assert closing.sent == ["1.00", "1.01", "1.02", "1.03", "1.04"]
    assert [rung.limit for rung in closing.now.rungs[:2]] == [Decimal("1.00"), Decimal("1.01")]
    assert (closing.now.rungs[1].at - START_AT).total_seconds() == 15


def test_without_a_quote_at_the_start_it_is_sent_as_soon_as_there_is_one() -> None:
    closing = Closing(None, None, "1.00", fills_at="1.00")
    assert closing.walk() is LadderEnd.FINISHED
    assert closing.sent == ["1.00"]
    assert closing.elapsed <= 11


def test_without_any_quote_nothing_is_ever_sent() -> None:
    closing = Closing(None)
    assert closing.walk() is LadderEnd.USED_UP
    assert (closing.sent, closing.now.rungs) == ([], ())
    assert closing.now.state is OrderState.RELEASING


def test_a_fill_ends_it_at_once() -> None:
    closing = Closing("1.00", fills_at="1.02")
    assert closing.walk() is LadderEnd.FINISHED
    assert closing.sent == ["1.00", "1.01", "1.02"]
    assert closing.now.state is OrderState.FILLED
    assert closing.now.average_net_price == Decimal("1.02")
    assert closing.elapsed <= 11


def test_a_partial_fill_goes_on_for_the_rest() -> None:
    closing = Closing("1.00", fills_at="1.00")
    closing.broker.fill_at_most = 2
    assert closing.walk() is LadderEnd.FINISHED
    assert closing.sent == ["1.00", "1.01", "1.02"]
    assert sum(closing.broker.book.positions.values()) == 0
    assert max(closing.broker.book.positions.values()) == 5


def test_an_order_that_ended_at_the_broker_is_left_alone() -> None:
    closing = Closing("1.00")

    def between(second: int) -> None:
        if second == 7:
            closing.desk.put(moved(closing.now, OrderState.CANCELED))

    closing.between = between
    assert closing.walk() is LadderEnd.FINISHED
    assert closing.sent == ["1.00", "1.01"]


@pytest.mark.parametrize("second", [1, 4, 7])
def test_nothing_is_sent_once_lease_or_frozen_switch_forbid_it(second: int) -> None:
    closing = Closing("1.00")

    def between(now: int) -> None:
        closing.allowed = now < second

    closing.between = between
    assert closing.walk() is LadderEnd.FORBIDDEN
    assert len(closing.sent) == 1 + (second - 1) // 5
    assert closing.elapsed <= second + 5


def test_what_is_forbidden_from_the_start_is_never_sent() -> None:
    closing = Closing("1.00")
    closing.allowed = False
    assert closing.walk() is LadderEnd.FORBIDDEN
    assert closing.sent == []


def test_nothing_is_sent_at_the_cutoff_or_after_it() -> None:
    closing = Closing("1.00")
    closing.cutoff_at = START_AT + timedelta(seconds=10)
    assert closing.walk() is LadderEnd.USED_UP
    assert (closing.sent, closing.elapsed) == (["1.00", "1.01"], 10)
    late = Closing("1.00")
    late.cutoff_at = START_AT
    assert late.walk() is LadderEnd.USED_UP
    assert late.sent == []


def test_an_order_that_was_never_acknowledged_keeps_its_limit() -> None:
    closing = Closing("1.00", "2.00")
    closing.broker.hush = True
    assert closing.walk() is LadderEnd.USED_UP
    assert closing.sent == ["1.00"]
    assert len(closing.now.rungs) == 1


def test_a_lost_connection_sends_nothing_and_stops_nothing() -> None:
    closing = Closing("1.00")

    def between(second: int) -> None:
        if second == 2:
            closing.broker.drop()
        elif second == 12:
            closing.broker._is_connected = True

    closing.between = between
    assert closing.walk() is LadderEnd.USED_UP
    assert closing.sent == ["1.00", "1.01", "1.02", "1.03", "1.04"]


@pytest.mark.parametrize("fails_until", [2, 12])
def test_a_send_that_fails_leaves_no_limit_behind_and_is_tried_again(fails_until: int) -> None:
    class Unsure(FakeBroker):
        """Says that it is connected when it is not, as a socket does for a moment."""

        @property
        def is_connected(self) -> bool:
            return True

    closing = Closing("1.00")
    unsure = Unsure("login-1", ["DU0000001"], closing.fills, now=closing.clock.now)
    unsure.listen(closing.on_event)
    closing.broker = unsure

    def before_price() -> None:
        unsure._is_connected = closing.elapsed >= fails_until

    closing.before_price = before_price
    assert closing.walk() is LadderEnd.USED_UP
    first = (closing.now.rungs[0].at - START_AT).total_seconds()
    assert first == 5 * -(-fails_until // 5)
    assert closing.sent[0] == "1.00"
    assert len(closing.sent) == len(closing.now.rungs)


def test_a_closing_of_an_earlier_leader_goes_on_from_the_limit_it_has() -> None:
    closing = Closing("1.00", state=OrderState.WORKING)
    rung = Rung(
        number=4,
        limit=Decimal("1.20"),
        bid=Decimal("0.90"),
        ask=Decimal("1.17"),
        sent=True,
        at=START_AT,
    )
    closing.desk.put(replace(closing.now, rungs=(rung,)))
    closing.walk()
    assert closing.sent[:2] == ["1.21", "1.22"]
    assert closing.now.rungs[1].number == 5
