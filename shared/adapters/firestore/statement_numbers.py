"""Statements by number: the field `number` of `commission_monthly`."""

from __future__ import annotations

from shared.adapters.firestore.records import read_all
from shared.domain.errors import InvariantBroken
from shared.domain.statements import Statement
from shared.ports.documents import Documents, Filter, Query


class FirestoreStatementNumbers:
    """`StatementNumbers` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def numbered(self, number: str) -> Statement | None:
        """Read the issued statement of that number, or None."""
        if not number:  # what is not issued has the empty number
            return None
        query = Query(
            collection="commission_monthly", filters=(Filter("number", "==", number),), limit=2
        )
        found = read_all(Statement, self._documents.find(query))
        if len(found) > 1:
            raise InvariantBroken(f"two statements have the number {number}")
        return found[0] if found else None
