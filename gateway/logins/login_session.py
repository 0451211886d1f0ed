"""One login's life with the broker: connected, reconciled, watched over, and back after a loss.

All waiting here is machine time; market time only says when the broker itself rests and when a
second factor is due.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from gateway.logins.write_gate import WriteGate
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.broker_hours import (
    is_broker_resting,
    is_two_factor_due,
    is_two_factor_near,
)
from shared.domain.errors import AdapterError
from shared.domain.followers import Login
from shared.ports.broker import Broker, ClientIdTaken

HEARTBEAT_SECONDS = 20.0
PAGE_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_FIRST_BACK_OFF_SECONDS = 5.0
_LONGEST_BACK_OFF_SECONDS = 60.0
_LONGEST_BACK_OFF_TAKEN_SECONDS = 10.0
_JITTER_RATIO = 0.2


async def _tell_nobody(_: AlertType, __: str, ___: str) -> None:
    return


async def _nothing_to_reconcile(_: Broker) -> None:
    return


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the logins of a gateway share.

    Attributes:
        now: Market time; None where no calendar is kept.
        hold: Entered around every attempt to connect: held market time must not run past one.
        reconcile: Reconciles a login that has connected, before it trades.
        alert: Tells people: type, subject, message.
        watcher: Makes a second connection to a login that only ever reads, under a client id of
            its own; None where there is none.
        watched: Takes in what that second connection may read.
        sign_ins: Held while a login signs in that may ask for its second factor: one at a time.
    """

    now: Callable[[], datetime] | None = None
    hold: Callable[[], AbstractContextManager[None]] = nullcontext
    reconcile: Callable[[Broker], Awaitable[None]] = _nothing_to_reconcile
    alert: Callable[[AlertType, str, str], Awaitable[None]] = _tell_nobody
    watcher: Callable[[Login], Broker] | None = None
    watched: Callable[[Broker], Awaitable[None]] = _nothing_to_reconcile
    sign_ins: asyncio.Lock = field(default_factory=asyncio.Lock)


