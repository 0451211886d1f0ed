"""Mail: hands one message to the provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.outbox import copies_for


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file that travels with a mail."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail to one person.

    Attributes:
        to: The recipient's address.
        subject: The subject line.
        text: The plain-text version.
        html: The HTML version.
        outbox_id: The outbox row this mail is; the provider's events carry it back.
        attachments: Files, in order.
        cc: Addresses that get a copy; each once, and not the recipient's own.
    """

    to: str
    subject: str
    text: str
    html: str
    outbox_id: str
    attachments: tuple[Attachment, ...] = ()
    cc: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what the provider would refuse, or what would forge a header.

        Raises:
            InvalidInput: Naming the field, never an address.
        """
        if self.cc != copies_for(self.to, self.cc):
            raise InvalidInput("cc", "names somebody twice; use copies_for()")
        if "\r" in self.subject or "\n" in self.subject:
            raise InvalidInput("subject", "holds a line break, which would forge a header")


class MailUnconfirmed(AdapterError):
    """The mail may or may not have been accepted: the answer was lost.

    Never send it again on this alone; the provider's signed events tell what became of it.
    """

    def __init__(self, service: str, message: str) -> None:
        super().__init__(service, message, retryable=False)


class Mailer(Protocol):
    """Hands mails to the provider, each once."""

    def send(self, mail: Mail) -> str:
        """Hand over one mail and return the provider's message id.

        Raises:
            MailUnconfirmed: Nobody knows whether the mail was accepted.
            AdapterError: The mail was not accepted; `retryable` says whether to try again.
        """
        ...
