"""What our mails say: plain figures, dates and names; how they look is another's business.

Names are as people wrote them, and may hold anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shared.domain.day_summary import DaySummary
from shared.domain.months import Month
from shared.domain.session_record import Finality


@dataclass(frozen=True, kw_only=True, slots=True)
class MailText:
    """Subject line, plain-text version and HTML version."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLink:
    """A link and what it opens ("PDF", "Excel")."""

    label: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DaySummaryFields:
    """The daily summary for admins.

    Attributes:
        summary: The figures.
        links: One per file.
        link_hours: Life of the links.
    """

    summary: DaySummary
    links: tuple[FileLink, ...]
    link_hours: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthlyReportFields:
    """A follower's monthly report.

    Attributes:
        month: Which.
        name: The follower's.
        result: The month's result in USD, signed, broker fees paid.
        commission_due: What he owes for it, in `currency`.
        currency: ISO 4217 code of the commission.
        statement_number: Number of the commission statement; empty while there is none.
        finality: Whether the figures may still change.
        as_of: When they became what they are (market time, UTC).
        links: One per file.
        link_hours: Life of the links.
        contact: Address that sends a new link to who asks.
    """

    month: Month
    name: str
    result: Decimal
    commission_due: Decimal
    currency: str
    statement_number: str
    finality: Finality
    as_of: datetime
    links: tuple[FileLink, ...]
    link_hours: int
    contact: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenStatement:
    """A commission statement that is to be paid.

    Attributes:
        number: Its number.
        month: What it bills.
        amount: What it asks for, in `currency`; negative where it gives back.
        currency: ISO 4217 code.
    """

    number: str
    month: Month
    amount: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WeeklyCommissionFields:
    """A follower's statements that are payable and were not sent before.

    Attributes:
        name: The follower's.
        on: ISO date of the mail.
        statements: At least one, oldest first.
        iban: The account they are paid from; empty where none is known. The mail shows its mask.
        due_text: Until when and how to pay, in a sentence.
        contact: Address that answers questions.
    """

    name: str
    on: str
    statements: tuple[OpenStatement, ...]
    iban: str = field(repr=False)
    due_text: str
    contact: str

    @property
    def totals(self) -> tuple[tuple[str, Decimal], ...]:
        """What is due by currency, in the order of the codes."""
        codes = sorted({one.currency for one in self.statements})
        return tuple(
            (code, sum((one.amount for one in self.statements if one.currency == code), Decimal(0)))
            for code in codes
        )


MailFields = DaySummaryFields | MonthlyReportFields | WeeklyCommissionFields
