"""Closings at the end of the day: what expires near the money is not left to chance.

A short option in or near the money at its expiry may be assigned, and what is in the money is
exercised by itself: the follower would own shares overnight. So from half an hour before the
underlying's close such spreads are bought back as one combo, each position by at most one live
closing order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal

from gateway.closing_orders import LAST_SEND, ClosingOrders
from gateway.floor import TradingFloor
from gateway.ladders import Ladders
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.closing import is_near_the_money
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.options import underlying_key
from shared.domain.positions import Position
from shared.domain.trading_settings import TradingSettings
from shared.ports.closings import Closings

_LOOK = timedelta(seconds=60)
_FIRST_QUOTES = timedelta(seconds=5)
"""What a leader that starts this late gives the quotes of its logins to come in."""


class EndOfDay:
    """Watches what expires today, from half an hour before the close to the close.

    Args:
        floor: What the leader works with.
        closings: Closing orders in the database.
        logins: Logins of the shard.
        ladders: Sees orders through.
        tasks: Where the work is supervised.
    """

    def __init__(
        self,
        floor: TradingFloor,
        closings: Closings,
        logins: dict[LoginId, Login],
        ladders: Ladders,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._floor = floor
        self._orders = ClosingOrders(floor, closings, logins, ladders, tasks)

    async def watch(self) -> None:
        """Look every minute; returns at the underlying's close."""
        floor = self._floor
        settings = await floor.controls.trading()
        close_at = floor.session.close_at
        first_at = close_at - timedelta(minutes=settings.end_of_day_minutes)
        await floor.clock.sleep_until(max(first_at, floor.clock.now() + _FIRST_QUOTES))
        alarm_at = close_at - timedelta(minutes=settings.end_of_day_alarm_minutes)
        while floor.clock.now() < close_at - LAST_SEND:
            await self._look(settings)
            due = min(floor.clock.now() + _LOOK, close_at - LAST_SEND)
            if floor.clock.now() >= alarm_at:
                await self._tell_of_open(settings)
            else:
                due = min(due, alarm_at)
            await floor.clock.sleep_until(due)
        self._orders.end_all(settings)
        await floor.clock.sleep_until(close_at)

    async def _look(self, settings: TradingSettings) -> None:
        """Plan the closings that are due, and see to those that an earlier leader left."""
        due = self._due(settings)
        if not due:
            return
        log_event("closings_due", positions=len(due))
        await self._try(self._orders.catch_up())
        for position in self._due(settings):
            await self._try(self._orders.close(position, settings), position)

    async def _try(self, work: Coroutine[object, object, None], on: Position | None = None) -> None:
        """Do something; what fails is tried again at the next look, a minute later."""
        try:
            await work
        except AdapterError as error:
            name = on.position_id if on else ""
            log_event("closing_put_off", severity="WARNING", position=name, why=str(error))

    def _due(self, settings: TradingSettings) -> list[Position]:
        """Positions near the money, and whatever else is being closed but not worked."""
        due = []
        for position in self._floor.desk.positions():
            live = position.live_closing_order_id
            if live in self._orders.worked:
                continue
            if live is not None or self._is_endangered(position, settings):
                due.append(position)
        return due

    def _is_endangered(self, position: Position, settings: TradingSettings) -> bool:
        """Tell whether a position expires today with the short strike in or near the money."""
        spot = self._spot(position, settings)
        return (
            spot is not None
            and self._expires_today(position)
            and is_near_the_money(position.spread, spot, settings.near_money_ratio)
        )

    def _expires_today(self, position: Position) -> bool:
        expires = position.spread.expiry == self._floor.session.session_date
        return expires and position.open_quantity > 0

    def _spot(self, position: Position, settings: TradingSettings) -> Decimal | None:
        """Middle of the underlying now; None where its quote is stale or one-sided."""
        quote = self._floor.quotes().get(underlying_key(position.spread.symbol))
        if quote is None:
            return None
        age_seconds = quote.age_seconds(self._floor.clock.now())
        return quote.mid if age_seconds <= settings.quote_max_age_seconds else None

    async def _tell_of_open(self, settings: TradingSettings) -> None:
        """Tell of what is still open near the money, or nobody knows how near."""
        exposed = [
            position
            for position in self._floor.desk.positions()
            if self._is_endangered(position, settings)
            or (self._expires_today(position) and self._spot(position, settings) is None)
        ]
        if not exposed:
            return
        told = "; ".join(_possible_assignment(position) for position in exposed)
        words = (
            f"{len(exposed)} spreads near the money, or without a quote of the underlying, are "
            f"still open shortly before the close; possible assignments: {told}"
        )
        date = self._floor.session.session_date
        await self._floor.raise_alert(AlertType.EOD_CLOSE_FAILED, date, words)


def _possible_assignment(position: Position) -> str:
    """Say what an assignment of the short leg would make of a follower's account."""
    short = position.spread.short_contract
    shares = position.open_quantity * position.spread.multiplier
    cash = shares * short.strike
    verb = "buys" if short.right == "P" else "sells"
    return f"{position.follower_id} {verb} {shares} {short.symbol} for {cash:.2f} USD"
