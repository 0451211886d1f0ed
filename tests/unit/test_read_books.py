"""Readings of a login's books: what lacks something we know is degraded and proves no absence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk import SessionDesk
from shared.domain.orders import Order, OrderId, OrderState
from shared.ports.broker import Execution, Sweep
from shared.use_cases.read_books import Reading, read_books
from shared.use_cases.record_execution import record_execution
from shared.use_cases.work_order import combo_order
from tests.desks import RELEASE_AT, a_claimed_order, a_desk, executions_of
from tests.fakes.async_clock import AsyncManualClock
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import BrokerBook, BrokerOrder, FakeMarket

CLOCK = AsyncManualClock(RELEASE_AT)
ANNA = replace(a_claimed_order(OrderState.WORKING), acknowledged_at=RELEASE_AT)
HELD = (ANNA.account_id, ANNA.legs[0].contract.key)
LOST = a_claimed_order(OrderState.RELEASING, follower="bert", number=10_002)


class Telling(FakeBroker):
    """Answers a sweep with what the test says."""

    answer: Callable[[Sweep], Sweep]

    async def sweep(self) -> Sweep:
        return self.answer(await super().sweep())


def read(
    desk: SessionDesk,
    book: BrokerBook,
    answer: Callable[[Sweep], Sweep] = lambda sweep: sweep,
    gone: Collection[OrderId] = (),
) -> Reading:
    async def story() -> Reading:
        login = Telling("login-1", ["DU0000001"], FakeMarket(), now=CLOCK.now, book=book)
        login.answer = answer
        await login.connect()
        return await read_books(login, desk=desk, now=RELEASE_AT, gone=gone)

    return asyncio.run(story())


def a_book(*orders: Order, status: str = "Submitted") -> BrokerBook:
    return BrokerBook(
        orders={
            order.broker.broker_order_id: BrokerOrder(
                combo_order(order, Decimal("-0.96")), 700_001, status=status
            )
            for order in orders
            if order.broker
        }
    )


def nothing(_: Sweep) -> Sweep:
    return Sweep(open_orders=(), completed_orders=(), executions=(), fees={}, positions={})


def test_books_that_show_everything_we_know_are_whole() -> None:
    desk, book = a_desk(CLOCK, ANNA, LOST), a_book(ANNA)
    book.executions += executions_of(ANNA, 2)
    book.positions[HELD] = 2
    assert read(desk, book).is_whole
    assert desk.order(ANNA.order_id).filled_quantity == 2
    assert read(desk, book).is_whole


def test_empty_books_of_a_login_with_an_acknowledged_order_are_not_whole() -> None:
    assert not read(a_desk(CLOCK, ANNA, LOST), a_book(ANNA), nothing).is_whole


def test_empty_books_of_a_login_that_nothing_is_known_of_are_whole() -> None:
    assert read(a_desk(CLOCK, LOST), BrokerBook()).is_whole


def test_an_order_whose_end_the_broker_has_told_need_not_be_shown() -> None:
    desk = a_desk(CLOCK, ANNA)
    assert read(desk, a_book(ANNA), nothing, gone=[ANNA.order_id]).is_whole


def test_an_ended_order_need_not_be_shown() -> None:
    ended = replace(ANNA, state=OrderState.CANCELED)
    assert read(a_desk(CLOCK, ended), BrokerBook()).is_whole


def test_a_known_execution_that_is_missing_makes_books_not_whole() -> None:
    desk, book = a_desk(CLOCK, ANNA), a_book(ANNA)
    book.positions[HELD] = 2
    for one in executions_of(ANNA, 2):
        record_execution(one, None, desk=desk)
    assert not read(desk, book).is_whole
    book.executions += executions_of(ANNA, 2)
    assert read(desk, book).is_whole


def test_an_execution_of_an_earlier_day_need_not_be_shown() -> None:
    desk, book = a_desk(CLOCK, ANNA), a_book(ANNA)
    for one in executions_of(ANNA, 2):
        record_execution(replace(one, at=RELEASE_AT - timedelta(days=1)), None, desk=desk)
    book.positions[HELD] = 2
    assert read(desk, book).is_whole


def test_no_position_at_all_where_we_hold_some_is_not_whole_unless_others_traded() -> None:
    desk, book = a_desk(CLOCK, ANNA), a_book(ANNA)
    for one in executions_of(ANNA, 2):
        record_execution(replace(one, at=RELEASE_AT - timedelta(days=1)), None, desk=desk)
    assert not read(desk, book).is_whole
    by_hand = replace(executions_of(ANNA, 2)[1], order_ref="BY-HAND", broker_exec_id="9.9.01")
    book.executions.append(by_hand)
    assert read(desk, book).is_whole


@pytest.mark.parametrize("state", [OrderState.RELEASING, OrderState.WORKING])
def test_another_logins_orders_prove_nothing_about_this_one(state: OrderState) -> None:
    other = replace(ANNA, login_id=LOST.login_id, state=state, acknowledged_at=None)
    assert read(a_desk(CLOCK, other), BrokerBook()).is_whole


PARTS = st.sets(st.sampled_from(range(6)))


@given(known=PARTS, shown=PARTS)
def test_books_are_whole_exactly_where_no_known_execution_is_missing(
    known: set[int], shown: set[int]
) -> None:
    fills: list[Execution] = [
        one for number in range(2) for one in executions_of(ANNA, 1, number=number)
    ]
    desk, book = a_desk(CLOCK, ANNA), a_book(ANNA)
    book.positions[HELD] = 1
    for number in known:
        record_execution(fills[number], None, desk=desk)
    book.executions += [fills[number] for number in sorted(shown)]
    assert read(desk, book).is_whole == (known <= shown)
