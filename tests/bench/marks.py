"""mark_pnl, beside the database calls it cannot do without."""

from __future__ import annotations

import itertools
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from shared.adapters.firestore.boards import FirestoreBoards
from shared.adapters.firestore.clients import firestore_client
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.quotes import FirestoreQuotes
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.session_table import session_table
from shared.domain.boards import FOLLOWERS_PER_BOARD, Board, BoardLine
from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.marks import Mark, book_total, make_marks
from shared.domain.orders import OrderState
from shared.domain.positions import LegPosition
from shared.domain.quotes import Quote
from shared.domain.session_record import SessionRecord
from shared.domain.sessions import Session
from shared.ports.documents import Create, Query, Replace, Update
from tests.bench.rows import Row, compared, timed_ms
from tests.builders import a_spread
from tests.sandbox.emulators import firestore_emulator, running

_FOLLOWERS = 300
_REPEATS = 40
_PROJECT = "demo-bench"


def rows() -> list[Row]:
    """Time one mark of 300 followers against the emulator."""
    session = session_table().session_on("2026-11-23")
    if session is None:
        raise LookupError("2026-11-23 is a session")
    with (
        tempfile.TemporaryDirectory() as logs,
        running(firestore_emulator, Path(logs)) as address,
    ):
        documents = FirestoreDocuments(firestore_client(_PROJECT, emulator_host=address))
        try:
            return [_compare(documents, session)]
        finally:
            documents.close()


def _compare(documents: FirestoreDocuments, session: Session) -> Row:
    lines = _book(documents, session)
    slots = itertools.count(session.mark_slots()[0])
    ours = timed_ms(lambda: _mark(documents, session, next(slots)), _REPEATS)
    ready = [encode(mark) for mark in _marks(documents, session, 1)]
    bare = timed_ms(lambda: _bare(documents, session, next(slots), ready), _REPEATS)
    return compared(
        name="mark_pnl, one slot",
        method=f"{len(lines)} followers, median of {_REPEATS}, beside its bare reads and writes",
        unit="ms",
        ours=ours,
        bare=bare,
    )


def _book(documents: FirestoreDocuments, session: Session) -> dict[str, BoardLine]:
    """Write a session, its boards and its quotes."""
    spread = a_spread()
    legs = (
        LegPosition(contract_key=spread.long_contract.key, quantity=10, cost=Decimal(10)),
        LegPosition(contract_key=spread.short_contract.key, quantity=-10, cost=Decimal(-20)),
    )
    lines = {
        f"f-{number:04d}": BoardLine(
            follower_id=FollowerId(f"f-{number:04d}"),
            login_id=LoginId(f"login-{number:04d}"),
            account_id=AccountId(f"DU{number}"),
            order_state=OrderState.FILLED,
            legs=legs,
        )
        for number in range(_FOLLOWERS)
    }
    record = SessionRecord(
        session_date=session.session_date, open_at=session.open_at, close_at=session.close_at
    )
    FirestoreSessions(documents).open(record)
    board = Board(
        session_date=session.session_date,
        shard=0,
        part=_FOLLOWERS // FOLLOWERS_PER_BOARD,
        lines=lines,
        written_at=session.open_at,
    )
    documents.commit([Replace(path="boards/bench", data=encode(board))])
    for leg in legs:
        quote = Quote(
            contract_key=leg.contract_key,
            bid=Decimal("1.00"),
            ask=Decimal("1.02"),
            bid_size=10,
            ask_size=10,
            at=session.open_at,
        )
        path = f"quotes/{leg.contract_key}"
        documents.commit([Replace(path=path, data=encode(quote))])
    return lines


def _marks(documents: FirestoreDocuments, session: Session, slot: int) -> tuple[Mark, ...]:
    lines = FirestoreBoards(documents).lines(session.session_date)
    keys = sorted({leg.contract_key for line in lines for leg in line.legs})
    return make_marks(
        session_date=session.session_date,
        slot=slot,
        now=session.open_at + timedelta(seconds=1),
        lines=lines,
        quotes=FirestoreQuotes(documents).read(keys),
        stale_seconds=90,
    )


def _mark(documents: FirestoreDocuments, session: Session, slot: int) -> None:
    marks = _marks(documents, session, slot)
    FirestoreMarks(documents).write(marks, total=book_total(marks))


def _bare(
    documents: FirestoreDocuments, session: Session, slot: int, ready: list[dict[str, object]]
) -> None:
    """The same reads and the same writes, of documents that are ready."""
    date = session.session_date
    documents.find(Query(collection="boards"))
    documents.find(Query(collection="quotes"))
    writes = [
        Create(path=f"marks/{date}-{slot}-{part}", data=data) for part, data in enumerate(ready)
    ]
    total = Update(path=f"sessions/{date}", fields={f"series_micros.`{slot}`": 0})
    documents.commit([*writes, total])
