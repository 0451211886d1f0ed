"""Error 105: the rest goes on behind a new broker order, and never two are live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal

from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.orders import OrderState, order_ref_of
from shared.domain.reasons import Reason
from shared.ports.broker import ComboOrder, OrderMessage, StockOrder
from tests.desks import executions_of
from tests.fakes.async_clock import calm, run_jumping
from tests.fakes.broker import FakeBroker
from tests.trading_worlds import TURNS, World

Story = Callable[[World], Coroutine[object, object, None]]


class Mismatching(FakeBroker):
    """Answers every modification of its first order with error 105; cancels may get lost."""

    most_live = 0

    def place(self, order: ComboOrder | StockOrder) -> None:
        first = min(self.book.orders, default=order.ids.broker_order_id)
        if order.ids.broker_order_id == first and first in self.book.orders:
            words = "Order being modified does not match original order"
            self.tell(OrderMessage(broker_order_id=first, code=105, message=words))
            return
        super().place(order)
        live = sum(one.is_live for one in self.book.orders.values())
        self.most_live = max(self.most_live, live)


def mismatching(world: World) -> Mismatching:
    made = Mismatching(
        "login-anna", ["DU-anna"], world.market, now=world.clock.now, book=world.books["anna"]
    )
    world.brokers["anna"] = made
    return made


def play(story: Story) -> None:
    async def whole() -> None:
        world = World("anna")
        world.make_brokers()
        try:
            await story(world)
        finally:
            await world.die()

    run_jumping(whole())


async def fill_two_and_mismatch(world: World, broker: Mismatching) -> None:
    """Two of five fill at once; the second rung is answered with 105."""
    broker.fill_at_most = 2
    await world.lead()
    await world.run_to(9, 30, 3)
    world.show(590, "2.00", "2.02")
    world.show(590, "1.90", "1.92")
    await world.run_to(9, 30, 7)
    await calm(TURNS)


def test_the_rest_goes_on_under_new_ids_once_the_old_order_has_certainly_ended() -> None:
    async def story(world: World) -> None:
        broker = mismatching(world)
        await fill_two_and_mismatch(world, broker)
        await world.run_to(9, 30, 9)
        order = world.order("anna")
        old, new = sorted(world.books["anna"].orders)
        assert world.books["anna"].orders[old].status == "Cancelled"
        rest = world.books["anna"].orders[new].asked
        assert isinstance(rest, ComboOrder)
        assert (rest.quantity, rest.limit) == (3, Decimal("-0.97"))
        assert rest.ids.order_ref == order_ref_of(order.order_id, 2)
        assert (order.state, order.filled_quantity) == (OrderState.WORKING, 2)
        assert [ids.broker_order_id for ids in order.earlier_brokers] == [old]
        assert broker.most_live == 1
        world.show(590, "2.00", "2.02")
        broker.match()
        await world.run_to(9, 30, 11)
        order = world.order("anna")
        assert (order.state, order.filled_quantity) == (OrderState.FILLED, 5)
        assert world.desk.positions()[0].open_quantity == 5
        assert world.pager.told == []

    play(story)


def test_a_late_fill_of_the_old_order_is_still_this_orders_and_lessens_the_rest() -> None:
    async def story(world: World) -> None:
        broker = mismatching(world)
        await fill_two_and_mismatch(world, broker)
        await world.run_to(9, 30, 9)
        old = world.order("anna").earlier_brokers[0]
        late = executions_of(world.order("anna"), 1, number=9)
        for one in late:
            broker.tell(replace(one, order_ref=old.order_ref, perm_id=old.perm_id or 0))
        await calm(TURNS)
        order = world.order("anna")
        assert (order.filled_quantity, order.earlier_filled_quantity) == (3, 3)
        assert (order.state, order.broker_quantity) == (OrderState.WORKING, 2)
        assert len(world.desk.fills_of(order.order_id)) == 6

    play(story)


def test_no_new_order_is_sent_while_the_old_ones_end_is_not_proved() -> None:
    async def story(world: World) -> None:
        broker = mismatching(world)
        broker.lose_cancels = True
        await fill_two_and_mismatch(world, broker)
        await world.run_to(9, 30, 30)
        assert len(world.books["anna"].orders) == 1
        assert world.order("anna").earlier_brokers == ()
        broker.lose_cancels = False
        await world.run_to(9, 32)
        assert broker.most_live == 1
        assert world.order("anna").state is OrderState.PARTIALLY_FILLED
        assert world.books["anna"].sweep().open_orders == ()

    play(story)


def test_a_leader_that_dies_before_it_sends_the_rest_leaves_it_to_the_next_one() -> None:
    async def story(world: World) -> None:
        broker = mismatching(world)
        broker.lose_sends = False
        await world.lead()
        await world.run_to(9, 30, 3)
        world.show(590, "1.90", "1.92")
        await world.run_to(9, 30, 6)
        broker.lose_sends = True
        broker.tell(OrderMessage(broker_order_id=1, code=105, message="does not match"))
        await calm(TURNS)
        await calm(TURNS)
        await world.run_to(9, 30, 12)
        order = world.order("anna")
        assert (order.state, len(order.earlier_brokers)) == (OrderState.RELEASING, 1)
        await world.die()
        world.make_brokers()
        await world.lead("two")
        await world.run_to(9, 30, 30)
        first, second = sorted(world.books["anna"].orders)
        assert not world.books["anna"].orders[first].is_live
        assert world.books["anna"].orders[second].asked.ids.order_ref == order.order_refs[0]
        assert world.order("anna").state is OrderState.WORKING
        await world.run_to(9, 32)
        assert world.order("anna").state is OrderState.CANCELED

    play(story)


def test_a_switch_that_turns_meanwhile_leaves_no_new_order() -> None:
    async def story(world: World) -> None:
        broker = mismatching(world)
        broker.lose_cancels = True
        await fill_two_and_mismatch(world, broker)
        world.switch("halted")
        await asyncio.sleep(2)
        await world.run_to(9, 30, 9)
        broker.lose_cancels = False
        await world.run_to(9, 31, 30)
        assert world.books["anna"].sweep().open_orders == ()

    play(story)


def test_a_second_broker_order_for_one_of_ours_is_canceled_and_told() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        book = world.books["anna"]
        (first,) = book.orders.values()
        book.orders[77] = replace(first, perm_id=700_077)
        await world.run_to(9, 31, 10)
        assert not book.orders[77].is_live
        name = f"{world.order('anna').order_id} broker order 77"
        assert (AlertType.POSITION_MISMATCH, name) in world.pager.told
        assert world.order("anna").reason is Reason.LIMIT_REACHED

    play(story)


def test_what_two_broker_orders_filled_too_much_is_closed_as_a_spread_at_once() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        book = world.books["anna"]
        (first,) = book.orders.values()
        book.orders[77] = replace(first, perm_id=700_077)
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 30, 5)
        order = world.order("anna")
        assert (order.state, order.filled_quantity) == (OrderState.FILLED, 10)
        assert order.excess_quantity == 5
        ask = world.floor.closing_asks.of(world.desk.positions()[0].position_id)
        assert ask is None or (ask.cause, ask.leave_quantity) == (CloseCause.EXCESS, 5)
        await world.run_to(9, 32)
        assert world.desk.positions()[0].open_quantity == 5
        assert (AlertType.POSITION_MISMATCH, f"{order.order_id} excess") in world.pager.told
        await world.run_to(9, 40)
        assert world.desk.positions()[0].open_quantity == 5

    play(story)
