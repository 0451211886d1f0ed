"""A whole trading session over documents in memory and fake brokers, on a clock moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from gateway.closings.risk import RiskBooks
from gateway.custody.custodian import CustodyBooks
from gateway.desk import SessionDesk
from gateway.floor import TradingFloor
from gateway.kill_switch import KillSwitch
from gateway.lease import ShardLease
from gateway.logins.connections import Connections
from gateway.logins.pacer import Pacer
from gateway.logins.write_gate import WriteGate, WriteRules
from gateway.trading_session import Books, TradingSession
from shared.adapters.firestore.accounts import AsyncFirestoreAccounts
from shared.adapters.firestore.boards import AsyncFirestoreBoards
from shared.adapters.firestore.breaches import AsyncFirestoreBreaches
from shared.adapters.firestore.carried import FirestoreCarried
from shared.adapters.firestore.closings import FirestoreClosings
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.commands import AsyncFirestoreCommands
from shared.adapters.firestore.daily_pnl import FirestoreEarlier
from shared.adapters.firestore.exercises import FirestoreExercises
from shared.adapters.firestore.external_trades import AsyncFirestoreExternalTrades
from shared.adapters.firestore.fills import AsyncFirestoreFills
from shared.adapters.firestore.followers import AsyncFirestoreFollowers
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.leases import FirestoreLeases
from shared.adapters.firestore.positions import AsyncFirestorePositions
from shared.adapters.firestore.quotes import AsyncFirestoreQuotes
from shared.adapters.firestore.settings_book import AsyncFirestoreSettings
from shared.adapters.firestore.signals import AsyncFirestoreSignals
from shared.adapters.firestore.spreads import AsyncFirestoreSpreadRecords
from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import AdapterError
from shared.domain.followers import AccountId, Follower, Login, LoginId
from shared.domain.orders import Order, opening_order_id
from shared.domain.planning import plan_opening
from shared.domain.sessions import Session, SessionDate
from shared.domain.signals import Signal
from shared.domain.trading_settings import TradingSettings
from shared.ports.broker import Broker
from shared.ports.documents import AsyncDocuments, Query, Replace, Snapshot, Write
from tests.builders import SESSION_DATE, a_follower
from tests.contract.records import RECORD, a_signal
from tests.contract.venues import CLOSE_AT, OPEN_AT
from tests.fakes.async_clock import AsyncManualClock, calm, monotonic
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import BrokerBook, FakeMarket
from tests.fakes.documents import AsyncInMemoryDocuments

T = TypeVar("T")

TURNS = 40
LONG_KEY, SHORT_KEY = f"QQQ-{SESSION_DATE}-P-585", f"QQQ-{SESSION_DATE}-P-590"


def new_york(hour: int, minute: int, second: int = 0) -> datetime:
    """That day in November: New York plus five hours."""
    return datetime(2026, 11, 27, hour + 5, minute, second, tzinfo=UTC)


START_AT = new_york(9, 20)
CUTOFF = "09:45"
"""An early entry cut-off: less to wait for."""

SIGNAL: Signal = replace(a_signal(), read_at=new_york(9, 27, 5), verified_at=new_york(9, 29, 5))


class FailingDocuments(AsyncInMemoryDocuments):
    """Documents that cannot be reached while `down`, or lose the answer of a commit."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.lose_next_answer_of = ""
        """Path prefix of a write whose transaction is applied, and its answer lost."""
        self.transactions = 0

    async def get(self, path: str) -> Snapshot | None:
        self._reach()
        return await super().get(path)

    async def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        self._reach()
        return await super().get_many(paths)

    async def find(self, query: Query) -> tuple[Snapshot, ...]:
        self._reach()
        return await super().find(query)

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        self._reach()
        return await super().commit(writes)

    async def transact_with_versions(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> tuple[T, tuple[str, ...]]:
        self._reach()
        self.transactions += 1
        answer = await super().transact_with_versions(paths, decide)
        if self.lose_next_answer_of and self.lose_next_answer_of in paths:
            self.lose_next_answer_of = ""
            raise AdapterError("firestore", "deadline exceeded", retryable=True)
        return answer

    def _reach(self) -> None:
        if self.down:
            raise AdapterError("firestore", "unavailable", retryable=True)


class Pager:
    """Keeps alerts, each key once as the alarm queue does."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}

    async def raise_alert(self, alert: Alert) -> None:
        self.alerts.setdefault(alert.key, alert)

    @property
    def told(self) -> list[tuple[AlertType, str]]:
        return [(alert.alert_type, alert.subject) for alert in self.alerts.values()]


class World:
    """Followers with a login each, their broker, the database, and leaders one after another.

    Use it within `run_jumping`: machine time passes only where a test sleeps.
    """

    is_dry_run = False

    def __init__(self, *names: str, signal: Signal | None = SIGNAL) -> None:
        self.clock = AsyncManualClock(START_AT, turns=TURNS)
        self.documents = FailingDocuments()
        self.market = FakeMarket(is_live=True)
        self.pager = Pager()
        self.lease_seconds = 1e9
        self.names = names
        self.doorbell = asyncio.Event()
        self.command_bell = asyncio.Event()
        self.restarted = asyncio.Event()
        """Set once a leader was told to restart."""
        self.books = {name: BrokerBook() for name in names}
        self.brokers: dict[str, FakeBroker] = {}
        self.show(590, "1.96", "1.98")
        self.show(585, "0.98", "1.00")
        self.market.show("QQQ", "592.00", "592.02", at=START_AT)
        self._kept: list[asyncio.Task[None]] = []
        self._write("controls/trading", {"mode": "normal"})
        self._write("settings/trading", {"entry_cutoff": CUTOFF})
        for name in names:
            self._write(f"followers/{name}", encode(self.follower(name)))
            self._write(f"logins/login-{name}", encode(self._login(name)))
        if signal is not None:
            self.plan(signal)

    def follower(self, name: str) -> Follower:
        return replace(
            a_follower(name),
            login_id=LoginId(f"login-{name}"),
            account_id=AccountId(f"DU-{name}"),
        )

    def plan(self, signal: Signal, planned_at: datetime = START_AT) -> None:
        """Do what ingest_signal does: the signal, its session's record, a plan for everybody."""
        self.write_signal(signal)
        record = replace(RECORD, active_signals={"QQQ": signal.signal_id})
        self._write(f"sessions/{SESSION_DATE}", encode(record))
        for name in self.names:
            order = plan_opening(signal, self.follower(name), TradingSettings(), now=planned_at)
            self.write_order(order)

    def write_order(self, order: Order) -> None:
        self._write(f"orders/{order.order_id}", encode(order))

    def write_signal(self, signal: Signal) -> None:
        self._write(f"signals/{signal.signal_id}", encode(signal))

    def switch(self, mode: str) -> None:
        self._write("controls/trading", {"mode": mode})

    def show(self, strike: int, bid: str | None, ask: str | None) -> None:
        """Move the market of a put, and fill what has become marketable."""
        key = f"QQQ-{SESSION_DATE}-P-{strike}"
        self.market.show(key, bid, ask, at=self.clock.now())
        for broker in self.brokers.values():
            broker.match()

    def make_brokers(self) -> None:
        """The brokers of the next leader; a test may change them before it starts."""
        for name in self.names:
            self.brokers[name] = FakeBroker(
                f"login-{name}",
                [f"DU-{name}"],
                self.market,
                now=self.clock.now,
                book=self.books[name],
                equity=str(self.brokers[name].equity) if name in self.brokers else "100000",
            )

    def database(self) -> AsyncDocuments:
        """The documents as a leader reaches them; a test may stand between."""
        return self.documents

    def carried(self, broker: FakeBroker) -> Broker:
        """A broker as a leader reaches it; a test may stand between."""
        return broker

    async def lead(self, holder: str = "one") -> None:
        """Start a leader."""
        if not self.brokers:
            self.make_brokers()
        lease = ShardLease(
            FirestoreLeases(self.documents),
            shard=0,
            holder=holder,
            life_seconds=self.lease_seconds,
            monotonic=monotonic,
        )
        await lease.win()
        self.lease = lease
        switch = KillSwitch(AsyncFirestoreSettings(self.documents), monotonic=monotonic)
        await switch.look()
        self.desk = SessionDesk(
            clock=self.clock,
            orders=FirestoreLeaderOrders(self.database()),
            fills=AsyncFirestoreFills(self.database()),
            positions=AsyncFirestorePositions(self.database()),
        )
        self.floor = self._floor(lease, switch)
        trading = self._session(self.floor)
        self._kept = [
            asyncio.create_task(switch.watch()),
            asyncio.create_task(self.work(trading)),
        ]
        await calm(TURNS)

    async def work(self, trading: TradingSession) -> None:
        """What a leader does; a test may have it do another thing."""
        await trading.lead(asyncio.Event())

    async def die(self) -> None:
        """End the leader as a crash does: nothing more is written, its connections are cut."""
        for task in self._kept:
            task.cancel()
        for task in self._kept:
            with suppress(asyncio.CancelledError):
                await task
        for broker in self.brokers.values():
            broker.listen(lambda *_: None)
            broker.drop()
        await self.lease.give_back()

    async def run_to(self, hour: int, minute: int, second: int = 0) -> None:
        await self.clock.run_to(new_york(hour, minute, second))
        for task in self._kept:
            if task.done():
                task.result()

    def order(self, name: str) -> Order:
        return self.desk.order(opening_order_id(SIGNAL.signal_id, self.follower(name).follower_id))

    def sent(self, name: str) -> list[str]:
        """Limits that arrived at a follower's broker."""
        return [str(order.limit) for order in self.books[name].sent]

    async def stored(self) -> dict[str, Order]:
        found = await FirestoreLeaderOrders(self.documents).of_session(
            SESSION_DATE, [LoginId(f"login-{name}") for name in self.names]
        )
        return {one.value.follower_id: one.value for one in found}

    def _floor(self, lease: ShardLease, switch: KillSwitch) -> TradingFloor:
        return TradingFloor(
            session=Session(
                session_date=SessionDate(SESSION_DATE), open_at=OPEN_AT, close_at=CLOSE_AT
            ),
            shard=0,
            clock=self.clock,
            lease=lease,
            kill_switch=switch,
            desk=self.desk,
            connections=Connections(),
            orders=FirestoreLeaderOrders(self.database()),
            signals=AsyncFirestoreSignals(self.database()),
            followers=AsyncFirestoreFollowers(self.database()),
            controls=AsyncFirestoreSettings(self.database()),
            alarm=self.pager,
        )

    def _session(self, floor: TradingFloor) -> TradingSession:
        books = Books(
            fills=AsyncFirestoreFills(self.database()),
            boards=AsyncFirestoreBoards(self.database()),
            quotes=AsyncFirestoreQuotes(self.database()),
            risk=RiskBooks(
                closings=FirestoreClosings(self.database()),
                spreads=AsyncFirestoreSpreadRecords(self.database()),
                breaches=AsyncFirestoreBreaches(self.database()),
                commands=AsyncFirestoreCommands(self.database()),
            ),
            custody=CustodyBooks(
                carried=FirestoreCarried(self.database()),
                earlier=FirestoreEarlier(self.database()),
                external_trades=AsyncFirestoreExternalTrades(self.database()),
                exercises=FirestoreExercises(self.database()),
                accounts=AsyncFirestoreAccounts(self.database()),
            ),
        )
        logins = {LoginId(f"login-{name}"): self._login(name) for name in self.names}
        trading = TradingSession(
            floor,
            logins,
            books,
            self.doorbell,
            command_bell=self.command_bell,
            restart=self.restarted.set,
        )
        rules = WriteRules(
            lease_stands=floor.lease.stands,
            mode=floor.kill_switch.mode,
            is_dry_run=self.is_dry_run,
        )
        gates = {
            # Machine time stands still where only market time is moved: no pace to keep.
            broker.login_id: WriteGate(self.carried(broker), rules, Pacer(most=1_000_000))
            for broker in self.brokers.values()
        }
        for gate in gates.values():
            gate.listen(trading.on_event)
        floor.connections.carry(gates, on_reconnected=trading.reconcile)
        return trading

    def _login(self, name: str) -> Login:
        return Login(login_id=LoginId(f"login-{name}"), host="ib", port=4003, client_id=11)

    def _write(self, path: str, data: dict[str, object]) -> None:
        self.documents.documents.commit([Replace(path=path, data=data)])
