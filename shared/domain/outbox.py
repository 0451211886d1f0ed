"""The life of a mail in the outbox, and what the provider's events make of it; pure.

A row is claimed before the mail is handed over. What becomes of it is told by the provider's
answer or, where that was lost, by the provider's signed events. Events come late, twice and in any
order, so what a row says after them does not depend on their order: of two states the later in
`_RANK` stands, of two events that say the same the earlier.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from shared.domain.errors import InvalidInput


class OutboxState(StrEnum):
    """What became of a mail."""

    SENDING = "sending"
    """Somebody took it on him; nobody knows yet what became of it."""
    SENT = "sent"
    """The provider has accepted it."""
    REFUSED = "refused"
    """The provider has not accepted it; it may be claimed anew."""
    DELIVERED = "delivered"
    """The recipient's server has accepted it."""
    BOUNCED = "bounced"
    """The recipient's server refused it, or the provider gave it up."""


TRANSITIONS: Mapping[OutboxState, frozenset[OutboxState]] = MappingProxyType(
    {
        OutboxState.SENDING: frozenset(
            {
                OutboxState.SENT,
                OutboxState.REFUSED,
                OutboxState.DELIVERED,
                OutboxState.BOUNCED,
            }
        ),
        # An event proves that a mail was accepted whose answer said otherwise (a 500, say).
        OutboxState.REFUSED: frozenset(
            {
                OutboxState.SENDING,
                OutboxState.SENT,
                OutboxState.DELIVERED,
                OutboxState.BOUNCED,
            }
        ),
        OutboxState.SENT: frozenset({OutboxState.DELIVERED, OutboxState.BOUNCED}),
        # A server may accept a mail first and send it back later.
        OutboxState.DELIVERED: frozenset({OutboxState.BOUNCED}),
        OutboxState.BOUNCED: frozenset(),
    }
)
"""The one table: which state may follow which."""

LONGEST_REASON = 500
"""Characters of the provider's words that are kept."""


class MailKind(StrEnum):
    """What a mail is about."""

    UNKNOWN = "unknown"
    """Of rows that were made before mails had a kind."""
    DAY_SUMMARY = "day_summary"
    MONTHLY_REPORT = "monthly_report"
    WEEKLY_COMMISSION = "weekly_commission"


class ResolvedBy(StrEnum):
    """Who told first what became of a mail."""

    ANSWER = "answer"
    EVENT = "event"


class MailEventKind(StrEnum):
    """What the provider tells of a mail; its own words for it.

    https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
    """

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCE = "bounce"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True, slots=True)
class MailEvent:
    """One event of one recipient.

    Attributes:
        outbox_id: The row it is about.
        event_id: The provider's id; the same event told twice has the same.
        kind: What happened.
        recipient: `recipient_key` of whom it happened with; a copy's fate is not the mail's.
        occurred_at: When, by the provider's clock (aware UTC).
        message_id: The provider's id of the mail; empty where it tells none.
        reason: The receiving server's words, without addresses; empty where there are none.
    """

    outbox_id: str
    event_id: str
    kind: MailEventKind
    recipient: str
    occurred_at: datetime
    message_id: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxRow:
    """One mail to one person.

    Attributes:
        outbox_id: Business key: the same mail to the same person has the same.
        to: The recipient's address.
        subject: Subject line.
        claimed_at: When somebody last took it on him to send it (market time, UTC).
        state: What became of it.
        message_id: The provider's id; empty until it is known.
        error: The provider's words where it was refused or came back, without addresses.
        cc: Addresses that got a copy.
        kind: What sort of mail it is.
        about: The business thing it carries: a report id, a statement number.
        follower_id: Whose it is; None for mail to admins.
        period: Session date or month it is about, ISO text.
        resolved_by: Who told first what became of it; None while nobody has.
        event_id: The event that decided its state; empty where the answer did.
        event_at: When that event happened (UTC).
        unresolved_told_at: When people were told that its fate is unknown (market time, UTC).
        bounce_told_at: When people were told that it came back (market time, UTC).
    """

    outbox_id: str
    to: str
    subject: str
    claimed_at: datetime
    state: OutboxState = OutboxState.SENDING
    message_id: str = ""
    error: str = ""
    cc: tuple[str, ...] = ()
    kind: MailKind = MailKind.UNKNOWN
    about: str = ""
    follower_id: str | None = None
    period: str = ""
    resolved_by: ResolvedBy | None = None
    event_id: str = ""
    event_at: datetime | None = None
    unresolved_told_at: datetime | None = None
    bounce_told_at: datetime | None = None


