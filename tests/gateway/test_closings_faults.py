"""Closings under faults: logins, leaders and answers lost, switches turned, time running out."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.alerts import AlertType
from shared.domain.orders import OrderState
from shared.domain.reasons import Reason
from shared.ports.broker import ComboOrder, StockOrder
from tests.afternoons import Afternoon, play
from tests.fakes.broker import FakeBroker
from tests.trading_worlds import new_york

LATE = new_york(12, 58, 30)


class Timed(FakeBroker):
    """Notes when orders and modifications reach it."""

    def place(self, order: ComboOrder | StockOrder) -> None:
        super().place(order)
        self.placed_at = [*getattr(self, "placed_at", []), self._now()]


def test_a_login_that_is_down_is_tried_again_the_next_minute() -> None:
    async def story(world: Afternoon) -> None:
        await world.start()
        world.brokers["bert"].reachable = False
        world.brokers["bert"].drop()
        await world.run_to(12, 30, 30)
        assert world.sent("bert") == []
        assert world.position("anna").is_flat
        world.brokers["bert"].reachable = True
        await asyncio.sleep(8)
        assert world.brokers["bert"].is_connected
        await world.run_to(12, 30, 59)
        assert world.sent("bert") == []
        assert world.pager.told == []
        await world.run_to(12, 31, 1)
        assert world.sent("bert") == ["1.00"]
        assert world.position("bert").is_flat

    play(lambda: Afternoon("anna", "bert"), story)


def test_what_is_open_fifteen_minutes_before_the_close_is_told_with_shares_and_cash() -> None:
    async def story(world: Afternoon) -> None:
        for name in ("anna", "bert"):
            world.brokers[name].reachable = False
        await world.start()
        world.brokers["anna"].drop()
        world.brokers["bert"].fill_at_most = 0
        await world.run_to(12, 44, 59)
        assert [told for told, _ in world.pager.told] == [AlertType.CLOSE_FAILED]
        await world.run_to(12, 45, 1)
        assert world.pager.told[1:] == [(AlertType.EOD_CLOSE_FAILED, "2026-11-27")]
        _, alert = world.pager.alerts.values()
        assert "2 spreads" in alert.message
        assert "anna buys 500 QQQ for 295000.00 USD" in alert.message
        assert "bert buys 500 QQQ for 295000.00 USD" in alert.message
        assert "carl" not in alert.message
        assert alert.raised_at == new_york(12, 45)

    play(lambda: Afternoon("anna", "bert", "carl"), story)


def test_an_underlying_without_a_live_quote_triggers_nothing_and_is_told() -> None:
    async def story(world: Afternoon) -> None:
        world.market.is_live = False
        await world.start()
        await world.run_to(12, 44, 59)
        assert world.closings == []
        await world.run_to(12, 45, 1)
        stale, alert = world.pager.alerts.values()
        assert stale.alert_type is AlertType.MARKET_DATA_STALE
        assert "without a quote of the underlying" in alert.message
        await world.run_to(13, 1)
        # Nobody knows where it ended: nothing is booked as worthless.
        assert not world.position("anna").is_flat

    play(lambda: Afternoon("anna"), story)


def test_nothing_is_sent_in_the_last_twenty_seconds_and_what_is_left_is_canceled() -> None:
    async def story(world: Afternoon) -> None:
        broker = Timed(
            "login-anna", ["DU-anna"], world.market, now=world.clock.now, book=world.books["anna"]
        )
        broker.fill_at_most = 0
        world.brokers["anna"] = broker
        await world.start()
        await world.run_to(12, 59, 39)
        assert broker.canceled == []
        await world.run_to(12, 59, 41)
        order = world.closing("anna")
        assert (order.state, order.reason) == (OrderState.CANCELED, Reason.END_OF_DAY)
        assert broker.canceled == [order.broker]
        world.spot("580")
        await world.run_to(13, 2)
        assert max(broker.placed_at) == new_york(12, 59, 35)
        assert len(world.closings) == 1
        assert world.books["anna"].sweep().open_orders == ()

    play(lambda: Afternoon("anna", at=LATE), story)


def test_a_spread_that_comes_near_in_the_last_seconds_is_not_closed_any_more() -> None:
    async def story(world: Afternoon) -> None:
        world.spot("600")
        await world.start()
        await world.run_to(12, 59, 39)
        world.spot("588")
        await world.run_to(13, 2)
        assert (world.sent("anna"), world.closings) == ([], [])

    play(lambda: Afternoon("anna", at=LATE), story)


def test_a_lost_cancel_is_asked_again_until_the_close_and_not_after_it() -> None:
    async def story(world: Afternoon) -> None:
        broker = world.brokers["anna"]
        broker.fill_at_most, broker.lose_cancels = 0, True
        await world.start()
        await world.run_to(13, 2)
        assert len(broker.canceled) == 2

    play(lambda: Afternoon("anna", at=LATE), story)


def test_without_a_quote_of_the_spread_nothing_is_sent_and_it_is_paged_after_a_minute() -> None:
    async def story(world: Afternoon) -> None:
        world.show(590, None, "1.98")
        await world.start()
        await world.run_to(12, 30, 59)
        assert AlertType.CLOSE_FAILED not in [told for told, _ in world.pager.told]
        await world.run_to(12, 40)
        assert world.sent("anna") == []
        assert world.closing("anna").state is OrderState.RELEASING
        (paged,) = [
            alert
            for alert in world.pager.alerts.values()
            if alert.alert_type is AlertType.CLOSE_FAILED
        ]
        assert paged.raised_at == new_york(12, 31)
        assert "anna (5, end_of_day)" in paged.message
        world.show(590, "1.96", "1.98")
        await world.run_to(12, 40, 6)
        assert world.sent("anna") == ["1.00"]
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna"), story)


def test_what_never_had_a_quote_is_skipped_before_the_close() -> None:
    async def story(world: Afternoon) -> None:
        world.show(590, None, "1.98")
        await world.start()
        await world.run_to(13, 1)
        order = world.closing("anna")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.QUOTE_UNUSABLE)
        assert world.position("anna").live_closing_order_id is None
        told = [told for told, _ in world.pager.told]
        assert told.count(AlertType.CLOSE_FAILED) == 1
        assert told.count(AlertType.EOD_CLOSE_FAILED) == 1

    play(lambda: Afternoon("anna"), story)


def test_what_ends_in_the_money_is_told_before_the_close_and_after_it_each_by_itself() -> None:
    async def story(world: Afternoon) -> None:
        world.brokers["anna"].fill_at_most = 0
        world.spot("588")
        world.show(590, "2.96", "2.98")
        await world.start()
        await world.run_to(13, 1)
        subjects = [
            subject for told, subject in world.pager.told if told is AlertType.EOD_CLOSE_FAILED
        ]
        assert subjects == ["2026-11-27", "2026-11-27 after the close"]

    play(lambda: Afternoon("anna"), story)


def test_a_frozen_switch_sends_nothing_and_a_halted_one_closes_all_the_same() -> None:
    async def story(world: Afternoon) -> None:
        world.switch("frozen")
        await world.start()
        await world.run_to(12, 32)
        assert (world.sent("anna"), world.closings) == ([], [])
        world.switch("halted")
        await asyncio.sleep(2)
        await world.run_to(12, 33, 1)
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna"), story)


def test_a_switch_that_freezes_cancels_a_working_closing_and_thawed_it_is_closed() -> None:
    async def story(world: Afternoon) -> None:
        world.brokers["anna"].fill_at_most = 0
        await world.start()
        await world.run_to(12, 30, 1)
        world.switch("frozen")
        await asyncio.sleep(2)
        await world.run_to(12, 32)
        first = world.closing("anna")
        assert (first.state, first.reason) == (OrderState.CANCELED, Reason.TRADING_HALTED)
        assert world.sent("anna") == ["1.00"]
        world.switch("normal")
        await asyncio.sleep(2)
        world.brokers["anna"].fill_at_most = 5
        await world.run_to(12, 33, 1)
        assert world.closing("anna", 2).state is OrderState.FILLED
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna"), story)


def test_a_refused_closing_is_told_and_tried_again_the_next_minute() -> None:
    async def story(world: Afternoon) -> None:
        world.brokers["anna"].refuse_with = (201, "Order rejected")
        await world.start()
        await world.run_to(12, 30, 59)
        assert world.closing("anna").state is OrderState.REJECTED
        assert world.pager.told == [(AlertType.ORDER_REJECTED, "anna")]
        await world.run_to(12, 31, 1)
        assert world.closing("anna", 2).state is OrderState.FILLED
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna"), story)


# The plan, then the claim: each is applied, and its answer lost.
@pytest.mark.parametrize("written", ["positions/{position}", "orders/{position}~close~1"])
def test_a_write_whose_answer_is_lost_is_found_and_the_spread_is_closed_once(written: str) -> None:
    async def story(world: Afternoon) -> None:
        await world.start()
        position_id = world.position("anna").position_id
        world.documents.lose_next_answer_of = written.format(position=position_id)
        await world.run_to(12, 30, 59)
        assert world.sent("anna") == []
        await world.run_to(12, 31, 1)
        assert [order.state for order in world.closings] == [OrderState.FILLED]
        assert world.sent("anna") == ["1.00"]
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna"), story)


def test_a_database_that_cannot_be_reached_only_delays_a_closing() -> None:
    async def story(world: Afternoon) -> None:
        await world.start()
        await world.run_to(12, 29, 59)
        world.documents.down = True
        await world.run_to(12, 30, 59)
        assert world.sent("anna") == []
        world.documents.down = False
        await world.run_to(12, 31, 1)
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna"), story)
