"""A whole session in which something breaks: nothing is sent twice, nothing is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal

import pytest

from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.orders import OrderState
from shared.domain.reasons import Reason
from shared.ports.broker import ComboOrder, StockOrder
from tests.fakes.async_clock import calm, run_jumping
from tests.fakes.broker import FakeBroker
from tests.trading_worlds import SIGNAL, TURNS, World

Story = Callable[[World], Coroutine[object, object, None]]


def play(names: tuple[str, ...], story: Story) -> None:
    async def whole() -> None:
        world = World(*names)
        world.make_brokers()
        try:
            await story(world)
        finally:
            world.documents.down = False
            await world.die()

    run_jumping(whole())


class Dropping(FakeBroker):
    """Says that it is connected, and fails every send until told otherwise."""

    fails = True

    def place(self, order: ComboOrder | StockOrder) -> None:
        if self.fails:
            raise AdapterError("ibkr", f"login {self.login_id} is not connected", retryable=True)
        super().place(order)


class Broken(FakeBroker):
    """Fails every modification with an error nobody foresaw."""

    def place(self, order: ComboOrder | StockOrder) -> None:
        if order.ids.broker_order_id in self.book.orders:
            raise RuntimeError("nobody foresaw this")
        super().place(order)


def put_in(world: World, name: str, kind: type[FakeBroker]) -> FakeBroker:
    """Give a follower's login another kind of broker."""
    made = kind(
        f"login-{name}",
        [f"DU-{name}"],
        world.market,
        now=world.clock.now,
        book=world.books[name],
    )
    world.brokers[name] = made
    return made


def test_a_second_leader_goes_on_with_the_ladder_and_sends_no_second_order() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 14)
        assert world.sent("anna") == ["-0.98"]
        rungs = len(world.order("anna").rungs)
        await world.die()
        world.make_brokers()
        await world.lead("two")
        assert world.order("anna").fencing_token == 2
        world.show(590, "1.90", "1.92")
        await world.run_to(9, 30, 31)
        assert len(world.books["anna"].orders) == 1
        # At 02, and by the second leader at 17, 22 and 27.
        limits = [Decimal(limit) for limit in world.sent("anna")]
        assert limits == [Decimal(cents) / 100 for cents in (-98, -97, -96, -95)]
        assert len(world.order("anna").rungs) > rungs
        await world.run_to(9, 31)
        assert world.order("anna").state is OrderState.CANCELED
        assert world.books["anna"].sweep().open_orders == ()

    play(("anna",), story)


def test_what_filled_while_nobody_led_is_booked_by_the_next_leader() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 4)
        await world.die()
        world.show(590, "2.00", "2.02")
        world.make_brokers()
        for broker in world.brokers.values():
            broker.match()
        await world.lead("two")
        for name in ("anna", "bert"):
            assert world.order(name).state is OrderState.FILLED
        assert [p.open_quantity for p in world.desk.positions()] == [5, 5]
        assert sum((p.fees for p in world.desk.positions()), Decimal(0)) == Decimal("13.00")
        await world.run_to(9, 40)
        assert len(world.sent("anna")) == 1

    play(("anna", "bert"), story)


def test_a_leader_that_starts_after_the_fills_knows_every_position() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 50)
        before = world.desk.positions()
        await world.die()
        world.make_brokers()
        await world.lead("two")
        assert world.desk.positions() == before
        world.market.show("QQQ", "600.00", "600.02", at=world.clock.now())
        await world.run_to(13, 0, 5)
        assert all(position.is_flat for position in world.desk.positions())

    play(("anna",), story)


def test_a_database_that_fails_at_the_release_only_delays_it() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 1)
        world.documents.down = True
        await world.run_to(9, 30, 20)
        assert world.sent("anna") == []
        world.documents.down = False
        await world.run_to(9, 30, 33)
        assert world.sent("anna") == ["-0.98"]

    play(("anna",), story)


@pytest.mark.parametrize(
    "path", ["controls/trading", f"orders/{SIGNAL.signal_id}~anna~open"], ids=["release", "claim"]
)
def test_an_applied_write_whose_answer_was_lost_is_found_and_sent_once(path: str) -> None:
    async def story(world: World) -> None:
        world.documents.lose_next_answer_of = path
        await world.lead()
        await world.run_to(9, 30, 20)
        assert world.documents.lose_next_answer_of == ""
        assert world.sent("anna")[:1] == ["-0.98"]
        assert len(world.books["anna"].orders) == 1
        assert AlertType.ORDER_UNCONFIRMED not in [kind for kind, _ in world.pager.told]

    play(("anna",), story)


