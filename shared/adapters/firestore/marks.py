"""Marks: `marks/{session_date}-{slot}-{part}`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.records import of_session, read_all
from shared.adapters.firestore.sessions import session_path
from shared.domain.errors import Conflict
from shared.domain.marks import Mark
from shared.domain.money import to_micros
from shared.ports.documents import Create, Documents, Update, Write, field_path


class FirestoreMarks:
    """`Marks` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def write(self, marks: Sequence[Mark], *, total: Decimal) -> bool:
        """Create one slot's marks and the session's total; False where the slot is marked.

        Raises:
            NotFound: There is no session document.
        """
        first = marks[0]
        series = field_path("series_micros", str(first.slot))
        writes: list[Write] = [Create(path=_path(mark), data=encode(mark)) for mark in marks]
        writes.append(
            Update(path=session_path(first.session_date), fields={series: to_micros(total)})
        )
        try:
            self._documents.commit(writes)
        except Conflict:
            return False
        return True

    def of_session(self, session_date: str) -> tuple[Mark, ...]:
        """Read a session's marks in the order of slot and part."""
        marks = read_all(Mark, self._documents.find(of_session("marks", session_date)))
        return tuple(sorted(marks, key=lambda mark: (mark.slot, mark.part)))


def _path(mark: Mark) -> str:
    return f"marks/{mark.session_date}-{mark.slot}-{mark.part}"