_RANK = {
    OutboxState.SENDING: 0,
    OutboxState.REFUSED: 0,
    OutboxState.SENT: 1,
    OutboxState.DELIVERED: 2,
    OutboxState.BOUNCED: 3,
}
_TOLD_OF_THE_RECIPIENT = {
    MailEventKind.PROCESSED: OutboxState.SENT,
    MailEventKind.DEFERRED: OutboxState.SENT,
    MailEventKind.DELIVERED: OutboxState.DELIVERED,
    MailEventKind.BOUNCE: OutboxState.BOUNCED,
    MailEventKind.DROPPED: OutboxState.BOUNCED,
}
# What may end or follow an address in the words of a mail server.
_ADDRESS = re.compile(r"[^\s<>\[\](){},;:\"']+@[^\s<>\[\](){},;:\"']+")


def claimed(row: OutboxRow, stored: OutboxRow | None) -> OutboxRow | None:
    """Take a mail on, where nobody has or where it was refused.

    Returns:
        The row as it is to be stored; None where the mail must not be sent.
    """
    if stored is None or OutboxState.SENDING in TRANSITIONS[stored.state]:
        return row
    return None


def answered(row: OutboxRow, *, message_id: str) -> OutboxRow:
    """Note that the provider has accepted a mail; an event may have told more already."""
    noted = replace(row, message_id=message_id, resolved_by=row.resolved_by or ResolvedBy.ANSWER)
    if OutboxState.SENT in TRANSITIONS[row.state]:
        return replace(noted, state=OutboxState.SENT, error="")
    return noted


def refused(row: OutboxRow, *, error: str) -> OutboxRow:
    """Note that the provider has not accepted a mail, unless an event has told otherwise."""
    if OutboxState.REFUSED not in TRANSITIONS[row.state]:
        return row
    words = without_addresses(error)[:LONGEST_REASON]
    return replace(row, state=OutboxState.REFUSED, error=words, resolved_by=ResolvedBy.ANSWER)


def resolved(row: OutboxRow, event: MailEvent) -> OutboxRow:
    """Say what a row becomes by an event, whatever was told before and however often."""
    state = _told_by(row, event)
    place = (event.occurred_at, event.event_id)
    if state is row.state:
        decides = row.event_at is not None and place < (row.event_at, row.event_id)
    else:
        decides = _RANK[state] > _RANK[row.state]
    if not decides:
        return replace(row, message_id=row.message_id or event.message_id)
    return replace(
        row,
        state=state,
        message_id=row.message_id or event.message_id,
        error=event.reason[:LONGEST_REASON] if state is OutboxState.BOUNCED else "",
        resolved_by=row.resolved_by if _is_resolved(row) else ResolvedBy.EVENT,
        event_id=event.event_id,
        event_at=event.occurred_at,
    )


def recipient_key(address: str) -> str:
    """Name a recipient without his address, whatever the case it is written in."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:16]


def outbox_id_of(about: str, version: str, address: str) -> str:
    """Key a mail: one of this thing, in this version, to this address.

    It travels with the mail as the provider's custom argument, which the provider keeps for long
    and does not protect: nothing personal may be in it.
    https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event

    Args:
        about: The business thing, `daily-2026-11-27`.
        version: What tells two versions of it apart; a hash of the figures.
        address: The recipient's.

    Raises:
        InvalidInput: The thing or its version cannot stand in a document's id.
    """
    for name, part in (("about", about), ("version", version)):
        if not part or "/" in part or "@" in part:
            raise InvalidInput(name, "is part of a mail's id: give text without '/' and '@'")
    person = hashlib.sha256(address.encode()).hexdigest()[:8]
    return f"{about}~{version[:16]}~{person}"


def copies_for(to: str, addresses: Sequence[str]) -> tuple[str, ...]:
    """Leave out who gets the mail already, and who is named twice.

    SendGrid refuses a mail that names an address twice, whatever its case:
    https://support.sendgrid.com/hc/en-us/articles/34677918767131
    """
    seen = {to.lower()}
    copies = []
    for address in addresses:
        if address.lower() not in seen:
            seen.add(address.lower())
            copies.append(address)
    return tuple(copies)


def without_addresses(text: str) -> str:
    """Take e-mail addresses out of a provider's words, which end up in logs and messages."""
    return _ADDRESS.sub("[address]", text)


def _told_by(row: OutboxRow, event: MailEvent) -> OutboxState:
    if event.recipient == recipient_key(row.to):
        return _TOLD_OF_THE_RECIPIENT[event.kind]
    # Whatever became of a copy, the provider has accepted the mail.
    return OutboxState.SENT


def _is_resolved(row: OutboxRow) -> bool:
    return row.state not in (OutboxState.SENDING, OutboxState.REFUSED)
