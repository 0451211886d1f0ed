"""Closings at the end of the day: what expires near the money is not left to chance.

A short option in or near the money at its expiry may be assigned, and what is in the money is
exercised by itself: the follower would own shares overnight. So from half an hour before the
underlying's close such spreads are bought back as one combo, each position by at most one live
closing order.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from gateway.closings.closing_work import LAST_SEND
from gateway.floor import TradingFloor
from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.closing import is_near_the_money
from shared.domain.options import underlying_key
from shared.domain.positions import Position
from shared.domain.trading_settings import TradingSettings

FIRST_QUOTES = timedelta(seconds=5)
"""What a leader that starts late gives the quotes of its logins to come in."""

_LOOK = timedelta(seconds=60)


class EndOfDay:
    """Watches what expires today, from half an hour before the close to its last seconds.

    Args:
        floor: What the leader works with.
        settings: The day's settings.
    """

    def __init__(self, floor: TradingFloor, settings: TradingSettings) -> None:
        self._floor = floor
        self._settings = settings

    async def watch(self) -> None:
        """Look every minute; returns when nothing may be sent any more."""
        floor, settings = self._floor, self._settings
        close_at = floor.session.close_at
        first_at = close_at - timedelta(minutes=settings.end_of_day_minutes)
        await floor.clock.sleep_until(max(first_at, floor.clock.now() + FIRST_QUOTES))
        alarm_at = close_at - timedelta(minutes=settings.end_of_day_alarm_minutes)
        while floor.clock.now() < close_at - LAST_SEND:
            self._look()
            due = min(floor.clock.now() + _LOOK, close_at - LAST_SEND)
            if floor.clock.now() >= alarm_at:
                await self._tell_of_open()
            else:
                due = min(due, alarm_at)
            await floor.clock.sleep_until(due)

    def _look(self) -> None:
        """Ask for what is endangered."""
        for position in self._floor.desk.positions():
            if self._is_endangered(position):
                self._floor.closing_asks.ask(
                    position.position_id, CloseCause.END_OF_DAY, at=self._floor.clock.now()
                )

    def _is_endangered(self, position: Position) -> bool:
        """Tell whether a position expires today with the short strike in or near the money."""
        spot = self._spot(position)
        return (
            spot is not None
            and self._expires_today(position)
            and is_near_the_money(position.spread, spot, self._settings.near_money_ratio)
        )

    def _expires_today(self, position: Position) -> bool:
        expires = position.spread.expiry == self._floor.session.session_date
        return expires and position.open_quantity > 0

    def _spot(self, position: Position) -> Decimal | None:
        """Middle of the underlying now; None where its quote is stale or one-sided."""
        quote = self._floor.quotes().get(underlying_key(position.spread.symbol))
        if quote is None:
            return None
        age_seconds = quote.age_seconds(self._floor.clock.now())
        return quote.mid if age_seconds <= self._settings.quote_max_age_seconds else None

    async def _tell_of_open(self) -> None:
        """Tell of what is still open near the money, or nobody knows how near."""
        exposed = [
            position
            for position in self._floor.desk.positions()
            if self._is_endangered(position)
            or (self._expires_today(position) and self._spot(position) is None)
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
