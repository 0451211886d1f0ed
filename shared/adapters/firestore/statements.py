"""Statements and adjustments: `commission_monthly/{month}~{follower_id}`, `adjustments/{id}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.records import in_parts, read, read_all, replacement
from shared.domain.errors import Conflict
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO
from shared.domain.months import Month
from shared.domain.sessions import session_date_at
from shared.domain.statements import (
    FROZEN,
    Adjustment,
    AdjustmentKind,
    Statement,
    StatementState,
    statement_number,
)
from shared.ports.documents import Create, Documents, Filter, Query, Replace, Snapshot, Write

_STATEMENTS, _ADJUSTMENTS = "commission_monthly", "adjustments"
_LAST = "last_number"


class FirestoreStatements:
    """`Statements` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, month: Month, follower_id: FollowerId) -> Statement | None:
        """Read one, or None."""
        snapshot = self._documents.get(f"{_STATEMENTS}/{month}~{follower_id}")
        return None if snapshot is None else read(Statement, snapshot)

    def of_month(self, month: Month) -> tuple[Statement, ...]:
        """Read a month's statements, in follower order."""
        return read_all(Statement, self._documents.find(_where(_STATEMENTS, "month", month)))

    def of_follower(self, follower_id: FollowerId) -> tuple[Statement, ...]:
        """Read a follower's statements, oldest first: ids begin with the month."""
        query = _where(_STATEMENTS, "follower_id", follower_id)
        return read_all(Statement, self._documents.find(query))

    def in_state(self, state: StatementState) -> tuple[Statement, ...]:
        """Read all statements in a state, oldest month first: ids begin with the month."""
        query = _where(_STATEMENTS, "state", state.value)
        return read_all(Statement, self._documents.find(query))

    def draft(self, statements: Sequence[Statement]) -> int:
        """Write statements that are not issued; one that is issued meanwhile stays as it is."""
        return sum(self._draft_part(part) for part in in_parts(statements))

    def _draft_part(self, statements: Sequence[Statement]) -> int:
        def decide(stored: tuple[Snapshot | None, ...]) -> tuple[list[Write], int]:
            writes: list[Write] = [
                replacement(_path(new), new)
                for new, old in zip(statements, stored, strict=True)
                if old is None or _gives_way(read(Statement, old), new)
            ]
            return writes, len(writes)

        return self._documents.transact([_path(one) for one in statements], decide)

    def issue(self, statement: Statement) -> Statement:
        """Freeze a statement under the next number of its year, in one transaction."""
        if statement.issued_at is None:
            raise Conflict("firestore", f"{statement.statement_id} says no time of issue")
        year = statement.issued_at.year
        counter = f"counters/statements-{year}"
        carried = [f"{_ADJUSTMENTS}/{one.adjustment_id}" for one in statement.adjustments]

        def decide(stored: tuple[Snapshot | None, ...]) -> tuple[list[Write], Statement]:
            count, old, *adjustments = stored
            before = None if old is None else read(Statement, old)
            if before is not None and before.state in FROZEN:
                return [], before
            last = 0 if count is None else int(str(count.data[_LAST]))
            number = statement_number(year, last + 1)
            numbered = _numbered(statement, number)
            return [
                Replace(path=counter, data={_LAST: last + 1}),
                replacement(_path(numbered), numbered),
                *_applied(adjustments, carried, number),
                *_credit(numbered),
            ], numbered

        return self._documents.transact([counter, _path(statement), *carried], decide)

    def replace(self, statement: Statement, *, before: Statement) -> None:
        """Move an issued statement on; Conflict where the stored one is not `before`."""

        def decide(stored: tuple[Snapshot | None, ...]) -> tuple[list[Write], None]:
            if stored[0] is None or read(Statement, stored[0]) != before:
                raise Conflict("firestore", f"{statement.statement_id} has changed meanwhile")
            return [replacement(_path(statement), statement)], None

        self._documents.transact([_path(statement)], decide)


class FirestoreAdjustments:
    """`Adjustments` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def note(self, adjustment: Adjustment) -> bool:
        """Record one; False where its id exists already (a no-op)."""
        path = f"{_ADJUSTMENTS}/{adjustment.adjustment_id}"
        try:
            self._documents.commit([Create(path=path, data=encode(adjustment))])
        except Conflict:
            return False
        return True

    def of_follower(self, follower_id: FollowerId) -> tuple[Adjustment, ...]:
        """Read all of a follower, in id order."""
        query = _where(_ADJUSTMENTS, "follower_id", follower_id)
        return read_all(Adjustment, self._documents.find(query))

    def waiting(self) -> tuple[Adjustment, ...]:
        """Read all that no statement carries yet, in id order."""
        return read_all(Adjustment, self._documents.find(_where(_ADJUSTMENTS, "applied_to", "")))


def _where(collection: str, field: str, value: str) -> Query:
    return Query(collection=collection, filters=(Filter(field, "==", value),))


def _path(statement: Statement) -> str:
    return f"{_STATEMENTS}/{statement.statement_id}"


def _gives_way(old: Statement, new: Statement) -> bool:
    if old.state in FROZEN:
        return False
    return old != new


def _numbered(statement: Statement, number: str) -> Statement:
    carried = tuple(replace(one, applied_to=number) for one in statement.adjustments)
    return replace(statement, number=number, adjustments=carried)


def _applied(stored: Sequence[Snapshot | None], paths: Sequence[str], number: str) -> list[Write]:
    writes: list[Write] = []
    for snapshot, path in zip(stored, paths, strict=True):
        adjustment = None if snapshot is None else read(Adjustment, snapshot)
        if adjustment is None or adjustment.applied_to:
            raise Conflict("firestore", f"{path} is carried by another statement, or gone")
        writes.append(replacement(path, replace(adjustment, applied_to=number)))
    return writes


def _credit(statement: Statement) -> list[Write]:
    if statement.credit == ZERO or statement.issued_at is None:
        return []
    credit = Adjustment(
        month=statement.month,
        follower_id=statement.follower_id,
        number=0,
        kind=AdjustmentKind.CREDIT,
        noted_on=session_date_at(statement.issued_at),
        amount=-statement.credit,
        currency=statement.currency,
        reason=f"Credit left by statement {statement.number}",
    )
    return [Create(path=f"{_ADJUSTMENTS}/{credit.adjustment_id}", data=encode(credit))]
