"""The broker's own statements: what does it say happened in a session?"""

from __future__ import annotations

from typing import Protocol

from shared.domain.broker_statement import BrokerStatement, StatementRef
from shared.domain.errors import AdapterError


class StatementPending(AdapterError):
    """The broker has not made the statement yet; ask again later.

    Args:
        service: The service.
        message: What it said, without secrets.
        retry_after_seconds: How long to wait at least, if that is known.
    """

    def __init__(
        self, service: str, message: str, *, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(service, message, retryable=True, retry_after_seconds=retry_after_seconds)


class TooManyStatementRequests(AdapterError):
    """The token was used too often; the same request may succeed once it was left alone."""

    def __init__(self, service: str, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(service, message, retryable=True, retry_after_seconds=retry_after_seconds)


class StatementRefused(AdapterError):
    """The broker will never answer this: token, query or set-up must be put right first."""

    def __init__(self, service: str, message: str) -> None:
        super().__init__(service, message, retryable=False)


class UnusableStatementToken(StatementRefused):
    """The token is unknown or has expired, or is not valid from where we ask."""


class UnknownStatementQuery(StatementRefused):
    """There is no such query, or it is of a kind that is not served any more."""


class BrokerStatements(Protocol):
    """Fetches statements of logins."""

    def fetch(self, statement: StatementRef, session_date: str) -> BrokerStatement:
        """Fetch the statement of one session; every account's period holds it.

        Args:
            statement: Where it is found.
            session_date: ISO text.

        Raises:
            StatementPending: It is not made yet, or does not reach the session.
            TooManyStatementRequests: The token was used too often.
            UnusableStatementToken: The token must be replaced.
            UnknownStatementQuery: The query must be put right.
            StatementRefused: Refused for good for another reason.
            NotFound: There is no such secret.
            InvalidInput: The statement lacks a section or an attribute; names it.
            AdapterError: The service failed; `retryable` says whether to try again.
        """
