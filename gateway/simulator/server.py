"""The simulator: one shared market, a listening port per login, and market time.

``run`` sleeps until the next instant that matters to anybody; see ``timetable``.

What is due at an instant is always done before any request that arrives at that instant, whether
the clock or the socket is read first, so that two runs of one script cannot differ.
"""

import asyncio
import functools
import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from gateway.simulator import ticks
from gateway.simulator.broker_side import BrokerSide
from gateway.simulator.config import Clock, Json, SimulatorConfig
from gateway.simulator.control import ControlServer
from gateway.simulator.control_faults import FaultControl
from gateway.simulator.fault_actions import SimulatorFaultActions
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.listeners import Listeners
from gateway.simulator.session import ApiSession
from gateway.simulator.state import simulator_state
from gateway.simulator.timetable import LONG_STRIDE, Timetable


class Simulator:
    """IB Gateways of one process, on one market.

    ``clock`` is market time; ``monotonic`` machine seconds, for how fast clients send.

    Raises:
        QuotesFileError: The recorded quotes of the configuration cannot be used.
    """

    def __init__(
        self,
        config: SimulatorConfig,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ports: dict[str, int] = {}
        self.control_url = ""
        self._config = config
        self._clock = clock
        self._woken = asyncio.Event()
        self._sessions: dict[ApiSession, None] = {}
        self._due_at = clock.now() + LONG_STRIDE
        self.faults = FaultBoard(
            seed=config.seed,
            clock=clock,
            login_ids=[login.login_id for login in config.logins],
            wake=self._wake,
        )
        self._broker = BrokerSide(
            config,
            clock,
            monotonic=monotonic,
            faults=self.faults,
            wake=self._wake,
            cut_all=self._cut_all,
        )
        self.market, self.logins = self._broker.market, self._broker.logins
        self.actions = self._broker.actions(self.catch_up)
        self._timetable = Timetable(
            days=self.market.days,
            logins=self.logins,
            events=self._broker.events,
            faults=self.faults,
        )
        self.fault_control = FaultControl(
            self.faults, catch_up=self.catch_up, settled=self._broker.save
        )
        self._control = ControlServer(self)
        self._listeners = Listeners(config.host, self._accept)
        self.faults.act_by(SimulatorFaultActions(self.faults, self.logins, self._listeners))
        for number, document in enumerate(config.faults):
            self.faults.arm(document, f"faults[{number}]")

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
            self._broker.save()

    async def stop(self) -> None:
        """Close every port and connection."""
        await self._control.stop()
        await self._listeners.close()
        alive = list(self._sessions)
        for session in alive:
            session.finish()
        for session in alive:
            await session.lost.wait()
        await self._listeners.closed()

    def traffic(self) -> tuple[int, int]:
        """Return bytes sent and received, summed over the API connections alive now."""
        sent = sum(session.sent_bytes for session in self._sessions)
        received = sum(session.received_bytes for session in self._sessions)
        return sent, received

    def arm_fault(self, document: Json) -> Json:
        """Arm a fault and return it with its id; FaultError names what is wrong with it."""
        return self.fault_control.arm(document)

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
        self._broker.save()

    def _step(self, at: datetime) -> None:
        """Expire and fill orders, settle expired options and send ticks."""
        before = self._broker.play_to(at)
        self.faults.step(at)
        ticks_due = self._timetable.ticks_due(before, at)
        self._broker.step(before, at)
        if ticks_due:
            for client in self._timetable.clients():
                ticks.send_changes(client, self.market, at)
            self._broker.events.push_profits(at)

    def _cut_all(self) -> None:
        for session in list(self._sessions):
            session.abort()

    async def _listen(self) -> None:
        for settings in self._config.logins:
            await self._listeners.open(settings.login_id, settings.port)
        self.ports |= self._listeners.ports
        self.control_url = await self._control.start(
            self._config.control_host, self._config.control_port
        )

    def _accept(self, login_id: str) -> Callable[[], ApiSession]:
        """Return what makes the connections of a login."""
        login = self.logins[login_id]
        return functools.partial(ApiSession, login, self._sessions, self.catch_up)

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
        return self._timetable.next_due(self._broker.played_to, self._clock.now())
