"""The listening ports of the logins: opened at the start, closed while a Gateway restarts."""

import asyncio
import socket
from collections.abc import Callable

_BACKLOG = 1024

AcceptsFor = Callable[[str], Callable[[], asyncio.Protocol]]


class Listeners:
    """One listening port per login; ``accepts_for`` makes the protocols of its connections."""

    def __init__(self, host: str, accepts_for: AcceptsFor) -> None:
        self.ports: dict[str, int] = {}
        self._host = host
        self._accepts_for = accepts_for
        self._servers: dict[str, asyncio.Server] = {}
        self._shut: dict[str, int] = {}
        self._reserved: dict[str, socket.socket] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}

    async def open(self, login_id: str, port: int) -> None:
        """Listen for a login; afterwards ``ports`` tells where.

        Raises:
            OSError: The port is taken.
        """
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            self._accepts_for(login_id), self._host, port, backlog=_BACKLOG
        )
        self.ports[login_id] = server.sockets[0].getsockname()[1]
        self._servers[login_id] = server
        if self._shut.get(login_id):
            self._stop_listening(login_id)

    def shut(self, login_id: str) -> None:
        """Refuse connections to a login until it is opened as often as it was shut."""
        self._shut[login_id] = self._shut.get(login_id, 0) + 1
        self._stop_listening(login_id)

    def unshut(self, login_id: str) -> None:
        """Take connections again, on the same port."""
        self._shut[login_id] = max(self._shut.get(login_id, 0) - 1, 0)
        reserved = None if self._shut[login_id] else self._reserved.pop(login_id, None)
        if reserved is None:
            return
        # Listens here and now: a client that knocks at this instant already finds the port open.
        reserved.listen(_BACKLOG)
        self._opening[login_id] = asyncio.get_running_loop().create_task(
            self._serve(login_id, reserved)
        )

    async def close(self) -> None:
        """Stop listening."""
        for task in list(self._opening.values()):
            await task
        for reserved in self._reserved.values():
            reserved.close()
        for server in self._servers.values():
            server.close()

    async def closed(self) -> None:
        """Wait until every connection is gone."""
        for server in self._servers.values():
            await server.wait_closed()
        self._servers.clear()

    def _stop_listening(self, login_id: str) -> None:
        """Close a port, but keep others from taking it: bound without listening, it refuses."""
        server = self._servers.pop(login_id, None)
        if server is None:
            return
        server.close()
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # asyncio sends small messages at once (TCP_NODELAY) only where the protocol is named.
        reserved = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind((self._host, self.ports[login_id]))
        self._reserved[login_id] = reserved

    async def _serve(self, login_id: str, bound: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._accepts_for(login_id), sock=bound, backlog=_BACKLOG)
        del self._opening[login_id]
        self._servers[login_id] = server
        if self._shut[login_id]:
            self._stop_listening(login_id)
