"""The time-value monitor: one decision a minute per spread, for everybody who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from gateway.closings.closing_work import LAST_SEND
from gateway.closings.end_of_day import FIRST_QUOTES
from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.errors import AdapterError
from shared.domain.money import usd_text
from shared.domain.spreads import Spread, SpreadId
from shared.domain.time_value import (
    SpreadRecord,
    TimeValue,
    confirmed,
    read_time_value,
    with_reading,
)
from shared.domain.trading_settings import TradingSettings
from shared.ports.spread_records import SpreadRecords

_LOOK = timedelta(seconds=60)
_NEXT_READING = timedelta(seconds=5)
_READINGS = 3
"""Two that agree are enough; a third is taken where the first gave nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """What one look gave.

    Attributes:
        settled: Readings that count, by spread.
        stale: Spreads whose quotes gave none at the end.
    """

    settled: Mapping[SpreadId, TimeValue]
    stale: frozenset[SpreadId]


class TimeValues:
    """Reads the time value of every open spread and has the critical ones closed.

    Args:
        floor: What the leader works with.
        records: Spreads in the database.
    """

    def __init__(self, floor: TradingFloor, records: SpreadRecords) -> None:
        self._floor = floor
        self._book = records
        self._records: dict[SpreadId, SpreadRecord] = {}

    async def watch(self) -> None:
        """Look at every whole minute of the session; returns when nothing may be sent any more.

        A database that fails loses a look's record, never its decision.
        """
        clock, session = self._floor.clock, self._floor.session
        await clock.sleep_until(max(session.open_at, clock.now()) + FIRST_QUOTES)
        settings = TradingSettings()
        while clock.now() < session.close_at - LAST_SEND:
            if spreads := self._open_spreads():
                settings = await self._settings(settings)
                await self._remember(list(spreads))
                await self._act(spreads, await self._read(spreads, settings), settings)
            await clock.sleep_until(clock.now().replace(second=0, microsecond=0) + _LOOK)

    def _open_spreads(self) -> dict[SpreadId, Spread]:
        """What is held and has not expired in an earlier session."""
        today = self._floor.session.session_date
        return {
            position.spread.spread_id: position.spread
            for position in self._floor.desk.positions()
            if position.open_quantity > 0 and position.spread.expiry >= today
        }

    async def _settings(self, last: TradingSettings) -> TradingSettings:
        try:
            return await self._floor.controls.trading()
        except AdapterError as error:
            log_event("settings_not_read", severity="WARNING", why=str(error))
            return last

    async def _remember(self, spread_ids: list[SpreadId]) -> None:
        """Take over what an earlier leader knew of today, so that nothing is told twice."""
        unknown = [one for one in spread_ids if one not in self._records]
        if not unknown:
            return
        try:
            found = await self._book.read(unknown)
        except AdapterError as error:
            log_event("spreads_not_read", severity="WARNING", why=str(error))
            return
        today = self._floor.session.session_date
        self._records.update(
            {key: record for key, record in found.items() if record.session_date == today}
        )

    async def _read(self, spreads: Mapping[SpreadId, Spread], settings: TradingSettings) -> _Look:
        """Read until every spread has a reading that counts, three times at most."""
        clock = self._floor.clock
        last: dict[SpreadId, TimeValue | None] = {}
        settled: dict[SpreadId, TimeValue] = {}
        for attempt in range(_READINGS):
            if attempt:
                await clock.sleep_until(clock.now() + _NEXT_READING)
            quotes = self._floor.quotes()
            for spread_id in [one for one in spreads if one not in settled]:
                reading = read_time_value(
                    spreads[spread_id],
                    quotes,
                    now=clock.now(),
                    max_age_seconds=settings.quote_max_age_seconds,
                )
                counts = confirmed(last.get(spread_id), reading, settings.time_value)
                last[spread_id] = reading
                if counts is not None:
                    settled[spread_id] = counts
            if len(settled) == len(spreads):
                break
        stale = frozenset(one for one, reading in last.items() if reading is None)
        return _Look(settled=settled, stale=stale)

    async def _act(
        self, spreads: Mapping[SpreadId, Spread], look: _Look, settings: TradingSettings
    ) -> None:
        changed: list[SpreadRecord] = []
        for spread_id, spread in sorted(spreads.items()):
            before = self._record_of(spread)
            reading = look.settled.get(spread_id)
            after = replace(before, is_stale=spread_id in look.stale)
            if reading is not None:
                rules, now = settings.time_value, self._floor.clock.now()
                after = with_reading(after, reading, rules=rules, now=now)
            self._records[spread_id] = after
            changed.append(after)
            if reading is not None and reading.must_close(settings.time_value):
                self._close(spread_id)
            await self._tell(before, after, reading, settings)
        await self._write(changed)

    def _record_of(self, spread: Spread) -> SpreadRecord:
        return self._records.get(spread.spread_id) or SpreadRecord(
            spread_id=spread.spread_id,
            spread=spread,
            session_date=self._floor.session.session_date,
        )

    def _close(self, spread_id: SpreadId) -> None:
        floor = self._floor
        for position in floor.desk.positions():
            if position.spread.spread_id == spread_id and position.open_quantity > 0:
                floor.closing_asks.ask(
                    position.position_id, CloseCause.TIME_VALUE, at=floor.clock.now()
                )

    async def _tell(
        self,
        before: SpreadRecord,
        after: SpreadRecord,
        reading: TimeValue | None,
        settings: TradingSettings,
    ) -> None:
        """Tell a risk once, a closing once, and that nobody knows while quotes are stale."""
        if after.is_stale:
            words = (
                f"{after.spread_id}: no time value can be read, the quotes of the short option or "
                f"the underlying are stale, one-sided or crossed; nothing is closed by them"
            )
            await self._floor.raise_alert(AlertType.MARKET_DATA_STALE, after.spread_id, words)
        if reading is None:
            return
        value = f"{after.spread_id}: time value {usd_text(reading.value)} USD per share"
        if reading.must_close(settings.time_value):
            words = f"{value}; the spread is being closed for everybody who holds it"
            await self._floor.raise_alert(AlertType.TIME_VALUE_CRITICAL, after.spread_id, words)
        elif after.warnings > before.warnings:
            subject = f"{after.spread_id}~{after.warnings}"
            words = f"{value}; an early assignment of the short option is becoming likely"
            await self._floor.raise_alert(AlertType.TIME_VALUE_RISK, subject, words)

    async def _write(self, records: list[SpreadRecord]) -> None:
        try:
            await self._book.write(records)
        except AdapterError as error:
            log_event("spreads_not_written", severity="WARNING", why=str(error))
