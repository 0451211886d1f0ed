"""The simulator: one shared market, a listening port per login, and market time.

``run`` sleeps until the next whole second that anybody needs. While an order is live in trading
hours, and for the first minute after the open, every second matters; otherwise streams are sent
every ten seconds, and without streams nothing happens between open, close and expiry.

What is due at an instant is always done before any request that arrives at that instant, whether
the clock or the socket is read first, so that two runs of one script cannot differ.
"""

import asyncio
import functools
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.simulator import ticks
from gateway.simulator.clients import ApiClient
from gateway.simulator.config import Clock, Json, SimulatorConfig
from gateway.simulator.control import ControlServer
from gateway.simulator.login import GatewayLogin
from gateway.simulator.market import Market
from gateway.simulator.model import instant_of, second_of
from gateway.simulator.session import ApiSession
from gateway.simulator.state import simulator_state

_BUSY_OPEN = timedelta(seconds=60)
_QUIET_SECONDS = 10
_LONG_STRIDE = timedelta(days=1)
_BACKLOG = 1024


class Simulator:
    """IB Gateways of one process, on one market.

    Raises:
        QuotesFileError: The recorded quotes of the configuration cannot be used.
    """

    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self.market = Market(config)
        self.ports: dict[str, int] = {}
        self.control_url = ""
        self._config = config
        self._clock = clock
        self._woken = asyncio.Event()
        self._stepped_at = clock.now()
        self._sessions: dict[ApiSession, None] = {}
        self._servers: list[asyncio.Server] = []
        self._control = ControlServer(self)
        self._due_at = clock.now() + _LONG_STRIDE
        session = self.market.session
        self._hours = (
            session.premarket_at,
            session.open_at,
            session.close_at,
            session.options_close_at,
            session.expiry_at,
            session.postmarket_end_at,
        )
        self.logins = {
            login.login_id: GatewayLogin(
                login, seed=config.seed, market=self.market, clock=clock, wake=self._wake
            )
            for login in config.logins
        }

    async def start(self) -> None:
        """Listen on every port; afterwards ``ports`` and ``control_url`` are set.

        Raises:
            OSError: A port is taken; what was already opened is closed again.
        """
        try:
            await self._listen()
        except OSError:
            await self.stop()
            raise

    async def run(self) -> None:
        """Move the market and match orders until cancelled."""
        self._due_at = self._next_due()
        while True:
            self._woken.clear()
            await self._sleep_until(self._due_at)
            self.catch_up()

    def catch_up(self) -> None:
        """Do what is due by now; called on every wake-up and before every request."""
        now = self._clock.now()
        if now >= self._due_at:
            self._step(now)
            self._due_at = self._next_due()

    async def stop(self) -> None:
        """Close every port and connection."""
        await self._control.stop()
        for server in self._servers:
            server.close()
        alive = list(self._sessions)
        for session in alive:
            session.finish()
        for session in alive:
            await session.lost.wait()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    def traffic(self) -> tuple[int, int]:
        """Return bytes sent and received, summed over the API connections alive now."""
        sent = sum(session.sent_bytes for session in self._sessions)
        received = sum(session.received_bytes for session in self._sessions)
        return sent, received

    def state(self) -> Json:
        """Return the broker's side of the book; layout in ``state``."""
        self.catch_up()
        return simulator_state(self.market, list(self.logins.values()), self._clock.now())

    def drop(self, login_id: str) -> int:
        """Cut every connection of a login and return how many; KeyError if it is unknown."""
        login = self.logins[login_id]
        dropped = [session for session in self._sessions if session.login is login]
        for session in dropped:
            session.abort()
        return len(dropped)

    def send_error(self, login_id: str, request_id: int, code: int, text: str) -> int:
        """Send an error to every client of a login; KeyError if it is unknown."""
        clients = self.logins[login_id].clients
        for client in clients.values():
            client.error(request_id, code, text)
        return len(clients)

    def move_spot(self, spot: Decimal) -> None:
        """Move the model's underlying from now on; ValueError if quotes are recorded."""
        self.catch_up()
        self.market.move_spot(self._clock.now(), spot)

    def _step(self, at: datetime) -> None:
        """Expire and fill orders, settle expired options and send ticks."""
        before, self._stepped_at = self._stepped_at, at
        ticks_due = self._ticks_due(before, at)
        for login in self.logins.values():
            if login.book.live:
                login.book.step(at)
        if before < self.market.session.expiry_at <= at:
            for login in self.logins.values():
                login.expire_options()
        if ticks_due:
            for client in self._clients():
                ticks.send_changes(client, self.market, at)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for settings in self._config.logins:
            login = self.logins[settings.login_id]
            server = await loop.create_server(
                functools.partial(ApiSession, login, self._sessions, self.catch_up),
                self._config.host,
                settings.port,
                backlog=_BACKLOG,
            )
            self._servers.append(server)
            self.ports[settings.login_id] = server.sockets[0].getsockname()[1]
        self.control_url = await self._control.start(self._config.host, self._config.control_port)

    def _wake(self) -> None:
        """Look again when the next instant is: an order or a stream is new."""
        due_at = self._next_due()
        if due_at != self._due_at:
            self._due_at = due_at
            self._woken.set()

    async def _sleep_until(self, at: datetime) -> None:
        """Return at that instant, or sooner if a new order or stream needs an earlier one."""
        sleeping = asyncio.ensure_future(self._clock.sleep_until(at))
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
            if sleeping.done():
                sleeping.result()  # a broken clock ends the run instead of spinning
        finally:
            for task in (sleeping, waking):
                task.cancel()
            await asyncio.gather(sleeping, waking, return_exceptions=True)

    def _next_due(self) -> datetime:
        """Return the next instant at which something is due."""
        after = max(self._stepped_at, self._clock.now())
        if self._every_second(after):
            return instant_of(math.floor(after.timestamp()) + 1)
        due = [at for at in (*self._hours, *self._order_ends()) if at > self._stepped_at]
        if self._has_streams():
            quiet = math.floor(after.timestamp() / _QUIET_SECONDS + 1) * _QUIET_SECONDS
            due.append(instant_of(quiet))
        return min(due, default=after + _LONG_STRIDE)

    def _every_second(self, at: datetime) -> bool:
        session = self.market.session
        trading = session.is_trading("OPT", at)
        if trading and any(login.book.live for login in self.logins.values()):
            return True
        return session.open_at <= at < session.open_at + _BUSY_OPEN and self._has_streams()

    def _ticks_due(self, before: datetime, at: datetime) -> bool:
        if second_of(at) // _QUIET_SECONDS > second_of(before) // _QUIET_SECONDS:
            return True
        return self._every_second(at) or any(before < turn <= at for turn in self._hours)

    def _has_streams(self) -> bool:
        return any(client.subscribed.quotes for client in self._clients())

    def _clients(self) -> Iterator[ApiClient]:
        for login in self.logins.values():
            yield from login.clients.values()

    def _order_ends(self) -> Iterator[datetime]:
        for login in self.logins.values():
            for order in login.book.live.values():
                if order.expires_at is not None:
                    yield order.expires_at
