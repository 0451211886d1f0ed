"""Finding a statement by the number that a payment quotes."""

from __future__ import annotations

from typing import Protocol

from shared.domain.statements import Statement


class StatementNumbers(Protocol):
    """Statements by number, for functions and jobs."""

    def numbered(self, number: str) -> Statement | None:
        """Read the issued statement of that number, or None."""
