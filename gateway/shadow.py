"""A shadow: beside a live gateway it plans and prices as that would, logs both, and sends nothing.

It takes no lease, pulls no doorbell, claims and writes nothing. To price it reads quotes from one
login, over a connection with a client id of its own that no trading connection ever has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from gateway.logins.shard_logins import ShardLogins
from gateway.logins.write_gate import WriteGate
from gateway.openings.opening_orders import release_at
from shared.adapters.json_log import log_event
from shared.domain.errors import AdapterError
from shared.domain.followers import Login
from shared.domain.ladder import PriceVerdict, first_rung, judge_price
from shared.domain.orders import Order, OrderState
from shared.domain.planning import plan_book
from shared.domain.quotes import NetQuote, net_quote
from shared.domain.sessions import Session, at_new_york
from shared.domain.signals import Signal, SignalId
from shared.domain.trading_settings import TradingSettings
from shared.ports.clock import AsyncClock
from shared.ports.followers import FollowerReader
from shared.ports.settings_book import ControlsReader
from shared.ports.signals import SignalReader

_FIRST_LOOK = "09:27"
_SWEEP = timedelta(seconds=30)
_QUICK_SWEEP = timedelta(seconds=5)


class Shadow:
    """Shadows one session of one shard.

    Args:
        session: The session.
        clock: Market time.
        logins: The shard's logins.
        signals: Signals in the database.
        followers: Followers in the database.
        controls: Settings in the database.
        connect: Makes a login's reading connection.
    """

    def __init__(
        self,
        session: Session,
        *,
        clock: AsyncClock,
        logins: ShardLogins,
        signals: SignalReader,
        followers: FollowerReader,
        controls: ControlsReader,
        connect: Callable[[Login], WriteGate],
    ) -> None:
        self._session = session
        self._clock = clock
        self._logins = logins
        self._signals = signals
        self._followers = followers
        self._controls = controls
        self._connect = connect
        self._plans: dict[SignalId, list[Order]] = {}
        self._priced: set[SignalId] = set()
        self._gate: WriteGate | None = None

    async def run(self) -> None:
        """Look every 30 s from 09:27, every 5 s from the release on, until the entry cut-off."""
        date = self._session.session_date
        await self._clock.sleep_until(at_new_york(date, _FIRST_LOOK))
        settings = await self._settings()
        released_at = release_at(self._session.open_at, settings)
        cutoff = at_new_york(date, settings.entry_cutoff)
        try:
            while self._clock.now() < cutoff:
                await self._try_look(settings, released_at)
                await self._clock.sleep_until(self._next_look(released_at, cutoff))
        finally:
            if self._gate is not None:
                await self._gate.disconnect()

    async def _settings(self) -> TradingSettings:
        while True:
            try:
                return await self._controls.trading()
            except AdapterError as error:
                log_event("shadow_put_off", severity="WARNING", why=str(error))
                await self._clock.sleep_until(self._clock.now() + _QUICK_SWEEP)

    def _next_look(self, released_at: datetime, cutoff: datetime) -> datetime:
        now = self._clock.now()
        if now < released_at:
            return min(now + _SWEEP, released_at)
        is_waiting = set(self._plans) - self._priced
        return min(now + (_QUICK_SWEEP if is_waiting else _SWEEP), cutoff)

    async def _try_look(self, settings: TradingSettings, released_at: datetime) -> None:
        try:
            for signal in await self._signals.active(self._session.session_date):
                await self._plan(signal, settings)
                if self._clock.now() >= released_at and signal.signal_id not in self._priced:
                    self._price(signal, settings)
        except AdapterError as error:
            log_event("shadow_put_off", severity="WARNING", why=str(error))

    async def _plan(self, signal: Signal, settings: TradingSettings) -> None:
        if signal.signal_id not in self._plans:
            ours = await self._logins.read(self._session.session_date)
            followers = await self._followers.in_force(self._session.session_date)
            book = plan_book(signal, followers, settings, now=self._clock.now())
            plans = [order for order in book if order.login_id in ours]
            self._plans[signal.signal_id] = plans
            for order in plans:
                _tell("shadow_plan", order, state=order.state.value, reason=order.reason or "")
            await self._watch(signal, ours.values())

    async def _watch(self, signal: Signal, logins: Iterable[Login]) -> None:
        """Read quotes from the first login that answers."""
        contracts = [leg.contract for leg in signal.spread.opening_legs]
        for login in logins:
            gate = self._gate or self._connect(login)
            try:
                if not gate.is_connected:
                    await gate.connect()
                await gate.resolve(signal.ticker, contracts)
                await gate.watch(signal.ticker, contracts)
            except AdapterError as error:
                log_event("shadow_not_watched", severity="WARNING", why=str(error))
                continue
            self._gate = gate
            return

    def _price(self, signal: Signal, settings: TradingSettings) -> None:
        market = self._market(signal, settings)
        verdict = judge_price(market, width=signal.spread.width, rules=settings.ladder)
        if market is None or verdict is not PriceVerdict.GOOD:
            log_event("shadow_price", signal=signal.signal_id, verdict=verdict.value)
            return
        self._priced.add(signal.signal_id)
        limit = first_rung(market.mid, settings.ladder)
        for order in self._plans[signal.signal_id]:
            if order.state is OrderState.PLANNED:
                _tell("shadow_release", order, limit=str(limit))

    def _market(self, signal: Signal, settings: TradingSettings) -> NetQuote | None:
        if self._gate is None or not self._gate.has_live_data:
            return None
        return net_quote(
            signal.spread.opening_legs,
            self._gate.quotes(),
            now=self._clock.now(),
            max_age_seconds=settings.quote_max_age_seconds,
        )


def _tell(event: str, order: Order, **fields: str) -> None:
    log_event(
        event,
        follower=order.follower_id,
        account=order.account_id,
        order=order.order_id,
        spread=order.spread.spread_id,
        quantity=order.quantity,
        **fields,
    )
