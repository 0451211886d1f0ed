"""Requests for jobs, as they travel on the topics `reports`, `mail` and `settlement`."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.errors import InvalidInput
from shared.domain.months import Month, as_month
from shared.domain.sessions import as_session_date

REPORTS_TOPIC = "reports"
"""Topic of report requests, in every environment."""
MAIL_TOPIC = "mail"
"""Topic of mail requests, in every environment."""

_DAILY, _MONTHLY = "report_requested", "monthly_reports_requested"
_MONTHLY_MAIL, _COMMISSION_MAIL = "monthly_mail_requested", "commission_mail_requested"


def report_request(session_date: str) -> dict[str, object]:
    """Ask for a session's daily summary."""
    return {"type": _DAILY, "session_date": session_date}


def monthly_report_request(month: Month) -> dict[str, object]:
    """Ask for everybody's report of a month."""
    return {"type": _MONTHLY, "month": month}


def monthly_mail_request(month: Month) -> dict[str, object]:
    """Ask for the mails with links to a month's reports."""
    return {"type": _MONTHLY_MAIL, "month": month}


def requested_report(data: Mapping[str, object]) -> tuple[list[str], bool]:
    """Read which job a report request is for.

    Returns:
        The job's arguments, and whether several tasks may share it.

    Raises:
        InvalidInput: Naming the field that is missing or wrong.
    """
    match data.get("type"):
        case "report_requested":
            date = as_session_date(_text(data, "session_date"))
            return ["write-day-summary", "--date", date], False
        case "monthly_reports_requested":
            return ["write-monthly-reports", "--month", as_month(_text(data, "month"))], True
        case other:
            raise InvalidInput("type", f"{other!r} is neither {_DAILY!r} nor {_MONTHLY!r}")


def requested_mail(data: Mapping[str, object]) -> list[str]:
    """Read which job a mail request is for, as the job's arguments.

    Raises:
        InvalidInput: Naming the field that is missing or wrong.
    """
    match data.get("type"):
        case "monthly_mail_requested":
            return ["send-monthly-mail", "--month", as_month(_text(data, "month"))]
        case "commission_mail_requested":
            return ["send-commission-mail"]
        case other:
            raise InvalidInput(
                "type", f"{other!r} is neither {_MONTHLY_MAIL!r} nor {_COMMISSION_MAIL!r}"
            )


def _text(data: Mapping[str, object], field: str) -> str:
    value = data.get(field)
    if not isinstance(value, str):
        raise InvalidInput(field, f"must be text, not {value!r}")
    return value
