"""Spreads: `spreads/{spread_id}`, one document for all who hold it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.spreads import SpreadId
from shared.domain.time_value import SpreadRecord


class SpreadRecordReader(Protocol):
    """What is known of each spread's risk, for functions and jobs."""

    def of_session(self, session_date: str) -> tuple[SpreadRecord, ...]:
        """Read the spreads that were watched in a session last, in id order."""


class SpreadRecords(Protocol):
    """What is known of each spread's risk, for the gateway."""

    async def read(self, spread_ids: Sequence[SpreadId]) -> dict[SpreadId, SpreadRecord]:
        """Read the records of these spreads; those without one are left out."""

    async def write(self, records: Sequence[SpreadRecord]) -> None:
        """Write records (replacing), one commit."""
