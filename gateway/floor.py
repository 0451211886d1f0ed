"""What the parts of the gateway share while they lead a session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.closings.closing_asks import ClosingAsks
from gateway.custody.carried_results import CarriedResults
from gateway.desk import SessionDesk
from gateway.kill_switch import KillSwitch
from gateway.lease import ShardLease
from gateway.logins.connections import Connections
from shared.domain.alerts import Alert, AlertType
from shared.domain.followers import FollowerId
from shared.domain.options import ContractKey
from shared.domain.orders import Order
from shared.domain.quotes import NetQuote, Quote, net_quote
from shared.domain.sessions import Session, at_new_york
from shared.domain.spreads import Leg
from shared.domain.trading_settings import TradingSettings
from shared.ports.alarm import AsyncAlarm
from shared.ports.clock import AsyncClock
from shared.ports.followers import FollowerReader
from shared.ports.orders import LeaderOrders
from shared.ports.settings_book import ControlsReader
from shared.ports.signals import SignalReader


@dataclass(frozen=True, kw_only=True, slots=True)
class TradingFloor:
    """One session of one shard, as its leader sees it.

    Attributes:
        session: The session.
        shard: Our shard.
        clock: Market time.
        lease: Our leadership.
        kill_switch: What may be sent.
        desk: Orders, fills and positions.
        connections: Broker logins.
        orders: Orders in the database.
        signals: Signals in the database.
        followers: Followers in the database.
        controls: Settings in the database.
        alarm: Raises alerts.
        closing_asks: Where whoever wants a position closed says so.
        barred: Followers that open nothing until the next session, with the reason in words.
        carried: What the days before made of what is carried; the day counts from there.
    """

    session: Session
    shard: int
    clock: AsyncClock
    lease: ShardLease
    kill_switch: KillSwitch
    desk: SessionDesk
    connections: Connections
    orders: LeaderOrders
    signals: SignalReader
    followers: FollowerReader
    controls: ControlsReader
    alarm: AsyncAlarm
    closing_asks: ClosingAsks = field(default_factory=ClosingAsks)
    barred: dict[FollowerId, str] = field(default_factory=dict)
    carried: CarriedResults = field(default_factory=CarriedResults)

    def may_open(self) -> bool:
        """Tell whether an opening may be sent now: the lease stands, the switch is normal."""
        return self.lease.stands() and self.kill_switch.mode().may_open

    def cutoff_at(self, settings: TradingSettings) -> datetime:
        """The entry cut-off (UTC)."""
        return at_new_york(self.session.session_date, settings.entry_cutoff)

    def quotes(self) -> dict[ContractKey, Quote]:
        """Quotes from the login whose feed proved alive last: priced once for everybody.

        A login whose market data is not live prices nothing.
        """
        found = [held for gate in self.connections.pricing() if (held := gate.quotes())]
        return max(found, key=lambda held: max(one.at for one in held.values()), default={})

    def market(self, legs: Iterable[Leg], settings: TradingSettings) -> NetQuote | None:
        """Net quote of a combo now; None where it is unusable."""
        return net_quote(
            tuple(legs),
            self.quotes(),
            now=self.clock.now(),
            max_age_seconds=settings.quote_max_age_seconds,
        )

    async def alert_order(self, alert_type: AlertType, order: Order, message: str) -> None:
        """Raise an alert about one follower's order."""
        await self.raise_alert(
            alert_type,
            order.follower_id,
            message,
            follower_id=order.follower_id,
            traceparent=order.traceparent,
        )

    async def raise_alert(
        self,
        alert_type: AlertType,
        subject: str,
        message: str,
        *,
        follower_id: str | None = None,
        traceparent: str = "",
    ) -> None:
        """Raise an alert of this session."""
        await self.alarm.raise_alert(
            Alert(
                alert_type=alert_type,
                subject=subject,
                message=message,
                session_date=self.session.session_date,
                raised_at=self.clock.now(),
                follower_id=follower_id,
                traceparent=traceparent,
            )
        )
