"""Puts the drawn month into the database, piece by piece, as time goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.monthly_pnl import FirestoreMonthlyPnl
from shared.adapters.firestore.reports import FirestoreReports
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.statements import FirestoreStatements
from shared.adapters.session_table import session_table
from shared.domain.fills import Fill
from shared.domain.marks import book_total
from shared.domain.session_record import SessionRecord
from shared.domain.sessions import at_new_york
from shared.ports.documents import Documents, Replace, Write
from tests.sandbox.month.ledger import Draw
from tests.sandbox.month.marks import drawn_mark
from tests.sandbox.month.our_documents import OurBooks
from tests.sandbox.month.our_people import follower_document, months_before, people_documents

_WRITES = 400
_MORNING, _EVENING = "07:00:00", "16:20:00"


class Seeds:
    """Writes a drawn month.

    Args:
        drawn: The month.
        documents: The database.
    """

    def __init__(self, drawn: Draw, documents: Documents) -> None:
        self._drawn = drawn
        self._documents = documents
        self._ours = OurBooks(drawn)

    def begin(self, at: datetime) -> None:
        """Write people, terms and the month before; `at` is the first market time."""
        self._write(list(people_documents(self._drawn)))
        months = FirestoreMonthlyPnl(self._documents)
        statements, reports = (
            FirestoreStatements(self._documents),
            FirestoreReports(self._documents),
        )
        for month, statement, report in months_before(self._drawn, at):
            months.write([month])
            issued = statements.issue(statement)
            reports.switch_to(replace(report, statement_number=issued.number))

    def morning(self, date: str) -> None:
        """Write what the gateway knows at 07:00: the night's clearing, and that accounts agree."""
        at = at_new_york(date, _MORNING)
        night = [one for one in self._ours.fills(date) if one.at <= at]
        self._write([*_fills(night), *self._positions(at)])
        self._write(
            [
                Replace(path=f"accounts/{one.account_id}", data=encode(one))
                for one in self._ours.snapshots(date, at=at)
            ]
        )

    def day(self, date: str) -> None:
        """Write a whole session, as it stands at its end."""
        session = session_table().session_on(date)
        if session is None:
            raise ValueError(f"{date} is no session")
        FirestoreSessions(self._documents).open(
            SessionRecord(session_date=date, open_at=session.open_at, close_at=session.close_at)
        )
        board = self._ours.board(date)
        self._write(
            [
                *(
                    Replace(path=f"orders/{one.order_id}", data=encode(one))
                    for one in self._ours.orders(date)
                ),
                *_fills(self._ours.fills(date)),
                *self._positions(at_new_york(date, _EVENING)),
                Replace(path=f"boards/{date}-0-0", data=encode(board)),
                *(
                    Replace(path=f"quotes/{one.contract_key}", data=encode(one))
                    for one in self._ours.quotes(date)
                ),
                *self._leavers(date),
            ]
        )
        marks = FirestoreMarks(self._documents)
        for wall_time in sorted(self._drawn.mids[date]):
            mark = drawn_mark(self._drawn, date, wall_time)
            marks.write([mark], total=book_total([mark]))

    def _positions(self, at: datetime) -> Iterator[Write]:
        for one in self._ours.positions(at):
            yield Replace(path=f"positions/{one.position_id}", data=encode(one))

    def _leavers(self, date: str) -> Iterator[Write]:
        """Archive who has left, once nothing of his can be open any more."""
        dates = self._drawn.dates
        for person in self._drawn.people:
            if person.last is not None and date == dates[min(person.last + 2, len(dates) - 1)]:
                yield follower_document(person, is_archived=True)

    def _write(self, writes: Sequence[Write]) -> None:
        for start in range(0, len(writes), _WRITES):
            self._documents.commit(writes[start : start + _WRITES])


def _fills(fills: Iterable[Fill]) -> list[Write]:
    return [Replace(path=f"fills/{one.exec_id}", data=encode(one)) for one in fills]
