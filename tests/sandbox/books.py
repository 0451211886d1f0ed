"""The day's books as they lie in the database when it is over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.adapters.firestore.alerts import FirestoreAlertLog
from shared.adapters.firestore.clients import Connection, firestore_client
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.fills import FirestoreFills
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.positions import FirestorePositions
from shared.adapters.firestore.reports import FirestoreReports
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.spreads import FirestoreSpreadRecords
from shared.domain.alerts import Alert
from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import Fill
from shared.domain.marks import Mark
from shared.domain.orders import Order
from shared.domain.positions import Position
from shared.domain.reports import Report, daily_report_id
from shared.domain.session_record import SessionRecord
from shared.domain.time_value import SpreadRecord
from shared.ports.documents import Query
from tests.crash.readings import read_external
from tests.sandbox.addresses import Addresses
from tests.sandbox.blueprint import PROJECT

_COLLECTIONS = (
    "alerts",
    "boards",
    "breaches",
    "commands",
    "counters",
    "emails",
    "fills",
    "followers",
    "marks",
    "orders",
    "pnl_daily",
    "positions",
    "quotes",
    "reports",
    "sessions",
    "settings",
    "signals",
    "spreads",
)
"""Every collection but `logins` (its ports differ from run to run) and `leases` (machine time)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """Everything of one session.

    Attributes:
        session: The session's own document; None where it was never opened.
        orders: In id order.
        fills: In id order.
        positions: In id order.
        marks: In slot order.
        days: Daily roll-ups, in follower order.
        alerts: In key order.
        report: The daily summary; None where it was not written.
        spreads: What was known of each spread's risk at last, in id order.
        documents_sha256: Hash over all documents that market time writes.
        document_counts: Documents per collection.
        external: What others' trades moved, contracts by account and our contract key.
    """

    session: SessionRecord | None
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    positions: tuple[Position, ...]
    marks: tuple[Mark, ...]
    days: tuple[DailyPnl, ...]
    alerts: tuple[Alert, ...]
    report: Report | None
    documents_sha256: str
    document_counts: Mapping[str, int]
    external: Mapping[tuple[str, str], int] = field(default_factory=dict)
    spreads: tuple[SpreadRecord, ...] = ()


def read_books(addresses: Addresses, session_date: str) -> Books:
    """Read a session's books."""
    connection = firestore_client(PROJECT, emulator_host=f"127.0.0.1:{addresses.firestore}")
    try:
        return _read(connection, session_date)
    finally:
        connection.close()


def _read(connection: Connection, session_date: str) -> Books:
    documents = FirestoreDocuments(connection)
    digest, counts = _digest(documents)
    return Books(
        session=FirestoreSessions(documents).read(session_date),
        orders=FirestorePlannedOrders(documents).of_session(session_date),
        fills=FirestoreFills(documents).of_session(session_date),
        positions=FirestorePositions(documents).of_session(session_date),
        marks=FirestoreMarks(documents).of_session(session_date),
        days=FirestoreDailyPnl(documents).of_session(session_date),
        alerts=FirestoreAlertLog(documents).of_session(session_date),
        report=FirestoreReports(documents).get(daily_report_id(session_date)),
        documents_sha256=digest,
        document_counts=counts,
        external=read_external(documents),
        spreads=FirestoreSpreadRecords(documents).of_session(session_date),
    )


def _digest(documents: FirestoreDocuments) -> tuple[str, dict[str, int]]:
    hashing = hashlib.sha256()
    counts: dict[str, int] = {}
    for collection in _COLLECTIONS:
        found = documents.find(Query(collection=collection))
        counts[collection] = len(found)
        for snapshot in sorted(found, key=lambda one: one.path):
            line = json.dumps([snapshot.path, snapshot.data], sort_keys=True, default=_shown)
            hashing.update(line.encode() + b"\n")
    return hashing.hexdigest(), counts


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")
