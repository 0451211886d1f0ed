"""Lead one session: open it with the leader's signal, carry it, book its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from gateway.broker_events import BrokerEvents
from gateway.closings import EndOfDay
from gateway.desk import happened_before
from gateway.floor import TradingFloor
from gateway.ladders import Ladders
from gateway.openings import Openings, release_at
from gateway.projections import make_boards, project_boards, publish_quotes
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.options import underlying_key
from shared.domain.orders import LIVE_STATES, opening_order_id
from shared.domain.positions import Position
from shared.domain.sessions import at_new_york
from shared.domain.spreads import Spread
from shared.ports.boards import BoardWriter
from shared.ports.broker import Broker, BrokerEvent
from shared.ports.closings import Closings
from shared.ports.fills import FillBook
from shared.ports.quotes import QuoteWriter
from shared.use_cases.book_expiry import expires_worthless, expiry_fills
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
        closings: Closing orders.
    """

    fills: FillBook
    boards: BoardWriter
    quotes: QuoteWriter
    closings: Closings


class TradingSession:
    """One session of one shard, led by us.

    Args:
        floor: What the leader works with.
        logins: Logins of the shard.
        books: Where projections and fills are written.
        doorbell: Set whenever something may have been planned.
    """

    def __init__(
        self,
        floor: TradingFloor,
        logins: dict[LoginId, Login],
        books: Books,
        doorbell: asyncio.Event,
    ) -> None:
        self._floor = floor
        self._logins = logins
        self._books = books
        self._doorbell = doorbell
        self._events: Callable[[LoginId, BrokerEvent], None] | None = None
        self._ladders: Ladders | None = None
        self._is_open = False

    def on_event(self, login_id: LoginId, event: BrokerEvent) -> None:
        """Take a broker event in, once the session is being led."""
        if self._events is not None:
            self._events(login_id, event)

    async def reconcile(self, broker: Broker) -> None:
        """Reconcile a login that has just connected, before it trades."""
        floor = self._floor
        # What the broker tells of a contract that was never looked up has a name of its own.
        for spread in self._spreads():
            await broker.resolve(spread.symbol, [leg.contract for leg in spread.opening_legs])
        doubtful = await reconcile_login(broker, desk=floor.desk, now=floor.clock.now())
        for order in doubtful:
            if self._ladders is not None and not self._ladders.is_unsent(order):
                await self._ladders.settle(order.order_id, "not among the broker's open orders")
        if self._is_open:
            await self._watch(broker)

    async def lead(self, started: asyncio.Event) -> None:
        """Lead the session from now to its end.

        Args:
            started: Set once every login was tried and the doorbell is listened to.
        """
        floor = self._floor
        async with asyncio.TaskGroup() as tasks:
            self._ladders = Ladders(floor, tasks)
            events = BrokerEvents(floor.desk, self._ladders, floor.clock, tasks)
            self._events = events.handle
            await self._adopt()
            await floor.connections.connect_all()
            await self._watch_somewhere()
            carried = [tasks.create_task(work) for work in self._carried_work(self._ladders)]
            self._is_open = True
            started.set()
            await self._open(Openings(floor, self._logins, self._ladders))
            closings = self._books.closings
            await EndOfDay(floor, closings, self._logins, self._ladders, tasks).watch()
            await self._insist(self._book_end)
            await floor.clock.sleep_until(floor.session.close_at + timedelta(seconds=2))
            await self._insist(floor.desk.flush)
            for task in carried:
                task.cancel()
            # Hanging up after the session is no loss that anybody need be told of.
            self._events = None

    def _carried_work(self, ladders: Ladders) -> list[Coroutine[object, object, None]]:
        floor, date = self._floor, self._floor.session.session_date
        return [
            floor.desk.write_behind(),
            floor.connections.keep_up(),
            ladders.cancel_where_forbidden(),
            self._keep_reconciled(ladders),
            project_boards(
                floor.desk, self._books.boards, floor.clock, session_date=date, shard=floor.shard
            ),
            publish_quotes(floor.quotes, self._books.quotes, floor.clock, floor.session),
        ]

    async def _adopt(self) -> None:
        """Take over what an earlier leader of the shard left, ended orders and fills included."""
        floor, date = self._floor, self._floor.session.session_date
        login_ids = list(self._logins)
        await floor.orders.restamp(date, login_ids, shard=floor.shard, token=floor.lease.token)
        floor.desk.adopt(await floor.orders.of_session(date, login_ids))
        fills = await self._books.fills.of_session(date)
        floor.desk.adopt_fills([fill for fill in fills if floor.desk.knows(fill.order_id)])

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
                    await self._try(partial(self.reconcile, broker))
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
        floor = self._floor
        if floor.quotes():
            return
        for spread in self._spreads():
            contracts = [leg.contract for leg in spread.opening_legs]
            await broker.resolve(spread.symbol, contracts)
            await broker.watch(spread.symbol, contracts)

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

    async def _book_end(self) -> None:
        """Book the expiry of what ended worthless; tell of what did not."""
        floor = self._floor
        expiring = [
            position
            for position in floor.desk.positions()
            if position.spread.expiry == floor.session.session_date and not position.is_flat
        ]
        max_age_seconds = (await floor.controls.trading()).mark_stale_seconds
        exposed = [one for one in expiring if not self._book_expiry(one, max_age_seconds)]
        if expiring:
            booked = len(expiring) - len(exposed)
            log_event("expiry_booked", positions=booked, exposed=len(exposed))
        if exposed:
            names = ", ".join(position.follower_id for position in exposed[:10])
            words = (
                f"{len(exposed)} positions ended in the money or without a closing quote and may "
                f"be exercised or assigned: {names}"
            )
            await floor.raise_alert(AlertType.EOD_CLOSE_FAILED, floor.session.session_date, words)
        await floor.desk.flush()
        boards = make_boards(floor.desk, floor.session.session_date, floor.shard, floor.clock.now())
        await self._books.boards.write(boards)

    def _book_expiry(self, position: Position, max_age_seconds: float) -> bool:
        floor = self._floor
        quote = floor.quotes().get(underlying_key(position.spread.symbol))
        if quote is None or quote.age_seconds(floor.session.close_at) > max_age_seconds:
            return False
        if quote.mid is None or not expires_worthless(position, quote.mid):
            return False
        for order in floor.desk.orders():
            if order.follower_id != position.follower_id or order.spread != position.spread:
                continue
            if order.order_id == opening_order_id(order.signal_id, order.follower_id):
                floor.desk.book(expiry_fills(position, order, at=floor.session.close_at))
        return True
