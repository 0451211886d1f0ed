"""The kill switch's flatten: everything is closed as spreads, and the broker's books prove it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.closings.closing_work import LAST_SEND
from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.controls import TradingMode
from shared.domain.errors import AdapterError
from shared.domain.followers import LoginId
from shared.domain.orders import LIVE_STATES, Order
from shared.domain.positions import Position
from shared.domain.trading_settings import TradingSettings
from shared.ports.broker import Broker
from shared.use_cases.read_books import read_books

_SWITCH_SECONDS = 0.5
_PROVE_AGAIN = timedelta(seconds=30)
_MOST_NAMED = 10


@dataclass(kw_only=True, slots=True)
class _Run:
    """One flattening, from the turn of the switch to its proof.

    Attributes:
        since: When the switch was first seen to say flatten (UTC).
        alarm_at: When what is not flat is paged.
        prove_at: Before this the books are not read again.
        asked: Positions that were open at some look.
        is_proved: True once the broker's books were found flat.
        is_paged: True once what is not flat was told.
    """

    since: datetime
    alarm_at: datetime
    prove_at: datetime
    asked: set[str] = field(default_factory=set)
    is_proved: bool = False
    is_paged: bool = False


class Flatten:
    """Closes everything for as long as the kill switch says flatten.

    Args:
        floor: What the leader works with.
        is_unsent: Tells whether a released order was certainly not sent.
    """

    def __init__(self, floor: TradingFloor, is_unsent: Callable[[Order], bool]) -> None:
        self._floor = floor
        self._is_unsent = is_unsent
        self._run: _Run | None = None

    async def watch(self) -> None:
        """Follow the switch, for ever.

        It looks on the machine's clock, like the switch itself: market time may stand still.
        """
        while True:
            await asyncio.sleep(_SWITCH_SECONDS)
            if self._floor.kill_switch.mode() is not TradingMode.FLATTEN:
                self._take_back()
            elif self._floor.clock.now() >= self._floor.session.open_at:
                run = self._run = self._run or await self._begun()
                await self._look(run)

    def _take_back(self) -> None:
        """End a flattening: what has begun goes on, what has not is not wanted any more."""
        if self._run is None:
            return
        self._run = None
        for ask in self._floor.closing_asks.all():
            position = self._floor.desk.position(ask.position_id)
            is_begun = position is not None and position.live_closing_order_id is not None
            if ask.cause is CloseCause.FLATTEN and not is_begun:
                self._floor.closing_asks.withdraw(ask.position_id)

    async def _begun(self) -> _Run:
        floor = self._floor
        now, last_send_at = floor.clock.now(), floor.session.close_at - LAST_SEND
        minutes = TradingSettings().flatten_alarm_minutes
        try:
            minutes = (await floor.controls.trading()).flatten_alarm_minutes
        except AdapterError as error:
            log_event("settings_not_read", severity="WARNING", why=str(error))
        log_event("flatten_begun", severity="WARNING")
        alarm_at = min(now + timedelta(minutes=minutes), last_send_at)
        return _Run(since=now, alarm_at=alarm_at, prove_at=now)

    async def _look(self, run: _Run) -> None:
        """Ask for what is open; prove what seems flat; page what is not flat in time."""
        floor, now = self._floor, self._floor.clock.now()
        still_open = [one for one in floor.desk.positions() if not one.is_flat]
        for position in still_open:
            run.asked.add(position.position_id)
            if position.open_quantity > 0:
                floor.closing_asks.ask(position.position_id, CloseCause.FLATTEN, at=now)
        unread: list[str] = []
        if still_open or self._unfinished():
            run.is_proved = False
        elif not run.is_proved and now >= run.prove_at:
            run.prove_at = now + _PROVE_AGAIN
            unread = await self._not_flat_at_broker()
            run.is_proved = not unread
            if run.is_proved:
                await self._tell_flat(run)
        if not run.is_proved and not run.is_paged and now >= run.alarm_at:
            run.is_paged = True
            await self._page(still_open, unread or await self._not_flat_at_broker())

    def _unfinished(self) -> list[Order]:
        """Orders that may still trade: openings that were not sent will not be in this mode."""
        return [
            order
            for order in self._floor.desk.orders()
            if order.state in LIVE_STATES and not self._is_unsent(order)
        ]

    async def _not_flat_at_broker(self) -> list[str]:
        """Read the books of every login of our orders; say what is not flat, or not read."""
        floor, ready = self._floor, self._floor.connections.ready()
        login_ids = sorted({one.login_id for one in floor.desk.orders() if one.broker is not None})
        found = await asyncio.gather(*(self._held(ready.get(key), key) for key in login_ids))
        return [words for words in found if words]

    async def _held(self, broker: Broker | None, login_id: LoginId) -> str:
        floor = self._floor
        if broker is None:
            return f"{login_id} is not connected"
        ours = {
            leg.contract.key
            for order in floor.desk.orders()
            if order.login_id == login_id
            for leg in order.spread.opening_legs
        }
        try:
            reading = await read_books(broker, desk=floor.desk, now=floor.clock.now())
        except AdapterError as error:
            return f"{login_id} cannot be read: {error}"
        if not reading.is_whole:
            return f"{login_id} shows less than we know"
        held = [
            f"{account} holds {quantity} {key}"
            for (account, key), quantity in sorted(reading.sweep.positions.items())
            if quantity and key in ours
        ]
        return "; ".join(held)

    async def _tell_flat(self, run: _Run) -> None:
        seconds = int((self._floor.clock.now() - run.since).total_seconds())
        log_event("flatten_proved", positions=len(run.asked), seconds=seconds)
        words = (
            f"{len(run.asked)} positions were closed in {seconds} s; the broker's own books are "
            f"flat in every contract of ours"
        )
        await self._floor.raise_alert(AlertType.FLATTENED, _subject(run), words)

    async def _page(self, still_open: list[Position], unread: list[str]) -> None:
        names = [f"{one.follower_id} ({one.open_quantity})" for one in still_open]
        told = [*names, *unread]
        more = len(told) - _MOST_NAMED
        named = ", ".join(told[:_MOST_NAMED]) or "orders are live"
        others = f" and {more} others" if more > 0 else ""
        words = f"flatten was asked, and it is not flat: {named}{others}; it is tried on"
        subject = _subject(self._run) if self._run else self._floor.session.session_date
        await self._floor.raise_alert(AlertType.FLATTEN_FAILED, subject, words)


def _subject(run: _Run) -> str:
    return f"flatten of {run.since:%Y-%m-%dT%H:%M:%SZ}"
