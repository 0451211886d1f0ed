"""mark_pnl for 300, 3,000 and 30,000 followers: time beside its bare calls, reads and writes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from shared.adapters.firestore.boards import FirestoreBoards
from shared.adapters.firestore.clients import firestore_client
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.limits import document_bytes
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.quotes import FirestoreQuotes
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.settings_book import FirestoreSettings
from shared.adapters.session_table import session_table
from shared.domain.boards import FOLLOWERS_PER_BOARD, Board, BoardLine
from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.orders import OrderState
from shared.domain.positions import LegPosition
from shared.domain.quotes import Quote
from shared.domain.session_record import SessionRecord
from shared.domain.sessions import Session
from shared.ports.documents import Create, Documents, Query, Replace, Snapshot, Update, Write
from shared.use_cases.mark_pnl import MarkingPorts, mark_pnl
from tests.bench.rows import Row, compared, timed_ms
from tests.builders import a_spread
from tests.fakes.alarm import RecordingAlarm
from tests.fakes.clock import ManualClock
from tests.sandbox.emulators import firestore_emulator, running

_SIZES = {300: 20, 3000: 8, 30000: 3}
"""Followers to repeats."""
_MINUTE = timedelta(minutes=1)
_MARKS_A_MINUTE = 2

_roomy_emulator = partial(firestore_emulator, heap_mib=4096)
"""Thirty thousand followers' boards and marks are some hundred MiB, and it keeps all versions."""

T = TypeVar("T")


def rows() -> list[Row]:
    """Measure marks of every size, each against an emulator of its own."""
    session = session_table().session_on("2026-11-23")
    if session is None:
        raise LookupError("2026-11-23 is a session")
    return [row for followers in _SIZES for row in _rows_of(followers, session)]


def _rows_of(followers: int, session: Session) -> list[Row]:
    with (
        tempfile.TemporaryDirectory() as logs,
        running(_roomy_emulator, Path(logs)) as address,
    ):
        documents = FirestoreDocuments(firestore_client("demo-bench", emulator_host=address))
        try:
            return _Marking(documents, session, followers).rows()
        finally:
            documents.close()


class Counted:
    """`Documents` that count what is read and written, as Firestore bills it."""

    def __init__(self, documents: Documents) -> None:
        self.reads = self.writes = self.bytes_written = 0
        self._documents = documents

    def get(self, path: str) -> Snapshot | None:
        return self.get_many((path,))[0]

    def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        self.reads += len(paths)
        return self._documents.get_many(paths)

    def find(self, query: Query) -> tuple[Snapshot, ...]:
        found = self._documents.find(query)
        self.reads += max(1, len(found))
        return found

    def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        self.writes += len(writes)
        self.bytes_written += sum(
            document_bytes(write.path, write.data) for write in writes if isinstance(write, Create)
        )
        return self._documents.commit(writes)

    def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        self.reads += len(paths)
        return self._documents.transact(paths, decide)


class _Marking:
    """One size: a book of followers, marked minute by minute."""

    def __init__(self, documents: FirestoreDocuments, session: Session, followers: int) -> None:
        self._counted = Counted(documents)
        self._documents = documents
        self._session = session
        self._followers = followers
        self._clock = ManualClock(session.open_at)
        self._minutes = 0
        _put_book(documents, session, followers)

    def rows(self) -> list[Row]:
        repeats = _SIZES[self._followers]
        ours = [ms / _MARKS_A_MINUTE for ms in timed_ms(self._mark, repeats)]
        marks = _MARKS_A_MINUTE * (repeats + 2)
        ready = self._documents.find(Query(collection="marks", limit=1))
        bare = timed_ms(lambda: self._bare(ready[0]), repeats)
        method = f"{self._followers:,} followers, {repeats} runs"
        return [
            compared(name="mark_pnl, one slot", method=method, unit="ms", ours=ours, bare=bare),
            self._count("mark_pnl, reads a slot", self._counted.reads / marks, self._most_reads),
            self._count("mark_pnl, writes a slot", self._counted.writes / marks, self._most_writes),
            self._count("mark_pnl, KiB a slot", self._counted.bytes_written / marks / 1024, None),
        ]

    @property
    def _most_reads(self) -> int:
        return -(-self._followers // 500) + 5

    @property
    def _most_writes(self) -> int:
        return -(-self._followers // 2000) + 1

    def _count(self, name: str, counted: float, most: int | None) -> Row:
        bound = "" if most is None else f", at most {most} allowed"
        return Row(
            name=name,
            method=f"{self._followers:,} followers{bound}",
            seed=None,
            unit="KiB" if most is None else "count",
            median=counted,
            p95=counted,
        )

    def _mark(self) -> None:
        self._clock.set(self._next_minute())
        mark_pnl(
            MarkingPorts(
                clock=self._clock,
                table=session_table(),
                boards=FirestoreBoards(self._counted),
                quotes=FirestoreQuotes(self._counted),
                marks=FirestoreMarks(self._counted),
                settings=FirestoreSettings(self._counted),
                alarm=RecordingAlarm(),
            )
        )

    def _bare(self, ready: Snapshot) -> None:
        """The same reads and the same writes of one slot, of documents that are ready."""
        date, number = self._session.session_date, self._minutes
        self._minutes += 1
        self._documents.find(Query(collection="boards"))
        self._documents.find(Query(collection="quotes"))
        self._documents.get("settings/trading")
        parts = range(self._most_writes - 1)
        self._documents.commit(
            [
                *(Create(path=f"marks/bare-{number}-{part}", data=ready.data) for part in parts),
                Update(path=f"sessions/{date}", fields={f"series_micros.`{number}`": 0}),
            ]
        )

    def _next_minute(self) -> datetime:
        self._minutes += 1
        return self._session.open_at + self._minutes * _MINUTE


def _put_book(documents: FirestoreDocuments, session: Session, followers: int) -> None:
    """Write a session, its boards and its quotes; everybody holds ten of one spread."""
    spread = a_spread()
    legs = (
        LegPosition(contract_key=spread.long_contract.key, quantity=10, cost=Decimal(10)),
        LegPosition(contract_key=spread.short_contract.key, quantity=-10, cost=Decimal(-20)),
    )
    FirestoreSessions(documents).open(
        SessionRecord(
            session_date=session.session_date, open_at=session.open_at, close_at=session.close_at
        )
    )
    for start in range(0, followers, FOLLOWERS_PER_BOARD):
        numbers = range(start, min(start + FOLLOWERS_PER_BOARD, followers))
        board = Board(
            session_date=session.session_date,
            shard=0,
            part=start // FOLLOWERS_PER_BOARD,
            lines={f"f-{number:05d}": _line(number, legs) for number in numbers},
            written_at=session.open_at,
        )
        documents.commit([Replace(path=f"boards/bench-{board.part}", data=encode(board))])
    for leg in legs:
        quote = Quote(
            contract_key=leg.contract_key,
            bid=Decimal("1.00"),
            ask=Decimal("1.02"),
            bid_size=10,
            ask_size=10,
            at=session.close_at,
        )
        documents.commit([Replace(path=f"quotes/{leg.contract_key}", data=encode(quote))])


def _line(number: int, legs: tuple[LegPosition, ...]) -> BoardLine:
    return BoardLine(
        follower_id=FollowerId(f"f-{number:05d}"),
        login_id=LoginId(f"login-{number:05d}"),
        account_id=AccountId(f"DU{number}"),
        order_state=OrderState.FILLED,
        legs=legs,
    )
