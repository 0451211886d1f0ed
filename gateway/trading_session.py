"""Lead one session: open it with the leader's signal, carry it, book its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from gateway.broker_events import BrokerEvents
from gateway.closings.risk import Risk, RiskBooks
from gateway.custody.custodian import Custody, CustodyBooks
from gateway.desk import happened_before
from gateway.floor import TradingFloor
from gateway.logins.quote_source import QuoteSource
from gateway.openings.ladders import Ladders
from gateway.openings.opening_orders import Openings, release_at
from gateway.projections import make_boards, project_boards, publish_quotes
from shared.adapters.json_log import log_event
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.orders import LIVE_STATES, OrderId
from shared.domain.sessions import at_new_york
from shared.domain.spreads import Spread
from shared.ports.boards import BoardWriter
from shared.ports.broker import Broker, BrokerEvent
from shared.ports.fills import FillBook
from shared.ports.quotes import QuoteBook
from shared.use_cases.read_books import record_sweep
from shared.use_cases.reconcile_login import reconcile_login

_FIRST_LOOK = "09:27"
_SWEEP = timedelta(seconds=30)
_QUICK_SWEEP = timedelta(seconds=5)
_RECONCILE = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """Where the session's projections and fills are written.

    Attributes:
        fills: Fills.
        boards: Boards.
        quotes: Quotes.
        risk: What the risk watch reads and writes.
        custody: What the watch over the accounts' holdings reads and writes.
    """

    fills: FillBook
    boards: BoardWriter
    quotes: QuoteBook
    risk: RiskBooks
    custody: CustodyBooks


class TradingSession:
    """One session of one shard, led by us.

    Args:
        floor: What the leader works with.
        logins: Logins of the shard.
        books: Where projections and fills are written.
        doorbell: Set whenever something may have been planned.
        command_bell: Set whenever a command may have been asked.
        restart: Ends this process in good order.
    """

    def __init__(
        self,
        floor: TradingFloor,
        logins: dict[LoginId, Login],
        books: Books,
        doorbell: asyncio.Event,
        *,
        command_bell: asyncio.Event,
        restart: Callable[[], None],
    ) -> None:
        self._floor = floor
        self._logins = logins
        self._books = books
        self._doorbell = doorbell
        self._command_bell = command_bell
        self._restart = restart
        self._events: Callable[[LoginId, BrokerEvent], None] | None = None
        self._ladders: Ladders | None = None
        self._custody: Custody | None = None
        self._source = QuoteSource(floor, self._spreads)
        self._is_open = False

    def on_event(self, login_id: LoginId, event: BrokerEvent) -> None:
        """Take a broker event in, once the session is being led."""
        self._source.heard(event)
        if self._events is not None:
            self._events(login_id, event)

    async def reconcile(self, broker: Broker) -> None:
        """Reconcile a login that has just connected, before it trades."""
        await self._reconcile(broker)
        if self._custody is not None:
            self._custody.check_soon(broker)

    async def read_beside(self, broker: Broker) -> None:
        """Book what a second connection reads of a login whose own is not ours yet."""
        for spread in self._spreads():
            await broker.resolve(spread.symbol, [leg.contract for leg in spread.opening_legs])
        record_sweep(await broker.sweep(), desk=self._floor.desk)

    async def _reconcile(self, broker: Broker) -> None:
        floor = self._floor
        # What the broker tells of a contract that was never looked up has a name of its own.
        for spread in self._spreads():
            await broker.resolve(spread.symbol, [leg.contract for leg in spread.opening_legs])
        gone = self._ladders.gone if self._ladders else frozenset[OrderId]()
        found = await reconcile_login(broker, desk=floor.desk, now=floor.clock.now(), gone=gone)
        if self._ladders is not None:
            await self._ladders.take_in(found)
        if self._is_open:
            await self._watch(broker)

    async def lead(self, started: asyncio.Event) -> None:
        """Lead the session from now to its end.

        Args:
            started: Set once every login was tried and the doorbell is listened to.
        """
        floor = self._floor
        async with asyncio.TaskGroup() as tasks:
            self._ladders, custody = self._take_over(tasks)
            await self._adopt(custody)
            risk = self._risk(self._ladders, tasks)
            await risk.prepare()
            await floor.connections.connect_all()
            await self._watch_somewhere()
            works = [*self._carried_work(self._ladders), *risk.watches(), custody.run()]
            carried = [tasks.create_task(work) for work in works]
            self._is_open = True
            started.set()
            await self._open(Openings(floor, self._logins, self._ladders))
            await floor.clock.sleep_until(floor.session.close_at)
            await self._insist(partial(self._book_end, custody))
            await floor.clock.sleep_until(floor.session.close_at + timedelta(seconds=2))
            await self._insist(floor.desk.flush)
            for task in carried:
                task.cancel()
            # Hanging up after the session is no loss that anybody need be told of.
            self._events = None

    async def watch_night(self, until: datetime) -> None:
        """Compare what the broker holds with the books until the morning; trade nothing.

        Args:
            until: When the session is taken over by `lead`, on a desk of its own (UTC).
        """
        floor = self._floor
        async with asyncio.TaskGroup() as tasks:
            ladders, custody = self._take_over(tasks)
            await self._adopt(custody)
            risk = self._risk(ladders, tasks)
            await risk.prepare()
            await floor.connections.connect_all()
            works = [floor.desk.write_behind(), floor.connections.keep_up(), custody.run()]
            works += risk.night_watches()
            kept = [tasks.create_task(work) for work in works]
            await floor.clock.sleep_until(until)
            await self._insist(floor.desk.flush)
            for task in kept:
                task.cancel()
            self._events = None

    def _take_over(self, tasks: asyncio.TaskGroup) -> tuple[Ladders, Custody]:
        """Build what sees to orders and holdings, and listen to the brokers."""
        floor = self._floor
        ladders = Ladders(floor, tasks, self._logins)
        self._events = BrokerEvents(floor.desk, ladders, floor.clock).handle
        self._custody = Custody(
            floor,
            self._books.custody,
            fills=self._books.fills,
            quotes=self._books.quotes,
            closings=self._books.risk.closings,
            logins=self._logins,
            ladders=ladders,
            tasks=tasks,
        )
        return ladders, self._custody

    def _risk(self, ladders: Ladders, tasks: asyncio.TaskGroup) -> Risk:
        return Risk(
            self._floor,
            self._books.risk,
            self._logins,
            ladders,
            tasks,
            bell=self._command_bell,
            restart=self._restart,
        )

    def _carried_work(self, ladders: Ladders) -> list[Coroutine[object, object, None]]:
        floor, date = self._floor, self._floor.session.session_date
        return [
            floor.desk.write_behind(),
            floor.connections.keep_up(),
            self._source.keep(),
            ladders.cancel_where_forbidden(),
            self._keep_reconciled(ladders),
            project_boards(
                floor.desk,
                floor.carried,
                self._books.boards,
                floor.clock,
                session_date=date,
                shard=floor.shard,
            ),
            publish_quotes(floor.quotes, self._books.quotes, floor.clock, floor.session),
        ]

    async def _adopt(self, custody: Custody) -> None:
        """Take over what an earlier leader of the shard left, ended orders and fills included."""
        floor, date = self._floor, self._floor.session.session_date
        login_ids = list(self._logins)
        await floor.orders.restamp(date, login_ids, shard=floor.shard, token=floor.lease.token)
        floor.desk.adopt(await floor.orders.of_session(date, login_ids))
        await custody.adopt()

    async def _keep_reconciled(self, ladders: Ladders) -> None:
        """Every minute, see to what is live and nobody works, and to quotes that went missing."""
        floor = self._floor
        settings = await floor.controls.trading()
        ladders.take_up(settings)
        at = floor.clock.now().replace(second=0, microsecond=0)
        while True:
            at += _RECONCILE
            await floor.clock.sleep_until(at)
            ready = floor.connections.ready()
            for login_id, broker in ready.items():
                if self._has_live_orders(login_id):
                    await self._try(partial(self._reconcile, broker))
            await self._watch_somewhere()
            ladders.take_up(settings)

    def _has_live_orders(self, login_id: LoginId) -> bool:
        orders = self._floor.desk.orders()
        return any(order.login_id == login_id and order.state in LIVE_STATES for order in orders)

    async def _watch_somewhere(self) -> None:
        for broker in list(self._floor.connections.ready().values())[:1]:
            await self._try(partial(self._watch, broker))

    async def _watch(self, broker: Broker) -> None:
        """Have quotes of what is traded from this login, where no login gives any."""
        if not self._floor.quotes():
            await self._source.watch(broker)

    def _spreads(self) -> list[Spread]:
        """What the session's orders trade, each spread once."""
        orders = self._floor.desk.orders()
        return list({order.spread.spread_id: order.spread for order in orders}.values())

    async def _open(self, openings: Openings) -> None:
        """Look at the doorbell's ring, at the release, and every 30 s, until the cut-off."""
        floor = self._floor
        settings = await floor.controls.trading()
        cutoff = floor.cutoff_at(settings)
        due = max(at_new_york(floor.session.session_date, _FIRST_LOOK), floor.clock.now())
        while floor.clock.now() < cutoff:
            await happened_before(self._doorbell, min(due, cutoff), floor.clock)
            self._doorbell.clear()
            await self._try(openings.advance)
            due = self._next_look(release_at(floor.session.open_at, settings), openings)
        await self._insist(openings.finish)

    async def _insist(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        """Do something every few seconds until it succeeds once."""
        while not await self._try(work):
            await self._floor.clock.sleep_until(self._floor.clock.now() + _QUICK_SWEEP)

    async def _try(self, work: Callable[[], Coroutine[object, object, None]]) -> bool:
        """Do something; False where database or broker failed it, to be done again later."""
        try:
            await work()
        except AdapterError as error:
            log_event("work_failed", severity="WARNING", why=str(error))
            return False
        return True

    def _next_look(self, released_at: datetime, openings: Openings) -> datetime:
        """The next grid instant: every 30 s, every 5 s while orders wait past their release."""
        now = self._floor.clock.now()
        if now < released_at <= now + _SWEEP:
            return released_at
        return now + (_QUICK_SWEEP if openings.has_unsent() and now >= released_at else _SWEEP)

    async def _book_end(self, custody: Custody) -> None:
        """Book the expiry of what ended worthless, and project the end of the day."""
        floor = self._floor
        await custody.book_expiries()
        await floor.desk.flush()
        date, now = floor.session.session_date, floor.clock.now()
        boards = make_boards(floor.desk, floor.carried, date, floor.shard, now)
        await self._books.boards.write(boards)
