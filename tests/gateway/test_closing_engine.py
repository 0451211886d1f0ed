"""One closing engine for every closer: joined, batched, gone on with, never through zero."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.adapters.firestore.codec import encode
from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.closing import closing_order_id, plan_closing
from shared.domain.orders import LIVE_STATES, OrderState, Purpose, order_ref_of
from tests.afternoons import Afternoon, play
from tests.builders import SESSION_DATE
from tests.trading_worlds import new_york

NOON_AT = new_york(12, 0)


class Noon(Afternoon):
    """Long before the end of the day, nothing in danger."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names, at=NOON_AT)

    def want(self, name: str, cause: CloseCause, leave_quantity: int = 0) -> None:
        self.floor.closing_asks.ask(
            self.position(name).position_id,
            cause,
            at=self.clock.now(),
            leave_quantity=leave_quantity,
        )

    async def seen_switch(self) -> None:
        """Let the machine's clock pass until the switch is seen."""
        await asyncio.sleep(2)


def test_a_second_closer_joins_the_first_and_its_order_becomes_more_urgent() -> None:
    async def story(world: Noon) -> None:
        world.brokers["anna"].fill_at_most = 0
        await world.start()
        world.want("anna", CloseCause.END_OF_DAY)
        await world.run_to(12, 0, 10)
        world.want("anna", CloseCause.TIME_VALUE)
        world.want("anna", CloseCause.COMMAND)
        await world.run_to(12, 0, 20)
        (order,) = world.closings
        assert order.close_cause is CloseCause.TIME_VALUE
        assert order.state is OrderState.WORKING
        assert len(world.books["anna"].orders) == 1

    play(lambda: Noon("anna"), story)


def test_of_an_excess_only_what_is_too_much_is_closed() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        world.want("anna", CloseCause.EXCESS, leave_quantity=3)
        await world.run_to(12, 3)
        (order,) = world.closings
        assert (order.quantity, order.close_cause) == (2, CloseCause.EXCESS)
        assert world.at_broker("anna") == [3, -3]
        assert world.floor.closing_asks.all() == ()
        world.want("anna", CloseCause.COMMAND)
        await world.run_to(12, 4)
        assert world.at_broker("anna") == [0, 0]

    play(lambda: Noon("anna"), story)


def test_many_positions_are_closed_in_a_handful_of_transactions() -> None:
    names = [f"f-{number:02d}" for number in range(40)]

    async def story(world: Noon) -> None:
        await world.start()
        await world.run_to(12, 0, 10)
        before = world.documents.transactions
        for name in names:
            world.want(name, CloseCause.FLATTEN)
        await world.run_to(12, 0, 12)
        assert all(world.position(name).is_flat for name in names)
        released = {order.released_at for order in world.closings}
        assert released == {new_york(12, 0, 10)}
        # A plan and a claim for all of them.
        assert world.documents.transactions - before <= 4

    play(lambda: Noon(*names), story)


def test_one_login_that_does_not_answer_holds_up_nobody_else() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        world.brokers["bert"].answers = False
        for name in ("anna", "bert", "carl"):
            world.want(name, CloseCause.TIME_VALUE)
        await world.run_to(12, 0, 10)
        assert world.position("anna").is_flat
        assert world.position("carl").is_flat
        assert world.sent("bert") == []
        world.brokers["bert"].answers = True
        await world.run_to(12, 1, 5)
        assert world.position("bert").is_flat

    play(lambda: Noon("anna", "bert", "carl"), story)


def test_what_is_open_a_minute_later_is_paged_once_with_everybody_it_concerns() -> None:
    async def story(world: Noon) -> None:
        for name in ("anna", "bert"):
            world.brokers[name].fill_at_most = 0
        await world.start()
        for name in ("anna", "bert", "carl"):
            world.want(name, CloseCause.TIME_VALUE)
        await world.run_to(12, 0, 59)
        assert world.pager.told == []
        await world.run_to(12, 4)
        ((told, subject),) = world.pager.told
        assert told is AlertType.CLOSE_FAILED
        assert subject == f"{world.spread.spread_id} 12:01"
        (alert,) = world.pager.alerts.values()
        assert "2 positions" in alert.message
        assert "anna (5, time_value), bert (5, time_value)" in alert.message
        # It is tried on: a cent more every five seconds.
        assert len(world.sent("anna")) == 49

    play(lambda: Noon("anna", "bert", "carl"), story)