def test_a_send_that_fails_holds_up_nobody_and_is_made_at_the_next_look() -> None:
    async def story(world: World) -> None:
        dropping = put_in(world, "bert", Dropping)
        assert isinstance(dropping, Dropping)
        await world.lead()
        await world.run_to(9, 30, 3)
        assert (world.sent("anna"), world.sent("bert")) == (["-0.98"], [])
        assert world.order("bert").rungs == ()
        await world.run_to(9, 31, 30)
        assert world.order("bert").state is OrderState.RELEASING
        dropping.fails = False
        await world.run_to(9, 31, 40)
        assert world.sent("bert") == ["-0.98"]
        assert world.pager.told == [(AlertType.LIMIT_REACHED, SIGNAL.signal_id)]

    play(("anna", "bert"), story)


def test_what_could_never_be_sent_is_skipped_at_the_cutoff_with_its_reason() -> None:
    async def story(world: World) -> None:
        put_in(world, "anna", Dropping)
        await world.lead()
        for minute in range(30, 45):
            await world.run_to(9, minute)
            await asyncio.sleep(2)
        world.brokers["anna"].reachable = False
        world.brokers["anna"].drop()
        await world.run_to(9, 46)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.GATEWAY_UNREACHABLE)
        assert order.rungs == ()

    play(("anna",), story)


def test_a_ladder_that_breaks_takes_neither_the_others_nor_the_gateway_with_it() -> None:
    async def story(world: World) -> None:
        put_in(world, "bert", Broken)
        await world.lead()
        await world.run_to(9, 30, 4)
        world.show(590, "1.94", "1.96")
        await world.run_to(9, 30, 12)
        assert len(world.sent("anna")) == 3
        assert (AlertType.ORDER_UNCONFIRMED, "bert") in world.pager.told
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 30, 20)
        assert world.order("anna").state is OrderState.FILLED

    play(("anna", "bert"), story)


def test_a_turned_switch_cancels_what_is_working_within_two_seconds_of_machine_time() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        await asyncio.sleep(3)
        world.switch("halted")
        await asyncio.sleep(2)
        await calm(TURNS)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.CANCELED, Reason.TRADING_HALTED)
        assert world.books["anna"].sweep().open_orders == ()
        await world.run_to(9, 45)
        assert world.sent("anna") == ["-0.98"]

    play(("anna",), story)


def test_a_cancel_for_the_switch_is_asked_once_and_not_at_every_look() -> None:
    async def story(world: World) -> None:
        world.brokers["anna"].lose_cancels = True
        await world.lead()
        await world.run_to(9, 30, 3)
        world.switch("frozen")
        await asyncio.sleep(4)
        await world.run_to(9, 30, 8)
        assert len(world.brokers["anna"].canceled) == 1

    play(("anna",), story)


def test_a_login_lost_in_the_ladder_comes_back_to_the_same_order() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 4)
        world.brokers["anna"].drop()
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 30, 11)
        await asyncio.sleep(2)
        await world.run_to(9, 30, 12)
        assert world.order("anna").state is OrderState.FILLED
        assert len(world.books["anna"].orders) == 1

    play(("anna",), story)


def test_an_order_whose_every_send_is_lost_is_paged_within_seconds_of_a_minute() -> None:
    async def story(world: World) -> None:
        world.brokers["anna"].lose_sends = True
        await world.lead()
        await world.run_to(9, 31, 8)
        order = world.order("anna")
        assert order.state is OrderState.UNCONFIRMED
        assert (AlertType.ORDER_UNCONFIRMED, "anna") in world.pager.told
        assert world.sent("anna") == []

    play(("anna",), story)


def test_a_cancel_that_got_lost_is_asked_again_until_the_order_has_ended() -> None:
    async def story(world: World) -> None:
        world.brokers["anna"].lose_cancels = True
        await world.lead()
        await world.run_to(9, 31, 15)
        assert world.order("anna").state is OrderState.WORKING
        world.brokers["anna"].lose_cancels = False
        await world.run_to(9, 31, 40)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.CANCELED, Reason.LIMIT_REACHED)

    play(("anna",), story)


def test_a_fill_that_crosses_the_cancel_is_booked_for_what_it_is() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 31)
        assert world.order("anna").state is OrderState.CANCELED
        (late,) = world.books["anna"].orders.values()
        late.status = "Submitted"
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 31, 5)
        assert world.order("anna").state is OrderState.FILLED
        assert world.desk.positions()[0].open_quantity == 5

    play(("anna",), story)
