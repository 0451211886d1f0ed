"""The conductor's door: who takes part in held market time, and where each one's row is."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.held_time import ACTIVITY, MAX_ROWS, NEVER, NEXT_AT, ROW_FIELDS, SharedTable

_LONGEST_ADDRESS = 100
_PREFIX = "spreadpilot-market-time-"


@dataclass(slots=True, eq=False)
class Member:
    """A process that takes part.

    Attributes:
        name: For people.
        rank: At one instant lower ranks are woken first.
        row: Its row of the table.
        connection: Its wake-ups go there, one byte each.
        granted: Wake-ups sent.
    """

    name: str
    rank: int
    row: int
    connection: socket.socket
    granted: int = 0


class Door:
    """Lets processes in, and out again when they hang up.

    Args:
        folder: Where the socket goes, if its path is short enough for one.
        file: The shared memory file.
        table: The same, mapped.
    """

    def __init__(self, folder: Path, file: Path, table: SharedTable) -> None:
        self._path = _socket_path(folder)
        self._file = file
        self._table = table
        self._members: dict[int, Member] = {}
        self._left: set[str] = set()
        self._serving: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self._is_closing = False
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(self._path))
        self._server.listen(MAX_ROWS)
        self._doorman = threading.Thread(target=self._accept, name="conductor-door", daemon=True)
        self._doorman.start()

    @property
    def address(self) -> str:
        """Path of the socket."""
        return str(self._path)

    def members(self) -> list[Member]:
        """Everybody inside."""
        with self._lock:
            return list(self._members.values())

    def has_left(self, name: str) -> bool:
        """Tell whether a process of this name was inside, and nobody of this name is now."""
        with self._lock:
            return name in self._left

    def wake(self, member: Member) -> None:
        """Send a wake-up; whoever can not be reached is out."""
        member.granted += 1
        try:
            member.connection.send(b".")
        except OSError:
            self._leave(member)

    def close(self) -> None:
        """Hang up on everybody; returns when every thread has ended."""
        # Nothing but this wakes a thread that waits on a socket.
        self._server.shutdown(socket.SHUT_RDWR)
        self._doorman.join()
        self._server.close()
        with self._lock:
            self._is_closing = True
            serving = dict(self._serving)
        for thread, connection in serving.items():
            # It may have been hung up meanwhile.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()
        _remove_socket(self._path)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self._serving[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            if (hello := _read_hello(lines)) and (member := self._enter(connection, hello)):
                self._attend(member, lines)
                self._leave(member)
        with self._lock:
            del self._serving[threading.current_thread()]

    def _enter(self, connection: socket.socket, hello: _Hello) -> Member | None:
        """Give a newcomer a free row; None where there is none, or the door is closing."""
        with self._lock:
            free = set(range(1, MAX_ROWS + 1)) - set(self._members)
            if not free or self._is_closing:
                return None
            row = min(free)
            for field in range(ROW_FIELDS):
                self._table.put(row, field, 0)
            self._table.put(row, NEXT_AT, NEVER)
            self._table.put(row, ACTIVITY, int(hello.at_work))
            member = Member(name=hello.name, rank=hello.rank, row=row, connection=connection)
            self._members[row] = member
            self._left.discard(member.name)
            return member

    def _attend(self, member: Member, lines: io.BufferedReader) -> None:
        """Tell a member its place, and return once it has hung up."""
        place = {"row": member.row, "file": str(self._file)}
        with contextlib.suppress(OSError):
            member.connection.sendall((json.dumps(place) + "\n").encode())
            lines.read()

    def _leave(self, member: Member) -> None:
        with self._lock:
            # Its row may be somebody else's by now.
            if self._members.get(member.row) is member:
                del self._members[member.row]
                self._left.add(member.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hello:
    name: str
    rank: int
    at_work: bool


def _read_hello(lines: io.BufferedReader) -> _Hello | None:
    """Read what a newcomer says of itself; None where it hung up before."""
    try:
        line = lines.readline()
    except OSError:
        return None
    return _Hello(**json.loads(line)) if line.endswith(b"\n") else None


def _socket_path(folder: Path) -> Path:
    """Return a path short enough for a socket's address: 108 bytes on Linux, 104 on macOS."""
    path = folder / "market-time.sock"
    if len(os.fsencode(path)) > _LONGEST_ADDRESS:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX)) / path.name
    return path


def _remove_socket(path: Path) -> None:
    path.unlink(missing_ok=True)
    if path.parent.name.startswith(_PREFIX):
        path.parent.rmdir()
