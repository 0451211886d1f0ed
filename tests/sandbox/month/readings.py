"""What a finished month left behind: our documents, and what the world outside received."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.fills import FirestoreFills
from shared.adapters.firestore.monthly_pnl import FirestoreMonthlyPnl
from shared.adapters.firestore.records import read_all
from shared.adapters.firestore.reports import FirestoreReports
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.statements import FirestoreStatements
from shared.domain.alerts import Alert
from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import Fill
from shared.domain.monthly_pnl import MonthlyPnl
from shared.domain.months import Month
from shared.domain.outbox import OutboxRow
from shared.domain.reports import Report
from shared.domain.session_record import SessionRecord
from shared.domain.statements import Statement
from shared.ports.documents import Query
from tests.sandbox.control import Json
from tests.sandbox.month.ledger import Draw
from tests.sandbox.month.stack import MonthStack

_TOKEN = re.compile(r"#([A-Za-z0-9_.-]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class SentMail:
    """A mail that SendGrid accepted: its key, to whom, and the tokens of its links."""

    outbox_id: str
    to: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """Everything that is looked at.

    Attributes:
        days: Rolled-up sessions of the month.
        months: The month, by follower.
        statements: By follower.
        reports: By follower.
        fills: Of the month.
        sessions: Records of the sessions that were played.
        outbox: Rows of mails, by key.
        mails: What SendGrid accepted for followers, in order.
        alerts: Everything that was told.
    """

    days: tuple[DailyPnl, ...]
    months: Mapping[str, MonthlyPnl]
    statements: Mapping[str, Statement]
    reports: Mapping[str, Report]
    fills: tuple[Fill, ...]
    sessions: tuple[SessionRecord, ...]
    outbox: Mapping[str, OutboxRow]
    mails: tuple[SentMail, ...]
    alerts: tuple[Alert, ...]


def read_left(drawn: Draw, stack: MonthStack) -> Left:
    """Read it all."""
    documents, month = stack.documents, Month(drawn.month)
    days, fills = FirestoreDailyPnl(documents), FirestoreFills(documents)
    sessions = FirestoreSessions(documents)
    rows = read_all(OutboxRow, documents.find(Query(collection="emails")))
    reports = FirestoreReports(documents).of_period(month)
    return Left(
        days=tuple(one for date in drawn.dates for one in days.of_session(date)),
        months={one.follower_id: one for one in FirestoreMonthlyPnl(documents).of_month(month)},
        statements={one.follower_id: one for one in FirestoreStatements(documents).of_month(month)},
        reports={str(one.follower_id): one for one in reports},
        fills=tuple(one for date in drawn.dates for one in fills.of_session(date)),
        sessions=tuple(one for date in drawn.dates if (one := sessions.read(date)) is not None),
        outbox={one.outbox_id: one for one in rows},
        mails=tuple(_mails(stack)),
        alerts=read_all(Alert, documents.find(Query(collection="alerts"))),
    )


def _mails(stack: MonthStack) -> list[SentMail]:
    found = []
    for message in stack.ask("sendgrid", "messages"):
        body = message["body"]
        if not isinstance(body, dict):
            continue
        outbox_id = _argument(body)
        if outbox_id:
            found.append(SentMail(outbox_id=outbox_id, to=_recipient(body), tokens=_tokens(body)))
    return found


def _argument(body: Mapping[str, Json]) -> str:
    arguments = body.get("custom_args")
    return str(arguments.get("outbox_id", "")) if isinstance(arguments, dict) else ""


def _recipient(body: Mapping[str, Json]) -> str:
    match body["personalizations"]:
        case [{"to": [{"email": str(email)}, *_]}, *_]:
            return email
        case _:
            return ""


def _tokens(body: Mapping[str, Json]) -> tuple[str, ...]:
    match body["content"]:
        case [{"type": "text/plain", "value": str(text)}, *_]:
            return tuple(one for one in _TOKEN.findall(text) if _is_token(one))
        case _:
            return ()


def _is_token(text: str) -> bool:
    payload, dot, _ = text.partition(".")
    try:
        padded = payload + "=" * (-len(payload) % 4)
        return bool(dot) and base64.urlsafe_b64decode(padded).startswith(b"[")
    except ValueError:
        return False
