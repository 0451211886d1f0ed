"""Composition of the gateway: the asyncio adapters, the broker's among them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from gateway.alarm_queue import AlarmQueue
from gateway.connections import Connections
from gateway.desk import SessionDesk
from gateway.floor import TradingFloor
from gateway.ibkr_broker import IbkrBroker, Timeouts
from gateway.kill_switch import KillSwitch
from gateway.lease import ShardLease
from gateway.trading_session import Books, TradingSession
from shared.adapters.alarm import AsyncPubsubAlarm
from shared.adapters.firestore.boards import AsyncFirestoreBoards
from shared.adapters.firestore.clients import AsyncConnection, async_firestore_client
from shared.adapters.firestore.closings import FirestoreClosings
from shared.adapters.firestore.documents_async import AsyncFirestoreDocuments
from shared.adapters.firestore.fills import AsyncFirestoreFills
from shared.adapters.firestore.followers import AsyncFirestoreFollowers
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.leases import FirestoreLeases
from shared.adapters.firestore.positions import AsyncFirestorePositions
from shared.adapters.firestore.quotes import AsyncFirestoreQuotes
from shared.adapters.firestore.settings_book import AsyncFirestoreSettings
from shared.adapters.firestore.signals import AsyncFirestoreSignals
from shared.adapters.pubsub import PubsubPublisher
from shared.adapters.pubsub_pull import Doorbell
from shared.adapters.session_table import session_table
from shared.config import CoreSettings, GatewaySettings
from shared.domain.followers import Login, LoginId
from shared.domain.sessions import Session, session_date_at
from shared.ports.broker import Broker
from shared.ports.clock import AsyncClock


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayParts:
    """What lives as long as the process.

    Attributes:
        clock: Market time.
        shard: Our shard.
        lease: Our leadership.
        kill_switch: What may be sent.
        alarm: Alerts on their way out.
        documents: The database.
        settings: Settings of the gateway.
        doorbell: Set whenever something may have been planned.
        pull: The subscription that sets it.
        started: Set while a session is being led.
        connection: Closed at the end.
        count_traffic: Told how to count the brokers' bytes; held market time needs it.
    """

    clock: AsyncClock
    shard: int
    lease: ShardLease
    kill_switch: KillSwitch
    alarm: AlarmQueue
    documents: AsyncFirestoreDocuments
    settings: GatewaySettings
    doorbell: asyncio.Event
    pull: Doorbell
    started: asyncio.Event
    connection: AsyncConnection
    count_traffic: Callable[[Callable[[], tuple[int, int]]], None]

    def is_alive(self) -> bool:
        """True while the event loop answers; a stuck loop answers no probe at all."""
        return True

    async def close(self) -> None:
        """Stop pulling, give the lease back, close the database."""
        await asyncio.to_thread(self.pull.close)
        await self.lease.give_back()
        await self.connection.close()


def build_parts(
    clock: AsyncClock,
    core: CoreSettings,
    settings: GatewaySettings,
    count_traffic: Callable[[Callable[[], tuple[int, int]]], None],
) -> GatewayParts:
    """Build everything that lives as long as the process; needs the running event loop."""
    connection = async_firestore_client(
        core.google_cloud_project,
        core.firestore_database,
        emulator_host=core.firestore_emulator_host or None,
    )
    documents = AsyncFirestoreDocuments(connection, track=clock.outside_call)
    untracked = AsyncFirestoreDocuments(connection)
    publisher = PubsubPublisher(core.google_cloud_project)
    doorbell = asyncio.Event()
    return GatewayParts(
        clock=clock,
        shard=settings.gateway_shard,
        lease=ShardLease(
            FirestoreLeases(untracked),
            shard=settings.gateway_shard,
            holder=settings.gateway_holder,
            life_seconds=settings.lease_seconds,
            monotonic=time.monotonic,
        ),
        kill_switch=KillSwitch(AsyncFirestoreSettings(untracked), monotonic=time.monotonic),
        alarm=AlarmQueue(AsyncPubsubAlarm(publisher, core.alerts_topic, track=clock.outside_call)),
        documents=documents,
        settings=settings,
        doorbell=doorbell,
        pull=_pull(core, settings, doorbell),
        started=asyncio.Event(),
        connection=connection,
        count_traffic=count_traffic,
    )


def _pull(core: CoreSettings, settings: GatewaySettings, doorbell: asyncio.Event) -> Doorbell:
    project, name = core.google_cloud_project, settings.orders_subscription

    def on_ring(_: object, acknowledge: Callable[[], None]) -> None:
        doorbell.set()
        acknowledge()

    path = f"projects/{project}/subscriptions/{name}"
    return Doorbell(path, asyncio.get_running_loop(), on_ring)


async def lead_session(parts: GatewayParts) -> None:
    """Lead the session of now, or the next one, to its end; then wait for its close to pass."""
    session = _session_to_lead(parts)
    floor, logins = await _floor(parts, session)
    books = Books(
        fills=AsyncFirestoreFills(parts.documents),
        boards=AsyncFirestoreBoards(parts.documents),
        quotes=AsyncFirestoreQuotes(parts.documents),
        closings=FirestoreClosings(parts.documents),
    )
    trading = TradingSession(floor, logins, books, parts.doorbell)
    brokers = _brokers(parts, logins, trading)
    floor.connections.carry(brokers, on_reconnected=trading.reconcile)
    try:
        await trading.lead(parts.started)
    finally:
        parts.started.clear()
        await floor.connections.disconnect_all()


def _session_to_lead(parts: GatewayParts) -> Session:
    table, now = session_table(), parts.clock.now()
    today = session_date_at(now)
    session = table.session_on(today)
    if session is not None and now < session.close_at:
        return session
    return table.next_session(today)


async def _floor(
    parts: GatewayParts, session: Session
) -> tuple[TradingFloor, dict[LoginId, Login]]:
    await parts.clock.sleep_until(session.open_at - timedelta(hours=2))
    followers = AsyncFirestoreFollowers(parts.documents)
    orders = FirestoreLeaderOrders(parts.documents)
    logins = {login.login_id: login for login in await followers.logins(parts.shard)}
    desk = SessionDesk(
        clock=parts.clock,
        orders=orders,
        fills=AsyncFirestoreFills(parts.documents),
        positions=AsyncFirestorePositions(parts.documents),
    )
    floor = TradingFloor(
        session=session,
        shard=parts.shard,
        clock=parts.clock,
        lease=parts.lease,
        kill_switch=parts.kill_switch,
        desk=desk,
        connections=Connections(parts.clock.outside_call),
        orders=orders,
        signals=AsyncFirestoreSignals(parts.documents),
        followers=followers,
        controls=AsyncFirestoreSettings(parts.documents),
        alarm=parts.alarm,
    )
    return floor, logins


def _brokers(
    parts: GatewayParts, logins: dict[LoginId, Login], trading: TradingSession
) -> dict[LoginId, Broker]:
    timeouts = Timeouts(connect_seconds=parts.settings.connect_seconds)
    made = {
        login_id: IbkrBroker(login, now=parts.clock.now, timeouts=timeouts)
        for login_id, login in logins.items()
    }
    for broker in made.values():
        broker.listen(trading.on_event)
    parts.count_traffic(lambda: _sum_traffic(list(made.values())))
    return dict(made)


def _sum_traffic(brokers: list[IbkrBroker]) -> tuple[int, int]:
    counts = [broker.traffic() for broker in brokers]
    return sum(sent for sent, _ in counts), sum(received for _, received in counts)
