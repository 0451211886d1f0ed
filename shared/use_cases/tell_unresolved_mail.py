"""Tell people of mails whose fate nobody knows."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.alerts import Alert, AlertType
from shared.domain.figures_text import in_words
from shared.domain.outbox import OutboxRow
from shared.domain.sessions import session_date_at
from shared.use_cases.record_mail_event import MailEventPorts

UNRESOLVED_AFTER = timedelta(minutes=30)
"""Market time that a row may be `sending`; SendGrid posts its events every half minute."""


def tell_unresolved_mail(ports: MailEventPorts) -> tuple[str, ...]:
    """Raise MAIL_UNRESOLVED for each row left sending too long, once per row.

    Nothing is sent again: a person finds out, or a late event still does.

    Returns:
        The outbox ids that were told now.

    Raises:
        AdapterError: The database or the alarm failed; doing it again tells the rest.
    """
    now = ports.clock.now()
    left = ports.outbox.left_sending(now - UNRESOLVED_AFTER)
    untold = tuple(row for row in left if row.unresolved_told_at is None)
    for row in untold:
        ports.alarm.raise_alert(_unresolved(row, ports))
        ports.outbox.told_unresolved(row.outbox_id, at=now)
    return tuple(row.outbox_id for row in untold)


def _unresolved(row: OutboxRow, ports: MailEventPorts) -> Alert:
    minutes = int(UNRESOLVED_AFTER.total_seconds() // 60)
    return Alert(
        alert_type=AlertType.MAIL_UNRESOLVED,
        subject=row.outbox_id,
        message=f"{in_words(row.kind)} mail: nobody knows for {minutes} minutes whether it went"
        " out. It is not sent again by itself; look for its outbox_id at the provider.",
        # Of the row, not of today: told again after a crash it has the same key.
        session_date=session_date_at(row.claimed_at),
        raised_at=ports.clock.now(),
        follower_id=row.follower_id,
    )
