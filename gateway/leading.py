"""Leading: session after session, from the night before to its end; or shadowing them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from datetime import date, datetime, timedelta

from gateway.closings.risk import RiskBooks
from gateway.composition import GatewayParts
from gateway.custody.custodian import CustodyBooks
from gateway.desk import SessionDesk
from gateway.floor import TradingFloor
from gateway.logins.connections import Connections
from gateway.logins.login_session import Surroundings
from gateway.logins.login_wiring import LoginWiring
from gateway.logins.shard_logins import ShardLogins, ShardMapChanged
from gateway.logins.write_gate import WriteRules
from gateway.outage import OutagePager
from gateway.shadow import Shadow
from gateway.trading_session import Books, TradingSession
from shared.adapters.firestore.accounts import AsyncFirestoreAccounts
from shared.adapters.firestore.boards import AsyncFirestoreBoards
from shared.adapters.firestore.breaches import AsyncFirestoreBreaches
from shared.adapters.firestore.carried import FirestoreCarried
from shared.adapters.firestore.closings import FirestoreClosings
from shared.adapters.firestore.commands import AsyncFirestoreCommands
from shared.adapters.firestore.daily_pnl import FirestoreEarlier
from shared.adapters.firestore.exercises import FirestoreExercises
from shared.adapters.firestore.external_trades import AsyncFirestoreExternalTrades
from shared.adapters.firestore.fills import AsyncFirestoreFills
from shared.adapters.firestore.followers import AsyncFirestoreFollowers
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.positions import AsyncFirestorePositions
from shared.adapters.firestore.quotes import AsyncFirestoreQuotes
from shared.adapters.firestore.sessions import AsyncFirestoreSessions
from shared.adapters.firestore.settings_book import AsyncFirestoreSettings
from shared.adapters.firestore.signals import AsyncFirestoreSignals
from shared.adapters.firestore.spreads import AsyncFirestoreSpreadRecords
from shared.adapters.json_log import log_event
from shared.adapters.session_table import session_table
from shared.config import GatewayMode
from shared.domain.followers import Login, LoginId
from shared.domain.options import underlying_key
from shared.domain.outage_text import outage_text, recovery_text
from shared.domain.position_checks import NIGHT_FROM
from shared.domain.sessions import Session, at_new_york, session_date_at
from shared.domain.trading_settings import TradingSettings

_MORNING = timedelta(hours=2)
"""So long before the open logins and settings are read for the session."""
_AFTER_CLOSE = timedelta(minutes=30)
"""So long after the close a session is still led that this process has not led."""


async def lead_for_ever(parts: GatewayParts) -> None:
    """Win the shard, then lead session after session.

    Raises:
        Deposed: If somebody else leads the shard now.
    """
    await parts.lease.win()
    log_event("gateway_leading", shard=parts.shard, fencing_token=parts.lease.token)
    parts.pull.open()
    await parts.kill_switch.look()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(parts.lease.keep())
        tasks.create_task(parts.kill_switch.watch())
        tasks.create_task(parts.alarm.run())
        while True:
            await lead_session(parts)


async def lead_session(parts: GatewayParts) -> None:
    """Lead the session of now, or the next one, to its end; then wait for its close to pass.

    From the night before on, what the broker holds is compared with the books; in the morning
    everything is read anew: logins and settings may have changed overnight.
    """
    session = session_to_lead(parts.clock.now(), parts.led)
    morning_at = session.open_at - _MORNING
    await parts.clock.sleep_until(min(night_at(session), morning_at))
    if parts.clock.now() < morning_at:
        await _carry_session(parts, session, lambda trading: trading.watch_night(morning_at))
    await parts.clock.sleep_until(morning_at)
    try:
        await _carry_session(parts, session, lambda trading: trading.lead(parts.started))
    except* ShardMapChanged as changed:
        log_event("shard_map_changed", severity="WARNING", why=str(changed.exceptions[0]))
    else:
        parts.led.add(session.session_date)


async def _carry_session(
    parts: GatewayParts,
    session: Session,
    work: Callable[[TradingSession], Coroutine[object, object, None]],
) -> None:
    """Build a session on a desk of its own, do something with it, and hang up."""
    floor = _floor(parts, session)
    shard_logins = _shard_logins(parts, floor)
    logins = await shard_logins.read(session.session_date)
    trading = TradingSession(
        floor,
        logins,
        _books(parts),
        parts.doorbell,
        command_bell=parts.command_bell,
        restart=parts.stopping.set,
    )
    _wire(parts, floor, logins, trading)
    try:
        async with asyncio.TaskGroup() as tasks:
            besides = [
                tasks.create_task(_pager(parts, floor).watch()),
                tasks.create_task(shard_logins.watch_map(session, logins, parts.clock)),
            ]
            await work(trading)
            for task in besides:
                task.cancel()
    finally:
        parts.started.clear()
        await floor.connections.disconnect_all()


def _wire(
    parts: GatewayParts, floor: TradingFloor, logins: dict[LoginId, Login], trading: TradingSession
) -> None:
    """Make the logins' connections, and have the floor carry them."""
    wiring = _wiring(parts)
    rules = WriteRules(
        lease_stands=parts.lease.stands,
        mode=parts.kill_switch.mode,
        is_dry_run=parts.settings.gateway_mode is GatewayMode.DRY_RUN,
    )
    around = Surroundings(
        alert=floor.raise_alert, watcher=wiring.watcher, watched=trading.read_beside
    )
    floor.connections.carry(
        wiring.gates(logins, rules, trading.on_event),
        on_reconnected=trading.reconcile,
        logins=logins,
        around=around,
    )
    parts.lease.on_regained(floor.connections.require_reconciling)


