"""`Mailer` that keeps what it was given."""

from __future__ import annotations

from collections import deque

from shared.domain.errors import AdapterError
from shared.ports.mail import Mail, MailUnconfirmed


class RecordingMailer:
    """Keeps mails in order; refuses, or loses the answer for, the addresses it is told.

    `failures` come first, one a try, whoever is written to.
    """

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.refused: set[str] = set()
        self.lost: set[str] = set()
        self.failures: deque[AdapterError] = deque()
        self.tries = 0

    def send(self, mail: Mail) -> str:
        self.tries += 1
        if self.failures:
            raise self.failures.popleft()
        if mail.to in self.refused:
            raise AdapterError("sendgrid", "503: try again", retryable=True)
        self.sent.append(mail)
        if mail.to in self.lost:
            raise MailUnconfirmed("sendgrid", "no answer")
        return f"message-{len(self.sent)}"

    @property
    def recipients(self) -> list[str]:
        return [mail.to for mail in self.sent]
