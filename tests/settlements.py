"""Mornings and days on which options were assigned: what is carried, and what the broker did."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.trading_session import TradingSession
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.external_trades import AsyncFirestoreExternalTrades
from shared.adapters.firestore.fills import AsyncFirestoreFills
from shared.adapters.firestore.positions import AsyncFirestorePositions
from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.external_trades import ExternalTrade
from shared.domain.options import ContractKey
from shared.domain.orders import Order
from shared.domain.positions import position_from_fills, position_id_of
from shared.domain.quotes import Quote
from shared.domain.spreads import Side
from shared.ports.broker import Execution, StockOrder
from tests.afternoons import Afternoon
from tests.builders import SESSION_DATE, a_spread
from tests.fakes.async_clock import AsyncManualClock
from tests.trading_worlds import TURNS, new_york

LATER = "2026-12-04"
"""A session a week on: spreads of this expiry are alive all day."""
LIVING = a_spread(expiry=LATER)
BEFORE = "2026-11-25"
"""The session before: the 26th is Thanksgiving."""
EXPIRED = a_spread(expiry=BEFORE)


class Assigned(Afternoon):
    """Followers that hold a spread since an earlier session, and what the broker made of it."""

    def __init__(
        self, *names: str, living: bool = True, quantity: int = 5, at: datetime | None = None
    ) -> None:
        spread = LIVING if living else EXPIRED
        begins_at = at or new_york(9, 28, 30)
        super().__init__(*names, quantity=quantity, spread=spread, at=begins_at)
        self.clock = AsyncManualClock(begins_at, turns=TURNS)
        self.make_brokers()
        self.opened_on = BEFORE
        for strike, bid, ask in ((590, "3.00", "3.04"), (585, "1.50", "1.54")):
            key = f"QQQ-{LATER}-P-{strike}"
            self.market.show(key, bid, ask, at=self.clock.now())
        self.market.show("QQQ", "588.00", "588.02", at=self.clock.now(), size=100_000)

    async def _hold(self, name: str) -> None:
        """Put the opening of the session before into the database, its position too."""
        await super()._hold(name)
        follower = self.follower(name)
        fills = await AsyncFirestoreFills(self.documents).of_session(BEFORE)
        position = position_from_fills(
            follower_id=follower.follower_id,
            account_id=follower.account_id,
            session_date=BEFORE,
            spread=self.spread,
            fills=[fill for fill in fills if fill.follower_id == follower.follower_id],
        )
        await AsyncFirestorePositions(self.documents).save([position])

    async def work(self, trading: TradingSession) -> None:
        """Watch the night where the world begins in it, else lead."""
        if self.clock.now() < new_york(7, 0):
            await trading.watch_night(new_york(7, 30))
        else:
            await trading.lead(asyncio.Event())

    def key(self, leg: str) -> ContractKey:
        spread = self.spread
        return {
            "long": spread.long_contract.key,
            "short": spread.short_contract.key,
            "QQQ": ContractKey("QQQ"),
        }[leg]

    def close_of_last_session(self, price: str) -> None:
        """Leave in the database what the underlying was worth at the close of the session before.

        The market since then has another price.
        """
        mid = Decimal(price)
        quote = Quote(
            contract_key=ContractKey("QQQ"),
            bid=mid - Decimal("0.01"),
            ask=mid + Decimal("0.01"),
            bid_size=100,
            ask_size=100,
            at=new_york(16, 0) - timedelta(days=2),
        )
        self._write("quotes/QQQ", encode(quote))

    def broker_does(self, name: str, **moves: int) -> None:
        """Change what the broker holds, without a word: long, short, QQQ."""
        account = self.follower(name).account_id
        for leg, quantity in moves.items():
            self.books[name].move(account, self.key(leg), quantity)

    def executes(
        self, name: str, leg: str, side: Side, quantity: int, price: str, *, number: int = 1
    ) -> None:
        """Have the broker's books show a trade that is not ours."""
        account = self.follower(name).account_id
        self.books[name].executions.append(
            Execution(
                broker_exec_id=f"beef.{number:08x}.01.01",
                order_ref="",
                account_id=account,
                contract_key=self.key(leg),
                side=side,
                quantity=quantity,
                price=Decimal(price),
                perm_id=900 + number,
                at=self.clock.now() - timedelta(minutes=1),
            )
        )

    def holds(self, name: str) -> tuple[int, int, int]:
        """What our books hold: long, short, shares."""
        position = self.position(name)
        return (
            position.held(self.key("long")),
            position.held(self.key("short")),
            position.share_quantity,
        )

    def told(self, alert_type: AlertType) -> list[str]:
        return [one.message for one in self.pager.alerts.values() if one.alert_type is alert_type]

    def remedies(self) -> list[Order]:
        return [order for order in self.desk.orders() if order.purpose.is_remedy]

    def shares_sent(self, name: str) -> list[StockOrder]:
        return self.books[name].sent_stock

    def desk_asks_to_close(self, name: str) -> None:
        """Want a follower's spread closed, whoever wants it."""
        self.floor.closing_asks.ask(
            self.position(name).position_id, CloseCause.COMMAND, at=self.clock.now()
        )

    async def external(self) -> tuple[ExternalTrade, ...]:
        return await AsyncFirestoreExternalTrades(self.documents).of_session(SESSION_DATE)

    def stored_is_open(self, name: str) -> object:
        """Whether the database has a follower's position open."""
        path = f"positions/{position_id_of(self.follower(name).follower_id, self.spread)}"
        found = self.documents.documents.get(path)
        return found.data["is_open"] if found else None

    def started_at(self, seconds: int) -> datetime:
        """An instant so long after the morning began, at 09:28:30."""
        return new_york(9, 28, 30) + timedelta(seconds=seconds)

    async def restart(self, holder: str = "two") -> None:
        await self.die()
        self.make_brokers()
        await self.lead(holder)
