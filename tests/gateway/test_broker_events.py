"""Broker events, in whatever order they come."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal

from shared.domain.followers import LoginId
from shared.domain.orders import OrderState
from shared.ports.broker import Execution, FeeReported, OrderAcknowledged
from tests.desks import executions_of
from tests.fakes.async_clock import calm, run_jumping
from tests.trading_worlds import TURNS, World

Story = Callable[[World], Coroutine[object, object, None]]


def play(story: Story) -> None:
    """Play a story on a day whose first order was sent and rests."""

    async def whole() -> None:
        world = World("anna")
        world.make_brokers()
        await world.lead()
        await world.run_to(9, 30, 3)
        try:
            await story(world)
        finally:
            await world.die()

    run_jumping(whole())


async def tell(world: World, *events: Execution | FeeReported | OrderAcknowledged) -> None:
    for event in events:
        world.brokers["anna"].tell(event)
    await calm(TURNS)


def fees_of(executions: list[Execution]) -> list[FeeReported]:
    return [
        FeeReported(broker_exec_id=one.broker_exec_id, fee=Decimal("3.25"))
        for one in executions[1:]
    ]


def test_a_fee_told_before_its_execution_waits_for_it() -> None:
    async def story(world: World) -> None:
        executions = executions_of(world.order("anna"))
        await tell(world, *fees_of(executions))
        assert world.desk.positions() == ()
        await tell(world, *executions)
        assert world.desk.positions()[0].fees == Decimal("6.50")
        await tell(world, *executions, *fees_of(executions))
        assert world.desk.positions()[0].fees == Decimal("6.50")

    play(story)


def test_a_trade_and_a_fee_of_others_change_nothing() -> None:
    async def story(world: World) -> None:
        before = world.order("anna")
        executions = executions_of(before)
        foreign = [replace(one, order_ref="BY-HAND") for one in executions]
        await tell(world, *foreign, *fees_of(executions))
        assert world.order("anna") == before
        assert world.desk.positions() == ()

    play(story)


def test_an_acknowledgement_of_an_unknown_order_is_nobodys() -> None:
    async def story(world: World) -> None:
        before = world.desk.orders()
        await tell(world, OrderAcknowledged(broker_order_id=999_999, perm_id=1))
        assert world.desk.orders() == before
        world.brokers["anna"]._on_event(
            LoginId("login-x"), OrderAcknowledged(broker_order_id=1, perm_id=1)
        )
        assert world.desk.orders() == before

    play(story)


def test_a_later_acknowledgement_does_not_bring_an_ended_order_back() -> None:
    async def story(world: World) -> None:
        await world.run_to(9, 31)
        order = world.order("anna")
        assert order.state is OrderState.CANCELED
        assert order.broker is not None
        number = order.broker.broker_order_id
        await tell(world, OrderAcknowledged(broker_order_id=number, perm_id=5))
        assert world.order("anna").state is OrderState.CANCELED

    play(story)


def test_an_end_the_library_imagines_ends_nothing_that_is_live_at_the_broker() -> None:
    async def story(world: World) -> None:
        (number,) = world.books["anna"].orders
        world.brokers["anna"].end(number)
        world.books["anna"].orders[number].status = "Submitted"
        await calm(TURNS)
        await world.run_to(9, 30, 6)
        assert world.order("anna").state is OrderState.WORKING
        assert world.pager.told == []

    play(story)
