"""Match a session with the broker's statements: correct, complete, and say what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.alerts import Alert, AlertType
from shared.domain.broker_statement import BrokerStatement, statement_ref_of
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.external_trades import ExternalTrade
from shared.domain.fills import Fill
from shared.domain.followers import AccountId, Login, LoginId
from shared.domain.orders import Order
from shared.domain.sessions import Session, SessionTable
from shared.domain.settlement import swept_from, unswept, without_fee
from shared.domain.statement_match import StatementMatch, match_statement
from shared.domain.statement_mismatch import Mismatch, MismatchKind
from shared.domain.statement_settlements import is_settlement
from shared.ports.accounts import AccountReader
from shared.ports.alarm import Alarm
from shared.ports.broker_statements import BrokerStatements
from shared.ports.clock import Clock
from shared.ports.daily_pnl import DailyPnlBook
from shared.ports.external_trades import ExternalTrades
from shared.ports.fill_corrections import FillCorrections
from shared.ports.fills import FillReader
from shared.ports.followers import Followers
from shared.ports.orders import PlannedOrders
from shared.ports.positions import PositionReader
from shared.use_cases.read_earlier_days import read_earlier_days


class _MatchSource(Protocol):
    """Whatever carries the adapters that matching needs, under these names."""

    @property
    def clock(self) -> Clock: ...

    @property
    def session_table(self) -> SessionTable: ...

    @property
    def followers(self) -> Followers: ...

    @property
    def orders(self) -> PlannedOrders: ...

    @property
    def positions(self) -> PositionReader: ...

    @property
    def fills(self) -> FillReader: ...

    @property
    def daily_pnl(self) -> DailyPnlBook: ...

    @property
    def accounts(self) -> AccountReader: ...

    @property
    def external_trades(self) -> ExternalTrades: ...

    @property
    def fill_corrections(self) -> FillCorrections: ...

    @property
    def broker_statements(self) -> BrokerStatements: ...

    @property
    def alarm(self) -> Alarm: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchPorts:
    """What matching reads and writes."""

    clock: Clock
    table: SessionTable
    followers: Followers
    orders: PlannedOrders
    positions: PositionReader
    fills: FillReader
    daily_pnl: DailyPnlBook
    accounts: AccountReader
    external_trades: ExternalTrades
    fill_corrections: FillCorrections
    broker_statements: BrokerStatements
    alarm: Alarm

    @classmethod
    def of(cls, source: _MatchSource) -> MatchPorts:
        """Take the ports from whatever carries them."""
        return cls(
            clock=source.clock,
            table=source.session_table,
            followers=source.followers,
            orders=source.orders,
            positions=source.positions,
            fills=source.fills,
            daily_pnl=source.daily_pnl,
            accounts=source.accounts,
            external_trades=source.external_trades,
            fill_corrections=source.fill_corrections,
            broker_statements=source.broker_statements,
            alarm=source.alarm,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionMatched:
    """What matching found.

    Attributes:
        session_date: Which session.
        corrected: Fills that were corrected or added.
        waits_for: What keeps the session provisional, in words; empty where nothing does.
    """

    session_date: str
    corrected: int
    waits_for: tuple[str, ...]


def match_session(ports: MatchPorts, session: Session) -> SessionMatched:
    """Match one session.

    - A statement is fetched for every login whose accounts had an execution in the session, or
      carried something into it; one that fails holds up no other.
    - What the broker knows better is recorded: fees, corrections, executions we missed, and
      trades of others.
    - What then differs raises BROKER_STATEMENT_MISMATCH, a statement that cannot be had
      BROKER_STATEMENT_MISSING.
    - Deposits and withdrawals stand in a statement too; nothing adds them to a profit.

    Raises:
        AdapterError: The database failed; doing it again is safe.
    """
    books = _Books.read(ports, session)
    found = [_match_login(ports, books, login) for login in books.logins]
    fills = [fill for match, _ in found for fill in match.fills]
    external = [trade for match, _ in found for trade in match.external]
    if fills:
        ports.fill_corrections.record(fills)
    if external:
        ports.external_trades.record(external)
    mismatches = [
        one
        for match, _ in found
        for one in match.mismatches
        # Where the clearing came after the statement, the next morning's sweep shows it: an
        # account that it found different is waited for below.
        if one.kind is not MismatchKind.NOT_CLEARED
    ]
    _tell(ports, session, mismatches)
    return SessionMatched(
        session_date=session.session_date,
        corrected=len(fills),
        waits_for=(
            *(why for _, why in found if why),
            *(one.words for one in mismatches),
            *books.orphans,
            *unswept(
                books.accounts,
                ports.accounts.get_many(sorted(books.accounts)),
                since=swept_from(session.session_date, ports.table),
            ),
            *without_fee(_now_known(books.of_session, fills)),
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Books:
    """Everything of a session that a statement is compared with.

    Attributes:
        session: Which.
        of_session: Its fills.
        fills: Those, what was carried into it, and what the night after was booked as.
        orders: Our orders by every reference they had at the broker.
        external: Trades and holdings of others.
        logins: Logins to ask, in id order.
        accounts: Accounts that had anything.
        orphans: Accounts that no login carries any more, in words.
    """

    session: Session
    of_session: tuple[Fill, ...]
    fills: tuple[Fill, ...]
    orders: Mapping[str, Order]
    external: tuple[ExternalTrade, ...]
    logins: tuple[Login, ...]
    accounts: frozenset[AccountId]
    orphans: tuple[str, ...]

    @classmethod
    def read(cls, ports: MatchPorts, session: Session) -> _Books:
        date = session.session_date
        of_session = ports.fills.of_session(date)
        earlier = read_earlier_days(ports, date, of_session)
        carried = [fill for days in earlier.values() for fill in days.fills]
        next_session = ports.table.next_session(date)
        after = ports.fills.of_session(next_session.session_date)
        night = [fill for fill in after if _is_of_the_night(fill, next_session)]
        fills = (*carried, *of_session, *night)
        dates = sorted({fill.session_date for fill in (*carried, *of_session)} | {date})
        orders = [order for one in dates for order in ports.orders.of_session(one)]
        accounts = frozenset(fill.account_id for fill in fills)
        logins, orphans = _logins_of(ports, accounts, orders)
        return cls(
            session=session,
            of_session=of_session,
            fills=fills,
            orders={ref: order for order in orders for ref in _references(order)},
            external=ports.external_trades.of_accounts(sorted(accounts)),
            logins=logins,
            accounts=accounts,
            orphans=orphans,
        )


def _is_of_the_night(fill: Fill, next_session: Session) -> bool:
    """True for what the night's clearing was booked as, before anything could be traded again."""
    return is_settlement(fill) and fill.at < next_session.open_at


