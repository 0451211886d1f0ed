"""Send a mail, once: claim its row, hand it over, note what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import tenacity

from shared.domain.errors import AdapterError
from shared.domain.mail_fields import MailText
from shared.domain.outbox import MailKind, OutboxRow, copies_for
from shared.ports.clock import Clock
from shared.ports.mail import Attachment, Mail, Mailer, MailUnconfirmed
from shared.ports.outbox import Outbox

MOST_TRIES = 4
MOST_SECONDS = 60.0
"""Machine time after which nothing is tried again, waits included."""

_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 20.0


class Sending(StrEnum):
    """What came of sending a mail."""

    SENT = "sent"
    """The provider has accepted it now."""
    ALREADY = "already"
    """Somebody has taken it on before; nothing was sent."""
    UNCONFIRMED = "unconfirmed"
    """The answer was lost: the provider's events tell, and it is not sent again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingMail:
    """A mail that is to go out once.

    Attributes:
        outbox_id: Its key, from `outbox_id_of`; the same key is never sent twice.
        to: The recipient's address.
        content: What it says.
        kind: What sort of mail it is.
        about: The business thing it carries: a report id, a statement number.
        period: Session date or month, ISO text.
        follower_id: Whose it is; None for mail to admins.
        cc: Who gets a copy; who is named twice gets one mail.
        attachments: Files, in order.
    """

    outbox_id: str
    to: str
    content: MailText
    kind: MailKind
    about: str
    period: str
    follower_id: str | None = None
    cc: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MailPorts:
    """What sending takes.

    Attributes:
        clock: Market time, for the row.
        outbox: Rows of mails.
        mailer: The provider.
        sleep: Waits the given seconds of machine time.
        monotonic: Machine time, seconds.
    """

    clock: Clock
    outbox: Outbox
    mailer: Mailer
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]


def send_mail(outgoing: OutgoingMail, ports: MailPorts) -> Sending:
    """Send a mail unless its key was sent before: the one way every mail about reports goes out.

    Mail about alerts keeps its record in the alert itself; see `route_alert`.

    - The row is durable before the first byte leaves. Whoever dies after that leaves it
      `sending`, and nobody sends it again; the provider's events tell what became of it.
    - Where the provider certainly has not accepted it and asks for patience (429, 5xx, nobody
      there), it is tried again, four times and for a minute at most, under the same key.
    - A refusal is noted in the provider's words; the next call may claim the row anew.

    Raises:
        AdapterError: The provider has not accepted it, or the database failed.
    """
    mail = _mail(outgoing)
    if not ports.outbox.claim(_row(outgoing, mail, ports)):
        return Sending.ALREADY
    try:
        message_id = _patient(ports)(ports.mailer.send, mail)
    except MailUnconfirmed:
        return Sending.UNCONFIRMED
    except AdapterError as error:
        ports.outbox.refused(outgoing.outbox_id, error=str(error))
        raise
    ports.outbox.sent(outgoing.outbox_id, message_id=message_id)
    return Sending.SENT


def _mail(outgoing: OutgoingMail) -> Mail:
    return Mail(
        to=outgoing.to,
        cc=copies_for(outgoing.to, outgoing.cc),
        subject=outgoing.content.subject,
        text=outgoing.content.text,
        html=outgoing.content.html,
        outbox_id=outgoing.outbox_id,
        attachments=outgoing.attachments,
    )


def _row(outgoing: OutgoingMail, mail: Mail, ports: MailPorts) -> OutboxRow:
    return OutboxRow(
        outbox_id=outgoing.outbox_id,
        to=mail.to,
        cc=mail.cc,
        subject=mail.subject,
        claimed_at=ports.clock.now(),
        kind=outgoing.kind,
        about=outgoing.about,
        follower_id=outgoing.follower_id,
        period=outgoing.period,
    )


def _patient(ports: MailPorts) -> tenacity.Retrying:
    started = ports.monotonic()

    def is_over(state: tenacity.RetryCallState) -> bool:
        spent = ports.monotonic() - started
        return state.attempt_number >= MOST_TRIES or spent + state.upcoming_sleep > MOST_SECONDS

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_worth_repeating),
        stop=is_over,
        wait=_wait_seconds,
        sleep=ports.sleep,
        reraise=True,
    )


def _is_worth_repeating(error: BaseException) -> bool:
    return isinstance(error, AdapterError) and error.retryable


_backing_off = tenacity.wait_exponential(multiplier=_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS)


def _wait_seconds(state: tenacity.RetryCallState) -> float:
    """Wait as long as the provider asks, and never less than backing off would."""
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.retry_after_seconds if isinstance(error, AdapterError) else None
    return max(asked or 0.0, _backing_off(state))
