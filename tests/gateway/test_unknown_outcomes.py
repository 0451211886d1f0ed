"""Sends whose outcome is unknown: found, sent again under the same ids, or paged in a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace

import pytest

from shared.domain.alerts import AlertType
from shared.domain.orders import OrderState
from shared.domain.reasons import Reason
from shared.ports.broker import ComboOrder, NotSent, OrderMessage, StockOrder, Sweep, Withheld
from tests.fakes.async_clock import calm, run_jumping
from tests.fakes.broker import FakeBroker
from tests.trading_worlds import SIGNAL, TURNS, World, new_york

Story = Callable[[World], Coroutine[object, object, None]]
EMPTY = Sweep(open_orders=(), completed_orders=(), executions=(), fees={}, positions={})


class Moody(FakeBroker):
    """A login whose sends and books go wrong as told.

    What a test may set: `lose` (sends that go nowhere from now on), `withhold` (why nothing is
    sent), `is_degraded` (its books answer with empty lists).
    """

    lose = 0
    withhold = ""
    is_degraded = False

    def place(self, order: ComboOrder | StockOrder) -> None:
        if self.withhold:
            raise Withheld(self.withhold)
        if self.lose > 0:
            self.lose -= 1
            return
        super().place(order)

    async def sweep(self) -> Sweep:
        found = await super().sweep()
        return EMPTY if self.is_degraded else found


def moody(world: World, name: str = "anna") -> Moody:
    """Give a follower's login the moods of the next leader."""
    made = Moody(
        f"login-{name}",
        [f"DU-{name}"],
        world.market,
        now=world.clock.now,
        book=world.books[name],
    )
    world.brokers[name] = made
    return made


def play(names: tuple[str, ...], story: Story) -> None:
    async def whole() -> None:
        world = World(*names)
        world.make_brokers()
        try:
            await story(world)
        finally:
            await world.die()

    run_jumping(whole())


def test_a_lost_send_is_made_again_under_the_same_ids_and_the_ladder_goes_on() -> None:
    async def story(world: World) -> None:
        moody(world).lose = 1
        await world.lead()
        await world.run_to(9, 30, 3)
        ids = world.order("anna").broker
        assert world.sent("anna") == []
        await world.run_to(9, 30, 16)
        assert world.sent("anna") == []
        # Sent at 02, missed at 07, absent from the books of 07 and 17.
        await world.run_to(9, 30, 18)
        assert world.sent("anna") == ["-0.98"]
        assert [order.ids for order in world.books["anna"].sent] == [ids]
        world.show(590, "1.90", "1.92")
        await world.run_to(9, 30, 23)
        assert world.sent("anna") == ["-0.98", "-0.97"]
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 30, 24)
        assert world.order("anna").state is OrderState.FILLED
        assert world.desk.positions()[0].open_quantity == 5
        assert AlertType.ORDER_UNCONFIRMED not in [kind for kind, _ in world.pager.told]

    play(("anna",), story)


def test_an_order_whose_acknowledgement_was_lost_is_found_and_not_sent_again() -> None:
    async def story(world: World) -> None:
        broker = moody(world)
        broker.hush = True
        await world.lead()
        await world.run_to(9, 30, 3)
        assert world.order("anna").state is OrderState.RELEASING
        broker.hush = False
        await world.run_to(9, 30, 8)
        assert world.order("anna").state is OrderState.WORKING
        await world.run_to(9, 30, 40)
        assert len(world.books["anna"].orders) == 1
        assert world.sent("anna") == ["-0.98"]
        assert world.pager.told == []

    play(("anna",), story)


def test_what_a_dead_leader_released_and_never_sent_is_sent_by_the_next_one() -> None:
    async def story(world: World) -> None:
        moody(world).withhold = "held"
        await world.lead()
        await world.run_to(9, 30, 4)
        before = world.order("anna")
        assert (before.state, before.rungs) == (OrderState.RELEASING, ())
        await world.run_to(9, 30, 5)
        await world.die()
        world.make_brokers()
        await world.lead("two")
        await world.run_to(9, 30, 14)
        assert world.sent("anna") == []
        await world.run_to(9, 30, 40)
        assert world.sent("anna")[:1] == ["-0.98"]
        assert [order.ids for order in world.books["anna"].sent][:1] == [before.broker]
        assert len(world.books["anna"].orders) == 1
        await world.run_to(9, 32)
        assert world.order("anna").state is OrderState.CANCELED
        assert world.pager.told == [(AlertType.LIMIT_REACHED, SIGNAL.signal_id)]

    play(("anna",), story)


