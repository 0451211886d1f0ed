"""Record what the provider tells of a mail, and tell people of mail that came back."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.alerts import Alert, AlertType
from shared.domain.figures_text import in_words
from shared.domain.outbox import MailEvent, OutboxRow, OutboxState
from shared.domain.sessions import session_date_at
from shared.ports.alarm import Alarm
from shared.ports.clock import Clock
from shared.ports.outbox import Outbox


@dataclass(frozen=True, kw_only=True, slots=True)
class MailEventPorts:
    """What following mail takes.

    Attributes:
        clock: Market time.
        outbox: Rows of mails.
        alarm: Tells people.
    """

    clock: Clock
    outbox: Outbox
    alarm: Alarm


def record_mail_event(event: MailEvent, ports: MailEventPorts) -> OutboxRow | None:
    """Note an event in its mail's row; late, twice and in any order make the same row.

    A mail that came back is told once. Whoever dies between telling and noting so tells it again
    under the same key, which only counts.

    Returns:
        The row as it now is; None for mail that has none, such as that of alerts.

    Raises:
        AdapterError: The database or the alarm failed; the event may be recorded again.
    """
    row = ports.outbox.resolve(event.outbox_id, event)
    if row is None or row.state is not OutboxState.BOUNCED or row.bounce_told_at is not None:
        return row
    ports.alarm.raise_alert(_bounced(row, ports))
    ports.outbox.told_bounced(row.outbox_id, at=ports.clock.now())
    return row


def _bounced(row: OutboxRow, ports: MailEventPorts) -> Alert:
    who = row.follower_id or "an admin"
    about = row.about or row.outbox_id
    return Alert(
        alert_type=AlertType.MAIL_BOUNCED,
        subject=f"{row.follower_id} {about}" if row.follower_id else about,
        message=f"{in_words(row.kind)} mail {about} did not reach {who}:"
        f" {row.error or 'the provider gives no reason'}. Put the address right and send it again.",
        session_date=session_date_at(row.claimed_at),
        raised_at=ports.clock.now(),
        follower_id=row.follower_id,
    )
