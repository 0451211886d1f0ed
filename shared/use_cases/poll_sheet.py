"""Polling the leader sheet: once a second, patient with a service that fails for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.errors import AdapterError
from shared.ports.clock import Clock
from shared.ports.sheet import LeaderSheet, SheetTable

_READ_EVERY = timedelta(seconds=1)
"""Sheets allows 60 reads a minute and user, and a tick reads for 50 s:
https://developers.google.com/workspace/sheets/api/limits"""
_LONGEST_BACK_OFF_SECONDS = 16.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetReading:
    """The sheet as it was.

    Attributes:
        asked_at: Market time (UTC) at which it was asked for: an edit before it is in the table.
        table: What it displayed.
    """

    asked_at: datetime
    table: SheetTable


def poll_sheet(
    *, clock: Clock, sheet: LeaderSheet, until: datetime
) -> Iterator[SheetReading | AdapterError]:
    """Read the sheet now and once a second while market time is before `until`.

    After a failure that may pass it waits 1, 2, 4... seconds, or as long as the service asks.

    Yields:
        Each reading. An error comes last, if at all: the sheet cannot be read, or it could not
        be read even once. A sheet that fails after a reading just yields nothing more.
    """
    failures = 0
    has_read = False
    while True:
        asked_at = clock.now()
        try:
            reading = SheetReading(asked_at=asked_at, table=sheet.read())
        except AdapterError as error:
            next_at = clock.now() + _patience(error, failures)
            if not error.retryable or (next_at >= until and not has_read):
                yield error
                return
            failures += 1
        else:
            yield reading
            failures, has_read = 0, True
            next_at = asked_at + _READ_EVERY
        if next_at >= until:
            return
        clock.sleep_until(next_at)


def _patience(error: AdapterError, failures: int) -> timedelta:
    doubled = min(2.0**failures, _LONGEST_BACK_OFF_SECONDS)
    return timedelta(seconds=max(doubled, error.retry_after_seconds or 0.0))