def test_a_degraded_session_that_shows_nothing_ends_nothing_and_sends_nothing() -> None:
    async def story(world: World) -> None:
        broker = moody(world)
        await world.lead()
        await world.run_to(9, 30, 4)
        broker.drop()
        broker.is_degraded = True
        await asyncio.sleep(8)
        await world.run_to(9, 31, 15)
        order = world.order("anna")
        assert order.state is OrderState.UNCONFIRMED
        assert (AlertType.ORDER_UNCONFIRMED, "anna") in world.pager.told
        assert len(world.books["anna"].orders) == 1
        broker.is_degraded = False
        await world.run_to(9, 33, 30)
        assert world.order("anna").state is OrderState.CANCELED
        assert world.order("anna").reason is Reason.LIMIT_REACHED
        assert len(world.books["anna"].orders) == 1

    play(("anna",), story)


def test_a_duplicate_id_is_asked_about_and_never_sent_again() -> None:
    async def story(world: World) -> None:
        broker = moody(world)
        broker.lose = 1
        broker.refuse_with = (103, "Duplicate order id")
        await world.lead()
        await world.run_to(9, 32)
        order = world.order("anna")
        assert order.state is OrderState.UNCONFIRMED
        assert (AlertType.ORDER_UNCONFIRMED, "anna") in world.pager.told
        assert len(world.sent("anna")) == 1
        assert order.earlier_brokers == ()

    play(("anna",), story)


def test_an_unconfirmed_order_is_asked_about_every_minute_and_adopted_when_it_shows() -> None:
    async def story(world: World) -> None:
        broker = moody(world)
        broker.lose = 1_000
        await world.lead()
        await world.run_to(9, 31, 8)
        order = world.order("anna")
        assert order.state is OrderState.UNCONFIRMED
        broker.lose = 0
        assert order.broker is not None
        FakeBroker.place(
            broker,
            ComboOrder(
                ids=order.broker,
                account_id=order.account_id,
                symbol="QQQ",
                legs=order.legs,
                quantity=5,
                limit=order.rungs[0].limit,
                purpose=order.purpose,
            ),
        )
        broker.hush = True
        await world.run_to(9, 32, 1)
        broker.hush = False
        await world.run_to(9, 33)
        # Its ladder is over: what has shown late is canceled.
        assert world.order("anna").state is OrderState.CANCELED
        assert world.books["anna"].sweep().open_orders == ()

    play(("anna",), story)


def test_a_lost_send_is_not_made_again_once_the_switch_has_turned() -> None:
    async def story(world: World) -> None:
        moody(world).lose = 1
        await world.lead()
        await world.run_to(9, 30, 4)
        world.switch("close_only")
        await asyncio.sleep(2)
        await world.run_to(9, 31, 15)
        assert world.sent("anna") == []
        assert world.order("anna").state is OrderState.UNCONFIRMED

    play(("anna",), story)


def test_what_was_withheld_in_the_end_was_never_sent_and_goes_out_at_the_next_look() -> None:
    async def story(world: World) -> None:
        broker = moody(world)
        broker.lose = 1
        await world.lead()
        await world.run_to(9, 30, 3)
        ids = world.order("anna").broker
        assert ids is not None
        broker.tell(NotSent(broker_order_id=ids.broker_order_id, why="the login is held"))
        await calm(TURNS)
        assert world.order("anna").rungs == ()
        await world.run_to(9, 30, 33)
        assert world.sent("anna") == ["-0.98"]
        assert world.order("anna").state is OrderState.WORKING

    play(("anna",), story)


