"""Reconciling a login: what the broker says of our orders becomes what we say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.desk import SessionDesk
from shared.domain.errors import AdapterError
from shared.domain.order_life import reissued
from shared.domain.orders import Order, OrderState
from shared.use_cases.reconcile_login import Reconciled, reconcile_login, strays_in
from shared.use_cases.work_order import combo_order
from tests.desks import RELEASE_AT, a_claimed_order, a_desk, executions_of
from tests.fakes.async_clock import AsyncManualClock
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import BrokerBook, BrokerOrder, FakeMarket

CLOCK = AsyncManualClock(RELEASE_AT)


def a_login(book: BrokerBook) -> FakeBroker:
    return FakeBroker("login-1", ["DU0000001"], FakeMarket(), now=CLOCK.now, book=book)


def reconciled(desk: SessionDesk, book: BrokerBook) -> Reconciled:
    async def story() -> Reconciled:
        login = a_login(book)
        await login.connect()
        return await reconcile_login(login, desk=desk, now=RELEASE_AT)

    return asyncio.run(story())


def reconcile(desk: SessionDesk, book: BrokerBook) -> tuple[Order, ...]:
    return reconciled(desk, book).doubtful


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


@pytest.mark.parametrize(
    "state", [OrderState.RELEASING, OrderState.WORKING, OrderState.UNCONFIRMED]
)
def test_an_order_live_at_the_broker_is_adopted_as_working(state: OrderState) -> None:
    order = a_claimed_order(state)
    desk = a_desk(CLOCK, order)
    assert reconcile(desk, a_book(order)) == ()
    adopted = desk.order(order.order_id)
    assert adopted.state is OrderState.WORKING
    assert adopted.acknowledged_at == RELEASE_AT
    assert adopted.broker is not None
    assert adopted.broker.perm_id == 700_001


def test_a_second_reconcile_over_the_same_books_changes_nothing() -> None:
    order = a_claimed_order(OrderState.RELEASING)
    desk, book = a_desk(CLOCK, order), a_book(order)
    book.executions += executions_of(order, 2)
    reconcile(desk, book)
    first = (desk.orders(), desk.fills_of(order.order_id), desk.positions())
    reconcile(desk, book)
    assert (desk.orders(), desk.fills_of(order.order_id), desk.positions()) == first


@pytest.mark.parametrize(
    "state", [OrderState.RELEASING, OrderState.WORKING, OrderState.UNCONFIRMED]
)
def test_an_order_we_believe_live_and_the_broker_does_not_show_is_doubtful(
    state: OrderState,
) -> None:
    order = a_claimed_order(state)
    desk = a_desk(CLOCK, order)
    assert reconcile(desk, BrokerBook()) == (order,)
    assert desk.order(order.order_id) == order


def test_what_filled_while_nobody_looked_is_booked_and_not_doubtful() -> None:
    order = a_claimed_order(OrderState.WORKING)
    desk, book = a_desk(CLOCK, order), a_book(order, status="Filled")
    book.executions += executions_of(order)
    assert reconcile(desk, book) == ()
    assert desk.order(order.order_id).state is OrderState.FILLED
    assert desk.positions()[0].open_quantity == 5
    assert desk.positions()[0].fees == Decimal("6.50")


def test_an_order_that_filled_in_part_and_is_gone_is_doubtful_with_its_fills() -> None:
    order = a_claimed_order(OrderState.RELEASING)
    desk, book = a_desk(CLOCK, order), BrokerBook()
    book.executions += executions_of(order, 2)
    (doubtful,) = reconcile(desk, book)
    assert (doubtful.state, doubtful.filled_quantity) == (OrderState.WORKING, 2)


def test_orders_that_were_never_sent_or_belong_to_another_login_are_left_alone() -> None:
    claimed = a_claimed_order(OrderState.CLAIMED)
    done = a_claimed_order(OrderState.CANCELED, follower="bert", number=10_002)
    other = a_claimed_order(OrderState.WORKING, follower="carl", login="login-2")
    desk = a_desk(CLOCK, claimed, done, other)
    assert reconcile(desk, BrokerBook()) == ()
    assert desk.orders() == (claimed, done, other)


def test_a_second_live_order_under_our_reference_is_a_stray_and_ours_is_not() -> None:
    order = a_claimed_order(OrderState.WORKING)
    book = a_book(order)
    book.orders[10_050] = BrokerOrder(combo_order(order, Decimal("-0.96")), 700_050)
    found = reconciled(a_desk(CLOCK, order), book)
    assert [stray.ids.broker_order_id for stray in found.strays] == [10_050]
    assert found.doubtful == ()


def test_a_second_live_order_under_our_very_order_id_is_a_stray_too() -> None:
    order = a_claimed_order(OrderState.WORKING)
    assert order.broker is not None
    order = replace(order, broker=replace(order.broker, perm_id=700_001))
    book = a_book(order)
    seen = book.sweep()
    twin = replace(seen.open_orders[0], perm_id=700_050)
    twins = replace(seen, open_orders=(twin, *seen.open_orders))
    (stray,) = strays_in(twins, a_desk(CLOCK, order))
    assert stray.ids.perm_id == 700_050


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.SKIPPED, OrderState.REJECTED])
def test_a_live_broker_order_of_an_ended_one_is_a_stray(state: OrderState) -> None:
    order = a_claimed_order(state)
    (stray,) = reconciled(a_desk(CLOCK, order), a_book(order)).strays
    assert stray.order_id == order.order_id


def test_a_live_broker_order_that_another_has_followed_is_a_stray() -> None:
    order = a_claimed_order(OrderState.WORKING)
    book = a_book(order)
    followed = reissued(order, 10_002)
    (stray,) = reconciled(a_desk(CLOCK, followed), book).strays
    assert stray.ids.broker_order_id == 10_001


def test_trades_of_the_followers_own_are_not_ours() -> None:
    order = a_claimed_order(OrderState.WORKING)
    desk, book = a_desk(CLOCK, order), a_book(order)
    book.executions += [replace(one, order_ref="BY-HAND") for one in executions_of(order)]
    assert reconcile(desk, book) == ()
    assert desk.positions() == ()


def test_a_login_whose_books_cannot_be_read_does_not_reconcile() -> None:
    async def story() -> None:
        login = a_login(BrokerBook())
        login.answers = False
        await login.connect()
        with pytest.raises(AdapterError):
            await reconcile_login(login, desk=a_desk(CLOCK), now=RELEASE_AT)

    asyncio.run(story())
