"""Settling: only the broker's own books make an end true."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from shared.domain.errors import AdapterError
from shared.domain.orders import Order, OrderId, OrderState
from shared.domain.reasons import Reason
from shared.use_cases.read_books import Reading, read_books
from shared.use_cases.settle_order import EndCause, Outcome, settle_order
from shared.use_cases.work_order import combo_order
from tests.desks import RELEASE_AT, a_claimed_order, a_desk, executions_of
from tests.fakes.async_clock import AsyncManualClock
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import BrokerBook, BrokerOrder, FakeMarket

WORKING = a_claimed_order(OrderState.WORKING)
MARGIN_WORDS = "Order rejected - reason: YOUR EQUITY WITH LOAN VALUE MUST EXCEED THE MARGIN"


class Settling:
    """One order of ours, and the books of its login."""

    def __init__(self, order: Order = WORKING) -> None:
        self.order = order
        self.clock = AsyncManualClock(RELEASE_AT)
        self.book = BrokerBook()
        self.gone: set[OrderId] = set()
        self.desk = a_desk(self.clock, order)
        self.broker = FakeBroker(
            "login-1", ["DU0000001"], FakeMarket(), now=self.clock.now, book=self.book
        )

    def at_broker(self, status: str, filled: int = 0) -> None:
        asked = combo_order(self.order, Decimal("-0.96"))
        self.book.orders[10_001] = BrokerOrder(asked, 700_001, filled=filled, status=status)
        if filled:
            self.book.executions += executions_of(self.order, filled)

    def settle(
        self,
        ended_by: OrderState = OrderState.CANCELED,
        reason: Reason = Reason.LIMIT_REACHED,
        detail: str = "the ladder ended",
    ) -> Order:
        async def story() -> Outcome:
            await self.broker.connect()
            cause = EndCause(ended_by=ended_by, reason=reason, detail=detail)
            settling = asyncio.create_task(self.ask(cause))
            await self.clock.advance(60)
            return await settling

        self.outcome = asyncio.run(story())
        return self.desk.order(self.order.order_id)

    async def ask(self, cause: EndCause) -> Outcome:
        return await settle_order(
            self.order.order_id, desk=self.desk, read=self.read, clock=self.clock, cause=cause
        )

    async def read(self) -> Reading:
        return await read_books(self.broker, desk=self.desk, now=self.clock.now(), gone=self.gone)


def test_what_the_broker_has_live_stays_alive() -> None:
    settling = Settling()
    settling.at_broker("Submitted")
    settled = settling.settle()
    assert settled.state is OrderState.WORKING
    assert settled.finished_at is None


@pytest.mark.parametrize("state", [OrderState.RELEASING, OrderState.UNCONFIRMED])
def test_what_is_found_live_is_working_whatever_we_believed(state: OrderState) -> None:
    settling = Settling(a_claimed_order(state))
    settling.at_broker("Submitted")
    settled = settling.settle()
    assert settled.state is OrderState.WORKING
    assert settled.broker is not None
    assert settled.broker.perm_id == 700_001


def test_what_ended_without_a_fill_is_canceled_for_the_reason_we_had() -> None:
    settling = Settling()
    settling.at_broker("Cancelled")
    settled = settling.settle()
    assert settled.state is OrderState.CANCELED
    assert settled.reason is Reason.LIMIT_REACHED
    assert settled.detail == "the ladder ended"
    assert settled.finished_at == RELEASE_AT


def test_what_filled_in_part_is_partially_filled_for_the_same_reason() -> None:
    settling = Settling()
    settling.at_broker("Cancelled", filled=2)
    settled = settling.settle()
    assert settled.state is OrderState.PARTIALLY_FILLED
    assert (settled.filled_quantity, settled.reason) == (2, Reason.LIMIT_REACHED)
    assert settled.average_net_price == Decimal("-0.95")


def test_a_full_fill_wins_over_every_other_end() -> None:
    settling = Settling()
    settling.at_broker("Cancelled", filled=5)
    settled = settling.settle()
    assert settled.state is OrderState.FILLED
    assert (settled.reason, settled.detail) == (None, "")


def test_a_second_look_over_the_same_books_changes_nothing() -> None:
    settling = Settling()
    settling.at_broker("Cancelled", filled=2)
    first = settling.settle()
    assert settling.settle(detail="something else") == first
    assert len(settling.desk.fills_of(WORKING.order_id)) == 3


def test_absent_from_two_readings_ten_seconds_apart_is_absent_and_no_end() -> None:
    settling = Settling(a_claimed_order(OrderState.RELEASING))
    settled = settling.settle()
    assert settling.outcome is Outcome.ABSENT
    assert settled == settling.order
    assert settling.settle() == settled


def test_absent_once_is_nothing() -> None:
    settling = Settling()

    async def story() -> None:
        await settling.broker.connect()
        cause = EndCause(ended_by=OrderState.CANCELED, reason=None, detail="")
        task = asyncio.create_task(settling.ask(cause))
        await settling.clock.advance(9)
        assert settling.desk.order(WORKING.order_id) == WORKING
        settling.at_broker("Submitted")
        await settling.clock.advance(1)
        assert await task is Outcome.LIVE

    asyncio.run(story())


def test_an_order_called_filled_without_its_executions_is_not_called_unfilled() -> None:
    settling = Settling()
    settling.at_broker("Filled")
    settled = settling.settle()
    assert settling.outcome is Outcome.UNCLEAR
    assert settled == WORKING


def test_books_that_cannot_be_read_conclude_nothing() -> None:
    settling = Settling()
    settling.broker.answers = False
    with pytest.raises(AdapterError):
        settling.settle()
    assert settling.desk.order(WORKING.order_id) == WORKING


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (MARGIN_WORDS, Reason.NO_MARGIN),
        ("Available Funds are not sufficient", Reason.NO_MARGIN),
        ("Order rejected - reason:riskless combination", Reason.REJECTED_BY_BROKER),
    ],
)
@pytest.mark.parametrize("leaves_a_trace", [True, False])
def test_a_refusal_is_rejected_and_a_refusal_for_margin_is_no_margin(
    words: str, reason: Reason, leaves_a_trace: bool
) -> None:
    settling = Settling(a_claimed_order(OrderState.RELEASING))
    if leaves_a_trace:
        settling.at_broker("Cancelled")
    settled = settling.settle(OrderState.REJECTED, Reason.REJECTED_BY_BROKER, words)
    assert settled.state is OrderState.REJECTED
    assert (settled.reason, settled.detail) == (reason, words)


def test_a_refused_order_that_filled_after_all_is_filled() -> None:
    settling = Settling(a_claimed_order(OrderState.RELEASING))
    settling.book.executions += executions_of(WORKING, 5)
    settled = settling.settle(OrderState.REJECTED, Reason.REJECTED_BY_BROKER, MARGIN_WORDS)
    assert settled.state is OrderState.FILLED
    assert settled.reason is None


def test_a_cancel_of_ours_is_never_called_no_margin() -> None:
    settling = Settling()
    settling.at_broker("Cancelled")
    settled = settling.settle(detail="the margin desk called")
    assert settled.reason is Reason.LIMIT_REACHED


def test_orders_of_others_settle_nothing_of_ours() -> None:
    settling = Settling()
    asked = combo_order(a_claimed_order(follower="bert"), Decimal("-0.96"))
    settling.book.orders[1] = BrokerOrder(asked, 1, status="Cancelled")
    assert settling.settle() == WORKING
    assert settling.outcome is Outcome.ABSENT
