"""Spreads that an earlier session opened: watched and closed on the day that they expire."""

from __future__ import annotations

from dataclasses import replace

from shared.adapters.firestore.fills import AsyncFirestoreFills
from shared.adapters.firestore.positions import AsyncFirestorePositions
from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.fills import Fill
from shared.domain.orders import Order, OrderState, opening_order_id
from shared.domain.positions import position_from_fills
from shared.domain.spreads import Leg
from tests.afternoons import Afternoon, play
from tests.builders import SESSION_DATE, a_spread
from tests.trading_worlds import SIGNAL, new_york

OPENED_ON = "2026-11-25"
"""The session before: the day between is Thanksgiving."""


class Carried(Afternoon):
    """Followers that hold since the session before a spread that expires today."""

    def write_order(self, order: Order) -> None:
        super().write_order(replace(order, session_date=OPENED_ON))

    async def _hold(self, name: str) -> None:
        await super()._hold(name)
        follower = self.follower(name)
        found = await AsyncFirestoreFills(self.documents).of_session(OPENED_ON)
        order_id = opening_order_id(SIGNAL.signal_id, follower.follower_id)
        position = position_from_fills(
            follower_id=follower.follower_id,
            account_id=follower.account_id,
            session_date=OPENED_ON,
            spread=self.spread,
            fills=[fill for fill in found if fill.order_id == order_id],
        )
        await AsyncFirestorePositions(self.documents).save([position])

    @staticmethod
    def _fill(order: Order, leg: Leg) -> Fill:
        return replace(Afternoon._fill(order, leg), session_date=OPENED_ON)


def test_it_is_closed_at_the_end_of_the_day_it_expires_and_booked_in_that_session() -> None:
    async def story(world: Carried) -> None:
        await world.start()
        assert world.position("anna").session_date == OPENED_ON
        await world.run_to(12, 30, 2)
        order = world.closing("anna")
        assert (order.state, order.session_date) == (OrderState.FILLED, SESSION_DATE)
        assert order.close_cause is CloseCause.END_OF_DAY
        assert world.position("anna").is_flat
        assert world.at_broker("anna") == [0, 0]
        fills = await AsyncFirestoreFills(world.documents).of_session(SESSION_DATE)
        assert {fill.order_id for fill in fills} == {order.order_id}

    play(lambda: Carried("anna"), story)


def test_little_time_value_closes_it_too_and_a_restart_afterwards_changes_nothing() -> None:
    async def story(world: Carried) -> None:
        world.spot("600")
        world.show(585, "0.01", "0.02")
        world.show(590, "0.04", "0.06")
        await world.start()
        await world.run_to(12, 1)
        assert world.closing("anna").close_cause is CloseCause.TIME_VALUE
        assert world.position("anna").is_flat
        await world.die()
        world.make_brokers()
        await world.lead("two")
        await world.run_to(12, 40)
        assert world.position("anna").is_flat
        assert world.at_broker("anna") == [0, 0]
        assert len(world.closings) == 1
        assert len(world.books["anna"].orders) == 1

    play(lambda: Carried("anna", at=new_york(12, 0)), story)


def test_what_expired_in_an_earlier_session_is_neither_watched_nor_traded() -> None:
    async def story(world: Carried) -> None:
        await world.start()
        position = world.position("anna")
        world.floor.closing_asks.ask(position.position_id, CloseCause.FLATTEN, at=world.clock.now())
        await world.run_to(12, 3)
        assert world.closings == []
        assert AlertType.MARKET_DATA_STALE not in [told for told, _ in world.pager.told]

    play(lambda: Carried("anna", spread=a_spread(expiry=OPENED_ON), at=new_york(12, 0)), story)
