"""Outbox: mails on their way out, `emails/{outbox_id}`.

A row is made before the mail is handed over, so that a mail goes out once whatever is repeated.
A row left `sending` (a crash, or an answer that was lost) is never sent again by guess: the
provider's signed events tell what became of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.domain.outbox import MailEvent, OutboxRow


class Outbox(Protocol):
    """Outbox rows, for functions and jobs."""

    def get(self, outbox_id: str) -> OutboxRow | None:
        """Read a row, or None."""

    def claim(self, row: OutboxRow) -> bool:
        """Make the row, or take one up again that was refused, in one transaction.

        Returns:
            True where the caller is to send the mail now; False where somebody has.
        """

    def sent(self, outbox_id: str, *, message_id: str) -> None:
        """Note that the provider has accepted the mail; what events told already stands.

        Raises:
            NotFound: There is no such row.
        """

    def refused(self, outbox_id: str, *, error: str) -> None:
        """Note that the provider has not accepted the mail; it may be claimed again.

        Raises:
            NotFound: There is no such row.
        """

    def resolve(self, outbox_id: str, event: MailEvent) -> OutboxRow | None:
        """Note what an event tells, in one transaction; late, twice and in any order.

        Returns:
            The row as it now is; None where there is no such row (a mail that keeps none, or one
            of another environment).
        """

    def left_sending(self, before: datetime) -> tuple[OutboxRow, ...]:
        """Read the rows still `sending` that were claimed before an instant (market time, UTC).

        Those people were told of are among them; in the order of their ids.
        """

    def told_unresolved(self, outbox_id: str, *, at: datetime) -> None:
        """Note that people were told that the mail's fate is unknown (market time, UTC)."""

    def told_bounced(self, outbox_id: str, *, at: datetime) -> None:
        """Note that people were told that the mail came back (market time, UTC)."""
