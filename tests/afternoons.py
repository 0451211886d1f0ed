"""An afternoon over documents in memory and fake brokers: what is held, and how it is closed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from shared.adapters.firestore.fills import AsyncFirestoreFills
from shared.adapters.firestore.positions import AsyncFirestorePositions
from shared.domain.closing import closing_order_id
from shared.domain.fills import ExecId, Fill
from shared.domain.orders import (
    BrokerIds,
    Order,
    OrderState,
    Purpose,
    opening_order_id,
    order_ref_of,
)
from shared.domain.positions import Position, position_id_of
from shared.domain.spreads import Leg, Side, Spread
from tests.builders import NOON, SESSION_DATE, a_spread, an_order
from tests.fakes.async_clock import run_jumping
from tests.trading_worlds import SIGNAL, World, new_york

SPREAD = a_spread()
START_AT = new_york(12, 29, 30)
"""Half a minute before the closings begin; the close is at 13:00."""


class Afternoon(World):
    """Followers that hold a spread since the morning; QQQ ends near its short strike of 590."""

    def __init__(
        self, *names: str, quantity: int = 5, spread: Spread = SPREAD, at: datetime = START_AT
    ) -> None:
        super().__init__(*names, signal=None)
        self.clock.move_to(at)
        self.opened_on = SESSION_DATE
        self.spread = spread
        self.quantity = quantity
        self.make_brokers()

    async def start(self, holder: str = "one") -> None:
        for name in self.names:
            await self._hold(name)
        await self.lead(holder)

    def spot(self, price: str) -> None:
        bid = Decimal(price) - Decimal("0.01")
        self.market.show("QQQ", str(bid), price, at=self.clock.now())

    def position(self, name: str) -> Position:
        position_id = position_id_of(self.follower(name).follower_id, self.spread)
        found = self.desk.position(position_id)
        assert found is not None
        return found

    def closing(self, name: str, number: int = 1) -> Order:
        return self.desk.order(closing_order_id(self.position(name).position_id, number))

    @property
    def closings(self) -> list[Order]:
        return [order for order in self.desk.orders() if order.purpose is Purpose.CLOSE]

    def at_broker(self, name: str) -> list[int]:
        """What the broker holds of the long and the short leg."""
        account = self.follower(name).account_id
        held = self.books[name].positions
        return [held.get((account, leg.contract.key), 0) for leg in self.spread.opening_legs]

    async def stored_positions(self) -> tuple[Position, ...]:
        return await AsyncFirestorePositions(self.documents).of_session(SESSION_DATE)

    async def _hold(self, name: str) -> None:
        """Put this morning's opening into the database and into the broker's book."""
        follower = self.follower(name)
        order_id = opening_order_id(SIGNAL.signal_id, follower.follower_id)
        order = replace(
            an_order(OrderState.FILLED, quantity=self.quantity, filled_quantity=self.quantity),
            order_id=order_id,
            follower_id=follower.follower_id,
            login_id=follower.login_id,
            account_id=follower.account_id,
            spread=self.spread,
            session_date=self.opened_on,
            fencing_token=1,
            broker=BrokerIds(
                order_ref=order_ref_of(order_id), client_id=11, broker_order_id=1, perm_id=7
            ),
        )
        self.write_order(order)
        fills = [self._fill(order, leg) for leg in self.spread.opening_legs]
        await AsyncFirestoreFills(self.documents).record(fills)
        for fill in fills:
            held = (follower.account_id, fill.contract_key)
            self.books[name].positions[held] = fill.signed_quantity

    @staticmethod
    def _fill(order: Order, leg: Leg) -> Fill:
        is_long = leg.side is Side.BUY
        return Fill(
            exec_id=ExecId(f"{order.follower_id}-{'long' if is_long else 'short'}"),
            order_id=order.order_id,
            follower_id=order.follower_id,
            account_id=order.account_id,
            session_date=order.session_date,
            contract_key=leg.contract.key,
            side=leg.side,
            quantity=order.quantity,
            price=Decimal("1.00" if is_long else "1.95"),
            multiplier=100,
            fee=Decimal("0.65"),
            at=NOON - timedelta(hours=2 if order.session_date == SESSION_DATE else 48),
        )


A = TypeVar("A", bound=Afternoon)


def play(world: Callable[[], A], story: Callable[[A], Coroutine[object, object, None]]) -> None:
    async def whole() -> None:
        made = world()
        try:
            await story(made)
        finally:
            await made.die()

    run_jumping(whole())