def test_a_rung_that_was_withheld_leaves_the_limit_before_it() -> None:
    async def story(world: World) -> None:
        broker = moody(world)
        await world.lead()
        await world.run_to(9, 30, 3)
        world.show(590, "1.90", "1.92")
        broker.lose = 1
        await world.run_to(9, 30, 8)
        order = world.order("anna")
        assert [str(rung.limit) for rung in order.rungs] == ["-0.98", "-0.97"]
        assert order.broker is not None
        broker.tell(NotSent(broker_order_id=order.broker.broker_order_id, why="link lost"))
        await calm(TURNS)
        taken_back = world.order("anna").rungs[-1]
        assert (str(taken_back.limit), taken_back.sent) == ("-0.98", False)
        await world.run_to(9, 30, 13)
        assert world.sent("anna") == ["-0.98", "-0.97"]

    play(("anna",), story)


def test_what_was_withheld_until_the_cutoff_is_skipped_with_the_words_of_the_gate() -> None:
    async def story(world: World) -> None:
        moody(world).withhold = "login-anna is held by an operator"
        await world.lead()
        for minute in range(30, 47):
            await world.run_to(9, minute)
            await asyncio.sleep(2)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.WITHHELD)
        assert "held by an operator" in order.detail

    play(("anna",), story)


@pytest.mark.parametrize("code", [399, 2109, 10349])
def test_a_mere_notice_ends_nothing(code: int) -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        number = next(iter(world.books["anna"].orders))
        before = world.order("anna")
        world.brokers["anna"].tell(OrderMessage(broker_order_id=number, code=code, message="told"))
        await calm(TURNS)
        assert world.order("anna") == before

    play(("anna",), story)


@pytest.mark.parametrize("code", [104, 161, 10147, 10148])
def test_after_a_refused_cancel_or_modify_the_books_say_how_the_order_stands(code: int) -> None:
    async def story(world: World) -> None:
        broker = world.brokers["anna"]
        await world.lead()
        await world.run_to(9, 30, 3)
        number = next(iter(world.books["anna"].orders))
        broker.hush = True
        world.show(590, "2.00", "2.02")
        await calm(TURNS)
        assert world.order("anna").state is OrderState.WORKING
        broker.hush = False
        broker.tell(OrderMessage(broker_order_id=number, code=code, message="told"))
        await calm(TURNS)
        assert world.order("anna").state is OrderState.FILLED

    play(("anna",), story)


def test_books_that_cannot_be_read_for_a_minute_are_paged() -> None:
    async def story(world: World) -> None:
        broker = moody(world)
        broker.lose = 1
        await world.lead()
        await world.run_to(9, 30, 4)
        broker.reachable = False
        broker.drop()
        await world.run_to(9, 31, 8)
        order = world.order("anna")
        assert order.state is OrderState.UNCONFIRMED
        assert (AlertType.ORDER_UNCONFIRMED, "anna") in world.pager.told

    play(("anna",), story)


def test_what_the_broker_ended_while_nobody_led_until_the_cutoff_has_expired() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 4)
        await world.die()
        (left,) = world.books["anna"].orders.values()
        left.status = "Cancelled"
        await world.clock.run_to(new_york(9, 50))
        world.make_brokers()
        await world.lead("two")
        await world.run_to(9, 50, 5)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.EXPIRED, Reason.LIMIT_REACHED)
        assert world.pager.told == []

    play(("anna",), story)


def test_an_order_without_our_reference_is_known_by_its_lasting_id() -> None:
    class Forgetful(Moody):
        """Its books have lost our references."""

        async def sweep(self) -> Sweep:
            found = await super().sweep()
            return replace(
                found,
                open_orders=tuple(replace(one, order_ref="") for one in found.open_orders),
                completed_orders=tuple(
                    replace(one, order_ref="") for one in found.completed_orders
                ),
                executions=tuple(replace(one, order_ref="") for one in found.executions),
            )

    async def story(world: World) -> None:
        broker = Forgetful(
            "login-anna", ["DU-anna"], world.market, now=world.clock.now, book=world.books["anna"]
        )
        world.brokers["anna"] = broker
        await world.lead()
        await world.run_to(9, 30, 4)
        broker.hush = True
        world.show(590, "2.00", "2.02")
        broker.hush = False
        await world.run_to(9, 31, 5)
        order = world.order("anna")
        assert (order.state, order.filled_quantity) == (OrderState.FILLED, 5)

    play(("anna",), story)
