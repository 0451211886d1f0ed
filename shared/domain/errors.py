"""The one tree of errors.

SpreadPilotError
├── InvalidInput            what somebody gave us is wrong; names the field and the fix
│   └── InvalidSettings     every wrong or missing setting, listed together
├── AdapterError            the outside world answered badly; says whether to try again
│   ├── NotFound            what was asked for is not there
│   └── Conflict            somebody else wrote first (a failed precondition)
└── InvariantBroken         our own books contradict themselves; stop and page
"""

from __future__ import annotations


class SpreadPilotError(Exception):
    """Root of every error this system raises on purpose."""


class InvalidInput(SpreadPilotError):
    """Input that cannot be used.

    Args:
        field: Where the fault is, in the sender's words (a cell, a setting, a JSON path).
        message: What is wrong and how to put it right.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class InvalidSettings(InvalidInput):
    """One or more settings are missing or wrong; the message lists all of them."""


class AdapterError(SpreadPilotError):
    """An outside service failed.

    Args:
        service: The service, in lower case ("firestore", "telegram").
        message: What it said, without secrets.
        retryable: True where the same call may succeed later.
        retry_after_seconds: How long the service asks us to wait, if it said so.
    """

    def __init__(
        self,
        service: str,
        message: str,
        *,
        retryable: bool,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{service}: {message}")
        self.service = service
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds


class NotFound(AdapterError):
    """What was asked for does not exist."""

    def __init__(self, service: str, message: str) -> None:
        super().__init__(service, message, retryable=False)


class Conflict(AdapterError):
    """A precondition failed: the document exists already, or changed since it was read."""

    def __init__(self, service: str, message: str) -> None:
        super().__init__(service, message, retryable=False)


class InvariantBroken(SpreadPilotError):
    """Our own records contradict each other; nothing may go on from here."""
