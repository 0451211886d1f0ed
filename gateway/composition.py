"""Composition of the gateway: the asyncio adapters, the broker's among them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from gateway.alarm_queue import AlarmQueue
from gateway.kill_switch import KillSwitch
from gateway.lease import ShardLease
from gateway.outage import DirectMessenger, ThreadedMessenger
from shared.adapters.alarm import AsyncPubsubAlarm
from shared.adapters.firestore.clients import AsyncConnection, async_firestore_client
from shared.adapters.firestore.documents_async import AsyncFirestoreDocuments
from shared.adapters.firestore.leases import FirestoreLeases
from shared.adapters.firestore.settings_book import AsyncFirestoreSettings
from shared.adapters.pubsub import PubsubPublisher
from shared.adapters.pubsub_pull import Doorbell
from shared.adapters.secret_manager import GoogleSecretStore
from shared.adapters.telegram import TelegramMessenger
from shared.config import CoreSettings, GatewayMode, GatewaySettings
from shared.domain.alerts import Alert, AlertType
from shared.domain.sessions import session_date_at
from shared.ports.broker import Broker
from shared.ports.clock import AsyncClock
from shared.ports.documents import AsyncDocuments
from shared.ports.settings_book import RecipientsReader


@dataclass(frozen=True, kw_only=True, slots=True)
class Seams:
    """Where somebody may stand between us and the outside; by default nobody does.

    The proof that a crash loses nothing stands here, around the gateway as it is in production.

    Attributes:
        documents: Stands before the database.
        broker: Stands before each login's connection, behind every check of our own.
    """

    documents: Callable[[AsyncDocuments], AsyncDocuments] = lambda documents: documents
    broker: Callable[[Broker], Broker] = lambda broker: broker


NO_SEAMS = Seams()


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
        command_bell: Set whenever a command may have been asked.
        stopping: Set once the process is to end in good order.
        pull: The subscription that sets it.
        started: Set while a session is being led.
        connection: Closed at the end.
        recipients: Who is told of alerts.
        direct: The way to them while the database is away.
        count_traffic: Told how to count the brokers' bytes; held market time needs it.
        seams: Who stands between us and the outside.
        led: Sessions that this process has led to their end.
    """

    clock: AsyncClock
    shard: int
    lease: ShardLease
    kill_switch: KillSwitch
    alarm: AlarmQueue
    documents: AsyncDocuments
    settings: GatewaySettings
    doorbell: asyncio.Event
    command_bell: asyncio.Event
    stopping: asyncio.Event
    pull: Doorbell
    started: asyncio.Event
    connection: AsyncConnection
    recipients: RecipientsReader
    direct: DirectMessenger
    count_traffic: Callable[[Callable[[], tuple[int, int]]], None]
    seams: Seams = NO_SEAMS
    led: set[str] = field(default_factory=set)

    def is_alive(self) -> bool:
        """True while the lease's task runs; a stuck event loop answers no probe at all."""
        return self.settings.gateway_mode is GatewayMode.SHADOW or self.lease.is_looked_after()

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
    seams: Seams,
) -> GatewayParts:
    """Build everything that lives as long as the process; needs the running event loop."""
    connection = async_firestore_client(
        core.google_cloud_project,
        core.firestore_database,
        emulator_host=core.firestore_emulator_host or None,
    )
    documents = seams.documents(AsyncFirestoreDocuments(connection, track=clock.outside_call))
    untracked = AsyncFirestoreDocuments(connection)
    publisher = PubsubPublisher(core.google_cloud_project)
    alarm = AlarmQueue(AsyncPubsubAlarm(publisher, core.alerts_topic, track=clock.outside_call))
    doorbell, command_bell = asyncio.Event(), asyncio.Event()
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
        kill_switch=KillSwitch(
            AsyncFirestoreSettings(untracked),
            monotonic=time.monotonic,
            alert=partial(_raise_alert, alarm, clock),
        ),
        alarm=alarm,
        documents=documents,
        settings=settings,
        doorbell=doorbell,
        command_bell=command_bell,
        stopping=asyncio.Event(),
        pull=_pull(core, settings, [doorbell, command_bell]),
        started=asyncio.Event(),
        connection=connection,
        recipients=AsyncFirestoreSettings(untracked),
        direct=ThreadedMessenger(partial(_messenger, core, settings)),
        count_traffic=count_traffic,
        seams=seams,
    )


async def _raise_alert(
    alarm: AlarmQueue, clock: AsyncClock, alert_type: AlertType, subject: str, message: str
) -> None:
    now = clock.now()
    await alarm.raise_alert(
        Alert(
            alert_type=alert_type,
            subject=subject,
            message=message,
            session_date=session_date_at(now),
            raised_at=now,
        )
    )


def _messenger(core: CoreSettings, settings: GatewaySettings) -> TelegramMessenger:
    """Read the bot's token; blocks."""
    secrets = GoogleSecretStore(
        core.google_cloud_project, address=core.secret_manager_address or None
    )
    try:
        token = secrets.read(settings.pager_secret)
    finally:
        secrets.close()
    return TelegramMessenger(token=token, base_url=settings.pager_base_url)


def _pull(
    core: CoreSettings, settings: GatewaySettings, bells: Sequence[asyncio.Event]
) -> Doorbell:
    project, name = core.google_cloud_project, settings.orders_subscription

    def on_ring(_: object, acknowledge: Callable[[], None]) -> None:
        for bell in bells:
            bell.set()
        acknowledge()

    path = f"projects/{project}/subscriptions/{name}"
    return Doorbell(path, asyncio.get_running_loop(), on_ring)
