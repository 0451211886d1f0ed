"""Closings across leaders: gone on with, never doubled, and on books that a restart rebuilt."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

from shared.domain.alerts import AlertType
from shared.domain.followers import AccountId, FollowerId
from shared.domain.options import ContractKey
from shared.domain.orders import OrderState, opening_order_id, order_ref_of
from shared.domain.reasons import Reason
from shared.ports.broker import Execution, Sweep
from tests.afternoons import Afternoon, play
from tests.builders import NOON
from tests.fakes.broker import FakeBroker
from tests.trading_worlds import SIGNAL, new_york

LOCAL = ContractKey("QQQ   261127P00590000")
LATE = new_york(12, 58, 30)


def test_the_next_leader_goes_on_with_a_closing_and_sends_no_second_one() -> None:
    async def story(world: Afternoon) -> None:
        world.brokers["anna"].fill_at_most = 0
        await world.start()
        await world.run_to(12, 30, 12)
        assert world.sent("anna") == ["1.00", "1.01", "1.02"]
        await world.die()
        world.make_brokers()
        world.brokers["anna"].fill_at_most = 0
        await world.lead("two")
        assert world.position("anna").live_closing_order_id == world.closing("anna").order_id
        await world.run_to(12, 30, 24)
        assert [Decimal(limit) for limit in world.sent("anna")[3:]] == [
            Decimal("1.03"),
            Decimal("1.04"),
        ]
        assert len(world.books["anna"].orders) == len(world.closings) == 1
        world.brokers["anna"].fill_at_most = 5
        await world.run_to(12, 30, 30)
        assert world.position("anna").is_flat
        assert world.position("anna").live_closing_order_id is None
        assert world.at_broker("anna") == [0, 0]
        await world.run_to(12, 40)
        assert len(world.closings) == 1
        assert world.pager.told == []

    play(lambda: Afternoon("anna"), story)


def test_a_leader_that_comes_in_the_last_seconds_cancels_what_it_finds() -> None:
    async def story(world: Afternoon) -> None:
        world.brokers["anna"].fill_at_most = 0
        await world.start()
        await world.run_to(12, 59, 30)
        await world.die()
        await world.clock.run_to(new_york(12, 59, 42))
        world.make_brokers()
        world.brokers["anna"].fill_at_most = 0
        sent = len(world.sent("anna"))
        await world.lead("two")
        await world.run_to(12, 59, 50)
        assert world.closing("anna").state is OrderState.CANCELED
        assert len(world.sent("anna")) == sent

    play(lambda: Afternoon("anna", at=LATE), story)


def test_a_closing_that_was_planned_and_never_sent_does_not_stop_the_next_leader() -> None:
    async def story(world: Afternoon) -> None:
        await world.start()
        position_id = world.position("anna").position_id
        world.documents.lose_next_answer_of = f"positions/{position_id}"
        await world.run_to(12, 30, 10)
        await world.die()
        world.make_brokers()
        await world.lead("two")
        await world.run_to(12, 32)
        assert len(world.sent("anna")) == 1
        assert world.position("anna").is_flat
        assert world.at_broker("anna") == [0, 0]

    play(lambda: Afternoon("anna"), story)


def test_after_a_restart_every_login_can_send_and_not_only_the_one_with_the_quotes() -> None:
    async def story(world: Afternoon) -> None:
        await world.start()
        await world.run_to(12, 30, 1)
        for name in ("anna", "bert", "carl"):
            assert world.sent(name) == ["1.00"]
            assert world.position(name).is_flat

    play(lambda: Afternoon("anna", "bert", "carl"), story)


def test_a_restart_does_not_rename_what_the_broker_tells_of_the_morning() -> None:
    class Forgetful(FakeBroker):
        """Calls what was not looked up by the broker's own symbol, as the client library does."""

        async def sweep(self) -> Sweep:
            found = await super().sweep()
            named = [
                one if one.contract_key in self._known else replace(one, contract_key=LOCAL)
                for one in found.executions
            ]
            return replace(found, executions=tuple(named))

    async def story(world: Afternoon) -> None:
        world.brokers["anna"] = Forgetful(
            "login-anna", ["DU-anna"], world.market, now=world.clock.now, book=world.books["anna"]
        )
        order_ref = order_ref_of(opening_order_id(SIGNAL.signal_id, FollowerId("anna")))
        for name, leg in zip(("long", "short"), world.spread.opening_legs, strict=True):
            told = Execution(
                broker_exec_id=f"anna-{name}.01",
                order_ref=order_ref,
                account_id=AccountId("DU-anna"),
                contract_key=leg.contract.key,
                side=leg.side,
                quantity=5,
                price=Decimal("1.00"),
                perm_id=7,
                at=NOON,
            )
            world.books["anna"].executions.append(told)
        await world.start()
        assert world.position("anna").open_quantity == 5
        await world.run_to(12, 30, 1)
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna"), story)


def test_a_leader_that_finds_a_frozen_book_cancels_the_closing_it_finds_and_sends_nothing() -> None:
    async def story(world: Afternoon) -> None:
        world.brokers["anna"].fill_at_most = 0
        await world.start()
        await world.run_to(12, 30, 12)
        await world.die()
        sent = len(world.sent("anna"))
        world.switch("frozen")
        world.make_brokers()
        world.brokers["anna"].fill_at_most = 0
        await world.lead("two")
        await world.run_to(12, 32)
        assert world.closing("anna").state is OrderState.CANCELED
        assert len(world.sent("anna")) == sent
        assert world.position("anna").open_quantity == 5

    play(lambda: Afternoon("anna"), story)


async def _frozen_behind_a_dead_leader(world: Afternoon) -> None:
    """Have a closing released that no quote let out, its leader die, and the book be frozen."""
    world.show(590, None, "1.98")
    await world.start()
    await world.run_to(12, 30, 10)
    assert world.closing("anna").state is OrderState.RELEASING
    await world.die()
    world.switch("frozen")
    world.make_brokers()
    await world.lead("two")
    await world.run_to(12, 33)


def test_a_closing_nobody_sent_waits_while_the_book_is_frozen_and_is_sent_once_afterwards() -> None:
    async def story(world: Afternoon) -> None:
        await _frozen_behind_a_dead_leader(world)
        order = world.closing("anna")
        assert (order.state, world.sent("anna")) == (OrderState.RELEASING, [])
        assert AlertType.ORDER_UNCONFIRMED not in [told for told, _ in world.pager.told]
        world.show(590, "1.96", "1.98")
        world.switch("normal")
        await asyncio.sleep(3)
        await world.run_to(12, 34, 1)
        assert world.sent("anna") == ["1.00"]
        (broker_order_id,) = world.books["anna"].orders
        assert order.broker is not None
        assert broker_order_id == order.broker.broker_order_id
        assert world.position("anna").is_flat
        assert len(world.closings) == 1

    play(lambda: Afternoon("anna"), story)


def test_a_closing_nobody_sent_in_a_book_that_stays_frozen_is_skipped_before_the_close() -> None:
    async def story(world: Afternoon) -> None:
        await _frozen_behind_a_dead_leader(world)
        await world.run_to(13, 1)
        order = world.closing("anna")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.TRADING_HALTED)
        assert (world.sent("anna"), world.brokers["anna"].canceled) == ([], [])
        assert world.position("anna").live_closing_order_id is None

    play(lambda: Afternoon("anna"), story)
