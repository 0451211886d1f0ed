"""Boards: `boards/{session_date}-{shard}-{part}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import of_session, read_all, replacement
from shared.domain.boards import Board, BoardLine
from shared.ports.documents import AsyncDocuments, Documents


class FirestoreBoards:
    """`BoardReader` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def lines(self, session_date: str) -> tuple[BoardLine, ...]:
        """Read every line of a session, in follower order."""
        boards = read_all(Board, self._documents.find(of_session("boards", session_date)))
        lines = [line for board in boards for line in board.lines.values()]
        return tuple(sorted(lines, key=lambda line: line.follower_id))


class AsyncFirestoreBoards:
    """`BoardWriter` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def write(self, boards: Sequence[Board]) -> None:
        """Write boards (replacing), one commit."""
        await self._documents.commit([replacement(_path(board), board) for board in boards])


def _path(board: Board) -> str:
    return f"boards/{board.session_date}-{board.shard}-{board.part}"