def _wiring(parts: GatewayParts) -> LoginWiring:
    seconds = parts.settings.connect_seconds
    wiring = LoginWiring(now=parts.clock.now, connect_seconds=seconds, seam=parts.seams.broker)
    parts.count_traffic(wiring.traffic)
    return wiring


def _books(parts: GatewayParts) -> Books:
    return Books(
        fills=AsyncFirestoreFills(parts.documents),
        boards=AsyncFirestoreBoards(parts.documents),
        quotes=AsyncFirestoreQuotes(parts.documents),
        risk=RiskBooks(
            closings=FirestoreClosings(parts.documents),
            spreads=AsyncFirestoreSpreadRecords(parts.documents),
            breaches=AsyncFirestoreBreaches(parts.documents),
            commands=AsyncFirestoreCommands(parts.documents),
        ),
        custody=CustodyBooks(
            carried=FirestoreCarried(parts.documents),
            earlier=FirestoreEarlier(parts.documents),
            external_trades=AsyncFirestoreExternalTrades(parts.documents),
            exercises=FirestoreExercises(parts.documents),
            accounts=AsyncFirestoreAccounts(parts.documents),
        ),
    )


def _floor(parts: GatewayParts, session: Session) -> TradingFloor:
    orders = FirestoreLeaderOrders(parts.documents)
    desk = SessionDesk(
        clock=parts.clock,
        orders=orders,
        fills=AsyncFirestoreFills(parts.documents),
        positions=AsyncFirestorePositions(parts.documents),
    )
    return TradingFloor(
        session=session,
        shard=parts.shard,
        clock=parts.clock,
        lease=parts.lease,
        kill_switch=parts.kill_switch,
        desk=desk,
        connections=Connections(parts.clock.outside_call, parts.clock.now),
        orders=orders,
        signals=AsyncFirestoreSignals(parts.documents),
        followers=AsyncFirestoreFollowers(parts.documents),
        controls=AsyncFirestoreSettings(parts.documents),
        alarm=parts.alarm,
    )


def _shard_logins(parts: GatewayParts, floor: TradingFloor) -> ShardLogins:
    return ShardLogins(
        floor.followers,
        AsyncFirestoreSessions(parts.documents),
        shard=parts.shard,
        alert=floor.raise_alert,
    )


def _pager(parts: GatewayParts, floor: TradingFloor) -> OutagePager:
    """Page directly while the database is away; the kill switch's readings tell of that."""

    def page(since: datetime) -> str:
        symbols = {position.spread.symbol for position in floor.desk.positions()}
        quotes = floor.quotes()
        spots = {symbol: quotes.get(underlying_key(symbol)) for symbol in symbols}
        return outage_text(
            floor.desk.positions(),
            floor.desk.orders(),
            since=since,
            now=floor.clock.now(),
            spots={symbol: quote.mid for symbol, quote in spots.items() if quote is not None},
            near_money_ratio=TradingSettings().near_money_ratio,
        )

    return OutagePager(
        is_reachable=parts.kill_switch.is_fresh,
        recipients=parts.recipients,
        messenger=parts.direct,
        now=floor.clock.now,
        page=page,
        recovery=lambda: recovery_text(now=floor.clock.now()),
    )


async def shadow_for_ever(parts: GatewayParts) -> None:
    """Shadow session after session: no lease, no doorbell, nothing written anywhere."""
    log_event("gateway_shadowing", shard=parts.shard)
    table = session_table()
    while True:
        now = parts.clock.now()
        today = session_date_at(now)
        session = table.session_on(today)
        if session is None or now >= session.close_at:
            session = table.next_session(today)
        floor = _floor(parts, session)
        await Shadow(
            session,
            clock=parts.clock,
            logins=_shard_logins(parts, floor),
            signals=floor.signals,
            followers=floor.followers,
            controls=floor.controls,
            connect=_wiring(parts).shadow,
        ).run()
        await parts.clock.sleep_until(session.close_at)


def session_to_lead(now: datetime, led: Collection[str]) -> Session:
    """The session of now, or the next one.

    Args:
        now: Market time (UTC).
        led: Sessions that were led to their end.
    """
    table, today = session_table(), session_date_at(now)
    session = table.session_on(today)
    # A leader that died at the close left expiries to book: whoever follows it soon does that.
    is_due = session is not None and now < session.close_at + _AFTER_CLOSE
    if session is not None and is_due and session.session_date not in led:
        return session
    return table.next_session(today)


def night_at(session: Session) -> datetime:
    """When the night watch before a session begins: the night after the session before it."""
    before = session_table().previous_session(session.session_date).session_date
    next_day = date.fromisoformat(before) + timedelta(days=1)
    return at_new_york(next_day.isoformat(), NIGHT_FROM)
