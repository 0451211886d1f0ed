"""Requests for a report, as they travel on the topic `reports`."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.errors import InvalidInput
from shared.domain.sessions import SessionDate, as_session_date

REPORTS_TOPIC = "reports"
"""Topic of report requests, in every environment."""

_TYPE = "report_requested"


def report_request(session_date: str) -> dict[str, object]:
    """Ask for a session's daily summary."""
    return {"type": _TYPE, "session_date": session_date}


def requested_session(data: Mapping[str, object]) -> SessionDate:
    """Read which session a request is for.

    Raises:
        InvalidInput: Naming the field that is missing or wrong.
    """
    if data.get("type") != _TYPE:
        raise InvalidInput("type", f"{data.get('type')!r} is not {_TYPE!r}")
    session_date = data.get("session_date")
    if not isinstance(session_date, str):
        raise InvalidInput("session_date", f"must be text, not {session_date!r}")
    return as_session_date(session_date)
