"""Connections: every login of the shard, each on its own; one bad login never holds up others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime

from gateway.logins.login_session import LoginSession, Surroundings
from gateway.logins.write_gate import WriteGate
from shared.adapters.json_log import log_error
from shared.domain.errors import NotFound
from shared.domain.followers import AccountId, Login, LoginId
from shared.ports.broker import Broker

_AFTER_FAILURE_SECONDS = 10.0


class Connections:
    """The shard's broker connections, each behind its gate; empty until told what to carry.

    Args:
        hold: Entered around every attempt to connect: held market time must not run past one.
        now: Market time, for the broker's nightly rest and the calendar of second factors; None
            where no calendar is kept.
    """

    def __init__(
        self,
        hold: Callable[[], AbstractContextManager[None]] = nullcontext,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._around = Surroundings(hold=hold, now=now)
        self._sessions: dict[LoginId, LoginSession] = {}

    def carry(
        self,
        gates: Mapping[LoginId, WriteGate],
        *,
        on_reconnected: Callable[[Broker], Awaitable[None]],
        logins: Mapping[LoginId, Login] | None = None,
        around: Surroundings | None = None,
    ) -> None:
        """Carry these logins.

        Args:
            gates: By login.
            on_reconnected: Reconciles a login that has connected, before it trades.
            logins: The logins as configured, for their calendar.
            around: What else they share: whom to alert, how to watch a taken login.
        """
        base = around or Surroundings()
        self._around = replace(
            base, hold=self._around.hold, now=self._around.now, reconcile=on_reconnected
        )
        configured = logins or {}
        self._sessions = {
            login_id: LoginSession(gate, configured.get(login_id), self._around)
            for login_id, gate in sorted(gates.items())
        }

    def __getitem__(self, login_id: LoginId) -> WriteGate:
        """Give a login's connection, up or not.

        Raises:
            NotFound: If this shard does not carry the login.
        """
        return self._session(login_id).gate

    def knows(self, login_id: LoginId) -> bool:
        """Tell whether this shard carries a login."""
        return login_id in self._sessions

    def ready(self) -> dict[LoginId, WriteGate]:
        """Logins that are connected and reconciled, in id order."""
        return {
            login_id: session.gate
            for login_id, session in self._sessions.items()
            if session.is_ready
        }

    def pricing(self) -> list[WriteGate]:
        """Ready logins that were asked for quotes and whose market data is live, in id order."""
        return [
            session.gate
            for session in self._sessions.values()
            if session.gate.is_watching and session.gate.has_live_data and session.is_ready
        ]

    def why_not(self, login_id: LoginId) -> str:
        """Say why a login is not ready."""
        session = self._sessions.get(login_id)
        if session is None:
            return f"login {login_id} is not configured for this shard"
        return session.why_not

    def owns(self, login_id: LoginId, account_id: AccountId) -> bool:
        """Tell whether a login that is connected carries an account."""
        session = self._sessions.get(login_id)
        return session is not None and account_id in session.gate.accounts()

    def require_reconciling(self) -> None:
        """Place nothing on any login before its books have been read anew."""
        for session in self._sessions.values():
            session.gate.require_reconciling()

    async def hold(self, login_id: LoginId, reason: str) -> None:
        """Send nothing more on a login, hang up and stay away until released.

        Raises:
            NotFound: If this shard does not carry the login.
        """
        await self._session(login_id).hold(reason)

    async def release(self, login_id: LoginId) -> None:
        """End a hold, also the one for a second factor that was due.

        Raises:
            NotFound: If this shard does not carry the login.
        """
        self._session(login_id).release()

    async def reconnect(self, login_id: LoginId) -> None:
        """Hang up and connect again.

        Raises:
            NotFound: If this shard does not carry the login.
        """
        await self._session(login_id).reconnect()

    async def connect_all(self) -> None:
        """Try every login once, side by side."""
        await asyncio.gather(*(_attempted(session) for session in self._sessions.values()))

    async def keep_up(self) -> None:
        """Reconnect what falls away, each login by itself with its own back-off, for ever."""
        await asyncio.gather(*(_kept_up(session) for session in self._sessions.values()))

    async def disconnect_all(self) -> None:
        """Disconnect; orders stay where they are."""
        await asyncio.gather(*(session.disconnect() for session in self._sessions.values()))

    def _session(self, login_id: LoginId) -> LoginSession:
        session = self._sessions.get(login_id)
        if session is None:
            raise NotFound("gateway", self.why_not(login_id))
        return session


async def _attempted(session: LoginSession) -> None:
    """Try a login; whatever goes wrong with it stays with it."""
    (failure,) = await asyncio.gather(session.attempt(), return_exceptions=True)
    if isinstance(failure, Exception):
        log_error("login_work_failed", failure, login=session.gate.login_id)
        session.note_failure(failure)


async def _kept_up(session: LoginSession) -> None:
    """Keep a login up; whatever goes wrong with it stays with it, and it is taken up again."""
    while True:
        (failure,) = await asyncio.gather(session.keep_up(), return_exceptions=True)
        if not isinstance(failure, Exception):
            return
        log_error("login_work_failed", failure, login=session.gate.login_id)
        session.note_failure(failure)
        await asyncio.sleep(_AFTER_FAILURE_SECONDS)
