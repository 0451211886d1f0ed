"""Custody: what the accounts hold, taken over, compared with the broker, and cleared up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.custody.account_book import AccountBook
from gateway.custody.assignments import PositionWatch
from gateway.custody.carried import adopt_carried
from gateway.custody.closing_prices import ClosingPrices
from gateway.custody.day_start import DayStart
from gateway.custody.exercising import Exercising
from gateway.custody.foreign_trades import ForeignTrades
from gateway.custody.remedies import Remedies
from gateway.custody.suspects import Suspects
from gateway.floor import TradingFloor
from gateway.openings.ladders import Ladders
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.orders import OrderId
from shared.domain.position_checks import next_check_at
from shared.domain.positions import Position
from shared.domain.reasons import Reason
from shared.ports.accounts import AccountWriter
from shared.ports.broker import Broker
from shared.ports.carried import CarriedBook
from shared.ports.closings import Closings
from shared.ports.daily_pnl import EarlierBook
from shared.ports.exercises import Exercises
from shared.ports.external_trades import ExternalTradeBook
from shared.ports.fills import FillBook
from shared.ports.quotes import QuoteBook
from shared.use_cases.book_expiry import expires_worthless, expiry_fills


@dataclass(frozen=True, kw_only=True, slots=True)
class CustodyBooks:
    """Where what the accounts hold is read and written.

    Attributes:
        carried: What earlier sessions left.
        earlier: What came before the session, results included.
        external_trades: Trades of others.
        exercises: Exercises that we asked for.
        accounts: Accounts as they were last compared.
    """

    carried: CarriedBook
    earlier: EarlierBook
    external_trades: ExternalTradeBook
    exercises: Exercises
    accounts: AccountWriter


class Custody:
    """Looks after what the accounts of a shard hold.

    Args:
        floor: What the leader works with.
        books: Where it is kept.
        fills: Fills in the database.
        quotes: Quotes in the database.
        closings: Closing orders in the database.
        logins: Logins of the shard.
        ladders: Sees orders through.
        tasks: Where the work is supervised.
    """

    def __init__(
        self,
        floor: TradingFloor,
        books: CustodyBooks,
        *,
        fills: FillBook,
        quotes: QuoteBook,
        closings: Closings,
        logins: Mapping[LoginId, Login],
        ladders: Ladders,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._floor = floor
        self._books = books
        self._fills = fills
        self._logins = logins
        self._ladders = ladders
        self._tasks = tasks
        self._checking: set[LoginId] = set()
        self._prices = ClosingPrices(floor, quotes)
        self._exercising = Exercising(floor, books.exercises)
        self._suspects = Suspects(floor, self._prices, self._exercising, self._cancel_soon)
        self._foreign = ForeignTrades(floor, books.external_trades)
        accounts = AccountBook(floor, books.accounts, tasks)
        self._watch = PositionWatch(floor, self._foreign, fills, self._suspects, accounts)
        self._day_start = DayStart(floor, books.earlier, fills)
        self._remedies = Remedies(
            floor, closings, logins, ladders, self._suspects, self._exercising, tasks
        )

    async def adopt(self) -> None:
        """Take over what earlier sessions left, and what others are known to have done.

        Raises:
            AdapterError: If the database failed.
        """
        floor = self._floor
        read = await adopt_carried(floor, self._books.carried, self._fills, list(self._logins))
        for session_date in (*read, floor.session.session_date):
            self._foreign.adopt(await self._books.external_trades.of_session(session_date))
        await self._exercising.adopt()
        await self._day_start.read()

    def check_soon(self, broker: Broker) -> None:
        """Compare a login that has just connected with the books, beside everything else."""
        self._tasks.create_task(self._check(broker))

    async def run(self) -> None:
        """Compare every ready login at its times, and clear up what is due, for ever."""
        floor = self._floor
        while True:
            await floor.clock.sleep_until(next_check_at(floor.clock.now(), floor.session))
            ready = floor.connections.ready().values()
            await asyncio.gather(*(self._check(broker) for broker in ready))
            await self._day_start.read_again()
            await self._exercising.tell_of_overdue()
            await self._remedies.advance()

    async def _check(self, broker: Broker) -> None:
        """Compare one login; what fails is done again at the next look."""
        if broker.login_id in self._checking:
            return
        self._checking.add(broker.login_id)
        try:
            await self._watch.check(broker)
        except AdapterError as error:
            log_event("positions_unchecked", severity="WARNING", why=str(error))
        finally:
            self._checking.discard(broker.login_id)

    def _cancel_soon(self, order_id: OrderId, reason: Reason) -> None:
        work = self._ladders.cancel(order_id, reason)
        self._tasks.create_task(self._ladders.attend(order_id, work))

    async def book_expiries(self) -> None:
        """Book what expired worthless at the close; tell of what did not.

        A position in the money, or whose closing price is not known, waits for the night's
        clearing: what the broker then holds says what became of it.

        Raises:
            AdapterError: If the database failed; calling it again is safe.
        """
        floor = self._floor
        expiring = [
            position
            for position in floor.desk.positions()
            if position.spread.expiry == floor.session.session_date and position.is_open
        ]
        exposed = [one for one in expiring if not await self._book_expiry(one)]
        if expiring:
            booked = len(expiring) - len(exposed)
            log_event("expiry_booked", positions=booked, exposed=len(exposed))
        if exposed:
            names = ", ".join(position.follower_id for position in exposed[:10])
            words = (
                f"{len(exposed)} positions ended in the money or without a closing quote and may "
                f"be exercised or assigned: {names}"
            )
            subject = f"{floor.session.session_date} after the close"
            await floor.raise_alert(AlertType.EOD_CLOSE_FAILED, subject, words)

    async def _book_expiry(self, position: Position) -> bool:
        floor = self._floor
        price = await self._prices.of(position.spread)
        opened_by = self._suspects.opened_by(position.position_id)
        if price is None or opened_by is None or not expires_worthless(position, price):
            return False
        floor.desk.book(expiry_fills(position, opened_by, at=floor.session.close_at))
        return True