class LoginSession:
    """Keeps one login connected.

    Args:
        gate: The login's connection behind its gate.
        login: The login as configured.
        around: What it shares with the others.
    """

    def __init__(self, gate: WriteGate, login: Login | None, around: Surroundings) -> None:
        self.gate = gate
        self._login = login
        self._around = around
        self._pauses = 0
        self._woken = asyncio.Event()
        self._error = ""
        self._held = ""
        self._released_due = ""
        self._failing_since: float | None = None
        self._is_told_of_due = False
        self._is_paged = False
        self._back_off_seconds = _FIRST_BACK_OFF_SECONDS
        self._watching: asyncio.Task[None] | None = None
        gate.on_closed(self._woken.set)

    @property
    def is_ready(self) -> bool:
        """True while connected and reconciled."""
        return self.gate.is_open

    @property
    def why_not(self) -> str:
        """Why it is not ready."""
        login_id = self.gate.login_id
        if self._held:
            return f"login {login_id} is held: {self._held}"
        if self.gate.is_connected and not self.gate.is_link_up:
            return f"the IB Gateway of login {login_id} has lost IBKR"
        if self._is_due():
            return f"login {login_id} needs its owner's second factor to sign in"
        return self._error or f"login {login_id} is not connected"

    async def hold(self, reason: str) -> None:
        """Send nothing more, hang up and stay away until released."""
        self._held = reason
        self.gate.hold(reason)
        log_event("login_held", severity="WARNING", login=self.gate.login_id, why=reason)
        await self.gate.disconnect()

    def release(self) -> None:
        """End a hold, the one for a second factor that was due included; connects again soon."""
        self._held = ""
        self._released_due = self._login.two_factor_due or "" if self._login else ""
        self._back_off_seconds = _FIRST_BACK_OFF_SECONDS
        self.gate.release()
        self._woken.set()

    async def reconnect(self) -> None:
        """Hang up and connect again at once; a hold stays."""
        self._back_off_seconds = _FIRST_BACK_OFF_SECONDS
        await self.gate.disconnect()
        self._woken.set()

    def note_failure(self, error: Exception) -> None:
        """Keep why the work on this login broke, for people to read."""
        self._error = f"login {self.gate.login_id}: {error}"
        self._note_failure()

    async def attempt(self) -> None:
        """Try once to connect, where needed, and to reconcile."""
        if not self._may_try():
            return
        gate = self.gate
        try:
            if not gate.is_connected:
                async with self._sign_in_turn():
                    with self._around.hold():
                        await gate.connect()
            losses = gate.losses
            await self._around.reconcile(gate)
            gate.reconciled(losses)
        except AdapterError as error:
            await self._failed(error)
            return
        if self.is_ready:
            await self._recovered()

    async def keep_up(self) -> None:
        """Keep the login ready, for ever."""
        beat_at = asyncio.get_running_loop().time() + HEARTBEAT_SECONDS
        while True:
            await self._wait(_LOOK_SECONDS)
            await self._tell_of_due()
            now = asyncio.get_running_loop().time()
            if self.gate.is_connected and now >= beat_at:
                beat_at = now + HEARTBEAT_SECONDS
                await self._beat()
            if self.is_ready or not self._may_try():
                await self._page_when_due()
                continue
            await self.attempt()
            if not self.is_ready:
                await self._back_off()

    async def disconnect(self) -> None:
        """Hang up for good."""
        await self._stop_watching()
        await self.gate.disconnect()

    async def _beat(self) -> None:
        """Prove the connection alive by a real call; one that fails is hung up."""
        try:
            await self.gate.heartbeat()
        except AdapterError as error:
            log_event("heartbeat_failed", severity="WARNING", login=self.gate.login_id)
            self._error = str(error)
            await self.gate.disconnect()

    def _may_try(self) -> bool:
        """Tell whether to connect or reconcile now; who may not is not missed."""
        now = self._around.now
        is_resting = now is not None and is_broker_resting(now())
        waits_for_link = self.gate.is_connected and not self.gate.is_link_up
        needs_owner = not self.gate.is_connected and self._is_due()
        if self._held or is_resting or needs_owner:
            self._failing_since = None
            return False
        if waits_for_link:
            self._note_failure()
        return not waits_for_link

    def _note_failure(self) -> None:
        if self._failing_since is None:
            self._failing_since = asyncio.get_running_loop().time()

    def _is_due(self) -> bool:
        login, now = self._login, self._around.now
        if login is None or now is None or login.two_factor_due == self._released_due:
            return False
        return is_two_factor_due(login, now())

    async def _tell_of_due(self) -> None:
        login, now = self._login, self._around.now
        if login is None or now is None or self._is_told_of_due:
            return
        if is_two_factor_near(login, now()):
            self._is_told_of_due = True
            words = (
                f"login {login.login_id} needs its owner's second factor on "
                f"{login.two_factor_due}; from that night on it does not sign in by itself"
            )
            await self._around.alert(AlertType.TWO_FACTOR_DUE, login.login_id, words)

    def _sign_in_turn(self) -> AbstractAsyncContextManager[None]:
        login, now = self._login, self._around.now
        if login is not None and now is not None and is_two_factor_near(login, now()):
            return self._around.sign_ins
        return nullcontext()

    async def _failed(self, error: AdapterError) -> None:
        if str(error) != self._error:
            words = str(error)
            log_event("login_unreachable", severity="WARNING", login=self.gate.login_id, why=words)
        self._error = str(error)
        self._note_failure()
        if isinstance(error, ClientIdTaken):
            limit = _LONGEST_BACK_OFF_TAKEN_SECONDS
            self._back_off_seconds = min(self._back_off_seconds, limit)
            self._start_watching()

    async def _recovered(self) -> None:
        await self._stop_watching()
        self._error = ""
        self._failing_since = None
        self._is_paged = False
        self._back_off_seconds = _FIRST_BACK_OFF_SECONDS
        log_event("login_ready", login=self.gate.login_id)

    async def _back_off(self) -> None:
        """Wait before the next attempt, paging on time; a gate that has closed anew ends it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._back_off_seconds * self._spread() - _LOOK_SECONDS
        self._back_off_seconds = min(2 * self._back_off_seconds, _LONGEST_BACK_OFF_SECONDS)
        self._woken.clear()
        while (left := until - loop.time()) > 0 and not self._woken.is_set():
            await self._page_when_due()
            await self._wait(min(left, _LOOK_SECONDS), clears=False)

    def _spread(self) -> float:
        """Give every pause of every login a factor of its own: nobody comes back at once."""
        self._pauses += 1
        seed = hashlib.sha256(f"{self.gate.login_id}|{self._pauses}".encode()).digest()
        return 1 + _JITTER_RATIO * (2 * int.from_bytes(seed[:4]) / 2**32 - 1)

    async def _page_when_due(self) -> None:
        since = self._failing_since
        if since is None or self._is_paged:
            return
        if asyncio.get_running_loop().time() - since >= PAGE_SECONDS:
            self._is_paged = True
            words = f"{self.why_not}; its followers cannot trade"
            await self._around.alert(AlertType.GATEWAY_UNREACHABLE, self.gate.login_id, words)

    def _start_watching(self) -> None:
        if self._watching is None and self._around.watcher is not None and self._login is not None:
            self._watching = asyncio.create_task(self._watch(self._around.watcher(self._login)))

    async def _watch(self, watcher: Broker) -> None:
        """Read what happens at a login whose client id another holds, until it is ours."""
        try:
            while True:
                try:
                    if not watcher.is_connected:
                        await watcher.connect()
                    await self._around.watched(watcher)
                except AdapterError as error:
                    why = str(error)
                    log_event("not_watched", severity="WARNING", login=watcher.login_id, why=why)
                await asyncio.sleep(_LONGEST_BACK_OFF_TAKEN_SECONDS)
        finally:
            await watcher.disconnect()

    async def _stop_watching(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _wait(self, seconds: float, *, clears: bool = True) -> None:
        """Wait so many machine seconds, or until something calls for a look."""
        try:
            # Not wait_for: before Python 3.12 it loses a cancel that comes with the event.
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        if clears:
            self._woken.clear()
