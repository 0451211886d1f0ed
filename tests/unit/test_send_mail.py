"""Sending a mail: once under its key, with patience, and never again by guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.adapters.firestore.codec import decode
from shared.adapters.firestore.outbox import FirestoreOutbox
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.mail_fields import MailText
from shared.domain.outbox import MailKind, OutboxRow, OutboxState, ResolvedBy, outbox_id_of
from shared.ports.mail import Mail, MailUnconfirmed
from shared.use_cases.send_mail import MOST_SECONDS, MailPorts, OutgoingMail, Sending, send_mail
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments
from tests.fakes.mail import RecordingMailer

NOW = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
OUTGOING = OutgoingMail(
    outbox_id=outbox_id_of("monthly-2026-11-bruno", "0123456789abcdef", "bruno@example.com"),
    to="bruno@example.com",
    cc=("ops@example.com", "Bruno@example.com"),
    content=MailText(subject="Report", text="Hello", html="<p>Hello</p>"),
    kind=MailKind.MONTHLY_REPORT,
    about="monthly-2026-11-bruno",
    period="2026-11",
    follower_id="bruno",
)


class Desk:
    """An outbox in memory, a provider, and machine time that only waiting moves."""

    def __init__(self, *failures: AdapterError) -> None:
        self.documents = InMemoryDocuments()
        self.mailer = RecordingMailer()
        self.mailer.failures.extend(failures)
        self.waits: list[float] = []
        self.seconds_per_try = 0.0

    def send(self, outgoing: OutgoingMail = OUTGOING) -> Sending:
        return send_mail(
            outgoing,
            MailPorts(
                clock=ManualClock(NOW),
                outbox=FirestoreOutbox(self.documents),
                mailer=self.mailer,
                sleep=self.waits.append,
                monotonic=lambda: sum(self.waits) + self.seconds_per_try * self.mailer.tries,
            ),
        )

    def row(self) -> OutboxRow:
        found = self.documents.get(f"emails/{OUTGOING.outbox_id}")
        assert found is not None
        return decode(OutboxRow, found.data)


def overloaded(*, after: float | None = None) -> AdapterError:
    return AdapterError("sendgrid", "429: slow down", retryable=True, retry_after_seconds=after)


def test_a_mail_is_sent_once_and_its_row_says_what_it_is() -> None:
    desk = Desk()
    assert [desk.send(), desk.send()] == [Sending.SENT, Sending.ALREADY]
    assert desk.mailer.tries == 1
    assert desk.row() == OutboxRow(
        outbox_id=OUTGOING.outbox_id,
        to="bruno@example.com",
        cc=("ops@example.com",),
        subject="Report",
        claimed_at=NOW,
        state=OutboxState.SENT,
        message_id="message-1",
        kind=MailKind.MONTHLY_REPORT,
        about="monthly-2026-11-bruno",
        follower_id="bruno",
        period="2026-11",
        resolved_by=ResolvedBy.ANSWER,
    )


def test_it_carries_its_key_and_a_copy_for_everybody_else() -> None:
    desk = Desk()
    desk.send()
    (mail,) = desk.mailer.sent
    assert (mail.outbox_id, mail.cc) == (OUTGOING.outbox_id, ("ops@example.com",))


def test_a_provider_that_asks_for_patience_is_asked_again_under_the_same_key() -> None:
    # 1 s, then 2 s of backing off; then the 7 s that the provider asks for, since 4 s are fewer.
    desk = Desk(overloaded(), overloaded(after=0.5), overloaded(after=7))
    assert desk.send() is Sending.SENT
    assert desk.waits == [1, 2, 7]
    assert [mail.outbox_id for mail in desk.mailer.sent] == [OUTGOING.outbox_id]


def test_four_tries_are_all() -> None:
    desk = Desk(*[overloaded() for _ in range(9)])
    with pytest.raises(AdapterError, match="slow down"):
        desk.send()
    assert (desk.mailer.tries, desk.waits) == (4, [1, 2, 4])
    assert (desk.row().state, desk.row().error) == (OutboxState.REFUSED, "sendgrid: 429: slow down")


@pytest.mark.parametrize(
    ("asked", "tries"), [(MOST_SECONDS, 2), (MOST_SECONDS + 1, 1)], ids=["in time", "too long"]
)
def test_nothing_is_tried_after_a_minute(asked: float, tries: int) -> None:
    desk = Desk(overloaded(after=asked), overloaded())
    with pytest.raises(AdapterError):
        desk.send()
    assert desk.mailer.tries == tries


def test_slow_answers_count_towards_the_minute() -> None:
    desk = Desk(*[overloaded() for _ in range(9)])
    # After two tries of 29 s and a wait of 1 s it is 59; two more seconds would be too many.
    desk.seconds_per_try = 29
    with pytest.raises(AdapterError):
        desk.send()
    assert desk.mailer.tries == 2


def test_a_refusal_is_not_tried_again_but_may_be_claimed_anew() -> None:
    refusal = AdapterError("sendgrid", "400: [bruno@example.com] is no address", retryable=False)
    desk = Desk(refusal)
    with pytest.raises(AdapterError):
        desk.send()
    assert (desk.mailer.tries, desk.waits) == (1, [])
    assert desk.row().error == "sendgrid: 400: [[address]] is no address"
    assert desk.send() is Sending.SENT
    assert (desk.row().state, desk.row().error) == (OutboxState.SENT, "")


@pytest.mark.parametrize("tries_before", [0, 2])
def test_a_lost_answer_is_never_followed_by_another_try(tries_before: int) -> None:
    lost = MailUnconfirmed("sendgrid", "no answer")
    desk = Desk(*[overloaded() for _ in range(tries_before)], lost)
    assert desk.send() is Sending.UNCONFIRMED
    assert desk.mailer.tries == tries_before + 1
    assert desk.row().state is OutboxState.SENDING
    assert desk.send() is Sending.ALREADY
    assert desk.mailer.tries == tries_before + 1


def test_a_crash_after_the_claim_is_never_made_good_by_sending() -> None:
    desk = Desk()
    row = OutboxRow(outbox_id=OUTGOING.outbox_id, to=OUTGOING.to, subject="x", claimed_at=NOW)
    FirestoreOutbox(desk.documents).claim(row)
    assert desk.send() is Sending.ALREADY
    assert desk.mailer.tries == 0


@pytest.mark.parametrize("subject", ["Report\r\nBcc: eve@example.com", "Report\nx", "Report\rx"])
def test_a_subject_with_a_line_break_is_refused_before_anything_is_claimed(subject: str) -> None:
    desk = Desk()
    content = replace(OUTGOING.content, subject=subject)
    with pytest.raises(InvalidInput, match="subject"):
        desk.send(replace(OUTGOING, content=content))
    assert desk.documents.get(f"emails/{OUTGOING.outbox_id}") is None


@pytest.mark.parametrize("cc", [("Bruno@example.com",), ("a@example.com", "A@example.com")])
def test_a_mail_names_nobody_twice(cc: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match="copies_for") as caught:
        Mail(to="bruno@example.com", subject="s", text="t", html="h", outbox_id="1", cc=cc)
    assert "@" not in str(caught.value)
