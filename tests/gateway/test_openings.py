"""Who opens and who does not: late logins, caps, losses, and what changes after the claim."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from shared.adapters.firestore.codec import encode
from shared.domain.alerts import AlertType
from shared.domain.followers import FollowerId, FollowerState
from shared.domain.orders import OrderState
from shared.domain.planning import fair_order, plan_book
from shared.domain.reasons import Reason
from shared.domain.trading_settings import TradingSettings
from shared.ports.broker import ComboOrder
from shared.ports.documents import Delete, Replace
from tests.afternoons import Afternoon
from tests.builders import NOON
from tests.fakes.async_clock import run_jumping
from tests.trading_worlds import CUTOFF, SIGNAL, World

Story = Callable[[World], Coroutine[object, object, None]]


def play(world: Callable[[], World], story: Story) -> None:
    async def whole() -> None:
        made = world()
        made.make_brokers()
        try:
            await story(made)
        finally:
            await made.die()

    run_jumping(whole())


async def come_late(world: World, name: str, minute: int) -> None:
    """Let a login come up a minute after everybody else."""
    await world.run_to(9, minute)
    world.brokers[name].reachable = True
    await asyncio.sleep(90)
    await world.run_to(9, minute + 2)


def test_a_late_login_is_worked_while_the_credit_is_nine_tenths_of_the_others() -> None:
    async def story(world: World) -> None:
        world.brokers["bert"].reachable = False
        await world.lead()
        await world.run_to(9, 30, 3)
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 31)
        assert world.order("anna").average_net_price == Decimal("-1.00")
        # 0.99 - 1.91: 0.92 of the 1.00 that the others were given.
        world.show(590, "1.90", "1.92")
        await come_late(world, "bert", 32)
        assert world.sent("bert")[:1] == ["-0.92"]
        await world.run_to(9, 36)
        assert all(Decimal(limit) <= Decimal("-0.90") for limit in world.sent("bert"))

    play(lambda: World("anna", "bert"), story)


def test_a_late_login_is_skipped_once_the_market_pays_too_little_by_then() -> None:
    async def story(world: World) -> None:
        world.brokers["bert"].reachable = False
        await world.lead()
        await world.run_to(9, 30, 3)
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 31)
        world.show(590, "1.86", "1.88")
        await come_late(world, "bert", 32)
        order = world.order("bert")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.LATE)
        assert world.sent("bert") == []

    play(lambda: World("anna", "bert"), story)


def test_a_late_login_of_a_signal_that_nobody_was_filled_of_is_an_ordinary_one() -> None:
    async def story(world: World) -> None:
        world.brokers["bert"].reachable = False
        await world.lead()
        await world.run_to(9, 31)
        world.show(590, "1.80", "1.82")
        await come_late(world, "bert", 32)
        assert world.sent("bert")[:1] == ["-0.82"]

    play(lambda: World("anna", "bert"), story)


def test_who_was_paused_or_deleted_after_the_claim_opens_nothing_and_holds_up_nobody() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 29)
        paused = replace(world.follower("bert"), state=FollowerState.PAUSED)
        world.documents.documents.commit(
            [Replace(path="followers/bert", data=encode(paused)), Delete(path="followers/carl")]
        )
        await world.run_to(9, 30, 3)
        assert world.sent("anna") == ["-0.98"]
        bert, carl = world.order("bert"), world.order("carl")
        assert (bert.state, bert.reason) == (OrderState.SKIPPED, Reason.PAUSED)
        assert (carl.state, carl.reason) == (OrderState.SKIPPED, Reason.DISABLED)
        assert (world.sent("bert"), world.sent("carl")) == ([], [])

    play(lambda: World("anna", "bert", "carl"), story)


def test_a_follower_deleted_in_his_ladder_is_seen_through_to_his_fills() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        world.documents.documents.commit([Delete(path="followers/anna")])
        await world.run_to(9, 30, 8)
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 31)
        assert world.order("anna").state is OrderState.FILLED
        assert world.desk.positions()[0].open_quantity == 5

    play(lambda: World("anna"), story)


def test_who_is_barred_by_a_loss_opens_nothing() -> None:
    async def story(world: World) -> None:
        await world.lead()
        world.floor.barred[FollowerId("bert")] = "he lost 1000.00 USD today"
        await world.run_to(9, 31)
        order = world.order("bert")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.LOSS_LIMIT)
        assert "1000.00" in order.detail
        assert world.sent("anna") == ["-0.98"]

    play(lambda: World("anna", "bert"), story)


def test_an_account_that_its_login_does_not_carry_is_told_and_the_others_trade() -> None:
    async def story(world: World) -> None:
        world.brokers["bert"]._accounts = ()
        await world.lead()
        await world.run_to(9, 31)
        order = world.order("bert")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.ACCOUNT_NOT_OWNED)
        assert (AlertType.ACCOUNT_NOT_OWNED, "bert") in world.pager.told
        assert world.sent("anna") == ["-0.98"]

    play(lambda: World("anna", "bert"), story)


def test_a_cap_on_the_whole_book_is_kept_in_the_fair_order() -> None:
    def world() -> World:
        made = World("anna", "bert", "carl", signal=None)
        made.documents.documents.commit(
            [
                Replace(
                    path="settings/trading",
                    data={"entry_cutoff": CUTOFF, "book_max_contracts": 7},
                )
            ]
        )
        made.write_signal(SIGNAL)
        made.plan(SIGNAL)
        settings = replace(TradingSettings(), book_max_contracts=7)
        followers = [made.follower(name) for name in made.names]
        for order in plan_book(SIGNAL, followers, settings, now=NOON):
            made.write_order(order)
        return made

    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        orders = fair_order(world.order(name) for name in world.names)
        assert [order.quantity for order in orders] == [5, 2, 0]
        assert [order.state for order in orders][:2] == [OrderState.WORKING] * 2
        assert orders[2].reason is Reason.SIZE_ZERO
        sent = [order.quantity for name in world.names for order in world.books[name].sent]
        assert sorted(sent) == [2, 5]

    play(world, story)


def test_openings_end_by_themselves_at_the_cutoff_where_the_setting_says_so() -> None:
    def world() -> World:
        made = World("anna")
        data: dict[str, object] = {"entry_cutoff": CUTOFF, "opening_time_in_force": "GTD"}
        made.documents.documents.commit([Replace(path="settings/trading", data=data)])
        return made

    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        world.show(590, "1.90", "1.92")
        await world.run_to(9, 30, 8)
        cutoff_at = datetime(2026, 11, 27, 14, 45, tzinfo=UTC)
        orders = world.books["anna"].sent
        assert len(orders) == 2
        assert {order.good_till for order in orders} == {cutoff_at}
        assert all(isinstance(order, ComboOrder) for order in orders)

    play(world, story)


def test_a_leader_of_the_afternoon_neither_claims_nor_skips_closings_as_if_they_opened() -> None:
    async def story() -> None:
        afternoon = Afternoon("anna")
        try:
            afternoon.spot("589.00")
            await afternoon.start()
            await afternoon.run_to(12, 30, 1)
            await afternoon.die()
            afternoon.make_brokers()
            await afternoon.lead("two")
            await afternoon.run_to(12, 30, 20)
            assert afternoon.closings
            assert Reason.PLAN_MISMATCH not in {order.reason for order in afternoon.closings}
            assert OrderState.SKIPPED not in {order.state for order in afternoon.closings}
        finally:
            await afternoon.die()

    run_jumping(story())
