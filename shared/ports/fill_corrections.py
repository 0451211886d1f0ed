"""Fills as the broker's own statement corrects them: `fills/{exec_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.fills import Fill


class FillCorrections(Protocol):
    """Fills, for the job that settles them against the broker's statement.

    The gateway writes the same documents: what it wrote meanwhile is never lost.
    """

    def record(self, fills: Sequence[Fill]) -> None:
        """Write fills; what is stored gives way only to the same or a later revision.

        Recording the same again changes nothing. A failure may leave a part of them written:
        record all of them again.

        Raises:
            Conflict: A fill went on being written by others; record all of them again.
            AdapterError: If the database fails.
        """
