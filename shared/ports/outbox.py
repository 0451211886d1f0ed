"""Outbox: mails on their way out, `emails/{outbox_id}`.

A row is made before the mail is handed over, so that a mail goes out once whatever is repeated.
A row left `sending` (a crash, or an answer that was lost) is never sent again by guess: the
provider's signed events tell what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class OutboxState(StrEnum):
    """What became of a mail."""

    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxRow:
    """One mail to one person.

    Attributes:
        outbox_id: Business key: the same mail to the same person has the same.
        to: The recipient's address.
        subject: Subject line.
        claimed_at: When somebody last took it on him to send it (market time, UTC).
        state: What became of it.
        message_id: The provider's id; empty until it was sent.
        error: The provider's words where it was refused.
    """

    outbox_id: str
    to: str
    subject: str
    claimed_at: datetime
    state: OutboxState = OutboxState.SENDING
    message_id: str = ""
    error: str = ""


class Outbox(Protocol):
    """Outbox rows, for functions and jobs."""

    def claim(self, row: OutboxRow) -> bool:
        """Make the row, or take one up again that was refused, in one transaction.

        Returns:
            True where the caller is to send the mail now; False where somebody has.
        """

    def sent(self, outbox_id: str, *, message_id: str) -> None:
        """Note that the provider has accepted the mail."""

    def refused(self, outbox_id: str, *, error: str) -> None:
        """Note that the provider has not accepted the mail; it may be claimed again."""
