"""What is recorded of one session: its signal, its shards, its series, its gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Finality(StrEnum):
    """Whether a session's figures may still change."""

    PROVISIONAL = "provisional"
    FINAL = "final"


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRecord:
    """One session's document.

    Attributes:
        session_date: ISO text.
        open_at: Underlying's open (UTC).
        close_at: Underlying's close (UTC).
        active_signals: The one active signal id per ticker.
        shard_of_login: Which gateway shard serves which login, frozen in the morning.
        finality: Provisional until the broker's statement agrees.
        series: Book total by slot (slot number as text).
        gaps: Due slots that were never marked, as told at the roll-up.
        waits_for: Why it was still provisional when it was last looked at, in words.
        final_at: When it became final (market time, UTC); None before.
    """

    session_date: str
    open_at: datetime
    close_at: datetime
    active_signals: dict[str, str] = field(default_factory=dict)
    shard_of_login: dict[str, int] = field(default_factory=dict)
    finality: Finality = Finality.PROVISIONAL
    series: dict[str, Decimal] = field(default_factory=dict)
    gaps: tuple[int, ...] = ()
    waits_for: tuple[str, ...] = ()
    final_at: datetime | None = None
