"""Commission statements: `commission_monthly/{month}~{follower_id}`, and `adjustments/…`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.followers import FollowerId
from shared.domain.months import Month
from shared.domain.statements import Adjustment, Statement, StatementState


class Statements(Protocol):
    """Statements, for functions and jobs."""

    def get(self, month: Month, follower_id: FollowerId) -> Statement | None:
        """Read one, or None."""

    def of_month(self, month: Month) -> tuple[Statement, ...]:
        """Read a month's statements, in follower order."""

    def of_follower(self, follower_id: FollowerId) -> tuple[Statement, ...]:
        """Read a follower's statements, oldest first."""

    def in_state(self, state: StatementState) -> tuple[Statement, ...]:
        """Read all statements in a state, oldest month first."""

    def draft(self, statements: Sequence[Statement]) -> int:
        """Write statements that are not issued; one that is issued meanwhile stays as it is.

        Returns:
            How many documents were written; equal ones are not.
        """

    def issue(self, statement: Statement) -> Statement:
        """Freeze a statement under the next number of its year, in one transaction.

        The adjustments it carries are marked with its number by the same transaction, and what it
        leaves in the follower's favor becomes one. A repeat gives the statement that was issued.

        Args:
            statement: ISSUED but for its number.

        Raises:
            Conflict: An adjustment it carries is carried by another one already.
        """

    def replace(self, statement: Statement, *, before: Statement) -> None:
        """Move an issued statement on.

        Raises:
            Conflict: The stored one is not `before`.
        """


class Adjustments(Protocol):
    """Differences to issued statements, for functions and jobs."""

    def note(self, adjustment: Adjustment) -> bool:
        """Record one; False where its id exists already (a no-op)."""

    def of_follower(self, follower_id: FollowerId) -> tuple[Adjustment, ...]:
        """Read all of a follower, in id order."""

    def waiting(self) -> tuple[Adjustment, ...]:
        """Read all that no statement carries yet, in id order."""