def _references(order: Order) -> list[str]:
    brokers = [*order.earlier_brokers, *([order.broker] if order.broker else [])]
    return [one.order_ref for one in brokers]


def _logins_of(
    ports: MatchPorts, accounts: Iterable[AccountId], orders: Sequence[Order]
) -> tuple[tuple[Login, ...], tuple[str, ...]]:
    login_of = {order.account_id: order.login_id for order in orders}
    login_of |= {one.account_id: one.login_id for one in ports.followers.all()}
    known = {login.login_id: login for login in ports.followers.logins()}
    wanted: dict[LoginId, Login] = {}
    orphans = []
    for account_id in sorted(accounts):
        login = known.get(login_of.get(account_id, LoginId("")))
        if login is None:
            orphans.append(f"{account_id}: no login on file carries it, so nobody can be asked")
        else:
            wanted[login.login_id] = login
    return tuple(wanted[key] for key in sorted(wanted)), tuple(orphans)


def _match_login(ports: MatchPorts, books: _Books, login: Login) -> tuple[StatementMatch, str]:
    """Match one login; the words say why its statement could not be had."""
    statement = _fetch(ports, books, login)
    if isinstance(statement, str):
        return StatementMatch(), statement
    own = {one.account_id for one in statement.accounts} | {
        order.account_id for order in books.orders.values() if order.login_id == login.login_id
    }
    match = match_statement(
        [fill for fill in books.fills if fill.account_id in own],
        statement,
        session_date=books.session.session_date,
        order_of_ref=books.orders,
        external_trades=[one for one in books.external if one.account_id in own],
    )
    return match, ""


def _fetch(ports: MatchPorts, books: _Books, login: Login) -> BrokerStatement | str:
    date = books.session.session_date
    ref = statement_ref_of(login)
    if ref is None:
        why = "no Flex token or query is on file for it"
    else:
        try:
            return ports.broker_statements.fetch(ref, date)
        except (AdapterError, InvalidInput) as error:
            why = str(error)
    ports.alarm.raise_alert(
        Alert(
            alert_type=AlertType.BROKER_STATEMENT_MISSING,
            subject=login.login_id,
            message=(
                f"The statement of {date} could not be had: {why}. The session stays provisional"
                " until it can."
            ),
            session_date=date,
            raised_at=ports.clock.now(),
        )
    )
    return f"{login.login_id}: no statement: {why}"


def _tell(ports: MatchPorts, session: Session, mismatches: Sequence[Mismatch]) -> None:
    for one in mismatches:
        contract = f"~{one.contract_key}" if one.contract_key else ""
        ports.alarm.raise_alert(
            Alert(
                alert_type=AlertType.BROKER_STATEMENT_MISMATCH,
                subject=f"{one.account_id}~{one.kind}{contract}",
                message=f"{one.words}. The session stays provisional until both agree.",
                session_date=session.session_date,
                raised_at=ports.clock.now(),
                follower_id=one.follower_id,
            )
        )


def _now_known(fills: Sequence[Fill], corrected: Sequence[Fill]) -> list[Fill]:
    newer = {fill.exec_id: fill for fill in corrected}
    return [newer.get(fill.exec_id, fill) for fill in fills]