@pytest.mark.parametrize("state", [OrderState.PLANNED, OrderState.CLAIMED])
def test_a_closing_that_an_earlier_leader_left_unsent_is_gone_on_with(state: OrderState) -> None:
    async def story(world: Noon) -> None:
        await world.start()
        position = world.position("anna")
        opening = world.order("anna")
        left = plan_closing(
            position,
            opening,
            1,
            quantity=5,
            session_date=SESSION_DATE,
            now=NOON_AT,
            cause=CloseCause.COMMAND,
        )
        if state is OrderState.CLAIMED and opening.broker is not None:
            ids = replace(
                opening.broker,
                order_ref=order_ref_of(left.order_id),
                broker_order_id=2,
                perm_id=None,
            )
            left = replace(left, state=state, broker=ids, fencing_token=1)
        named = replace(position, live_closing_order_id=left.order_id)
        await world.die()
        world.write_order(left)
        world._write(f"positions/{position.position_id}", encode(named))
        world.make_brokers()
        await world.lead("two")
        await world.run_to(12, 0, 10)
        assert world.position("anna").is_flat
        assert [order.order_id for order in world.closings] == [left.order_id]
        assert len(world.books["anna"].orders) == 1

    play(lambda: Noon("anna"), story)


def test_what_a_dead_leader_was_asked_by_hand_is_tried_again_by_the_next() -> None:
    async def story(world: Noon) -> None:
        world.brokers["anna"].refuse_with = (201, "Order rejected")
        await world.start()
        world.want("anna", CloseCause.COMMAND)
        await world.run_to(12, 0, 20)
        assert world.closing("anna").state is OrderState.REJECTED
        await world.die()
        world.make_brokers()
        await world.lead("two")
        await world.run_to(12, 0, 40)
        assert world.closing("anna", 2).state is OrderState.FILLED
        assert world.position("anna").is_flat

    play(lambda: Noon("anna"), story)


def test_a_number_that_is_taken_in_the_database_is_not_used_twice() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        position = world.position("anna")
        taken = plan_closing(
            position,
            world.order("anna"),
            1,
            quantity=5,
            session_date="2026-11-25",
            now=NOON_AT,
            cause=CloseCause.COMMAND,
        )
        world.write_order(replace(taken, state=OrderState.SKIPPED))
        world.want("anna", CloseCause.COMMAND)
        await world.run_to(12, 1, 10)
        assert world.closing("anna", 2).order_id == closing_order_id(position.position_id, 2)
        assert world.closing("anna", 2).state is OrderState.FILLED
        assert world.at_broker("anna") == [0, 0]

    play(lambda: Noon("anna"), story)


def test_what_the_follower_bought_back_himself_is_not_bought_again() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        account = world.follower("anna").account_id
        # The follower has bought two of the shorts back himself.
        world.books["anna"].positions[account, world.spread.short_contract.key] = -3
        world.want("anna", CloseCause.COMMAND)
        await world.run_to(12, 0, 10)
        assert [order.quantity for order in world.closings] == [3]
        assert world.at_broker("anna") == [2, 0]
        assert (AlertType.POSITION_MISMATCH, "anna") in world.pager.told

    play(lambda: Noon("anna"), story)


def test_frozen_plans_nothing_and_thawed_it_closes_what_was_asked_meanwhile() -> None:
    async def story(world: Noon) -> None:
        world.switch("frozen")
        await world.start()
        world.want("anna", CloseCause.TIME_VALUE)
        await world.run_to(12, 2)
        assert world.closings == []
        assert [told for told, _ in world.pager.told] == [AlertType.CLOSE_FAILED]
        world.switch("halted")
        await world.seen_switch()
        await world.run_to(12, 3, 5)
        assert world.position("anna").is_flat

    play(lambda: Noon("anna"), story)


def test_the_price_rises_to_the_width_and_a_sale_is_never_split_into_legs() -> None:
    async def story(world: Noon) -> None:
        world.brokers["anna"].fill_at_most = 0
        world.show(590, "5.90", "5.97")
        await world.start()
        world.want("anna", CloseCause.TIME_VALUE)
        await world.run_to(12, 2)
        assert max(Decimal(limit) for limit in world.sent("anna")) == 5
        assert all(len(sent.legs) == 2 for sent in world.books["anna"].sent)
        live = [one for one in world.desk.orders() if one.state in LIVE_STATES]
        assert [one.purpose for one in live] == [Purpose.CLOSE]

    play(lambda: Noon("anna"), story)
