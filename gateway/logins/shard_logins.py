"""The logins of our shard: read at the start, and by the map that the morning freezes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta

from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.sessions import Session, at_new_york
from shared.domain.sharding import logins_of_shard
from shared.ports.clock import AsyncClock
from shared.ports.followers import FollowerReader
from shared.ports.sessions import SessionReader
from shared.use_cases.open_session import OPENED_FROM

_LOOK = timedelta(seconds=30)


class ShardMapChanged(Exception):
    """The map frozen in the morning gives us other logins than those we carry."""


class ShardLogins:
    """Reads which logins a shard serves.

    Args:
        followers: Logins in the database.
        sessions: The session's document, with the frozen map.
        shard: Our shard.
        alert: Tells people: type, subject, message.
    """

    def __init__(
        self,
        followers: FollowerReader,
        sessions: SessionReader,
        *,
        shard: int,
        alert: Callable[[AlertType, str, str], Awaitable[None]],
    ) -> None:
        self._followers = followers
        self._sessions = sessions
        self._shard = shard
        self._alert = alert

    async def read(self, session_date: str) -> dict[LoginId, Login]:
        """Read our logins; those that are unfit are told of, and the others carried.

        Raises:
            AdapterError: If the database cannot be reached.
        """
        book = await self._followers.login_book()
        for login_id, fault in book.faults.items():
            words = f"login {login_id} is not carried: {fault}"
            await self._alert(AlertType.LOGIN_INVALID, login_id, words)
        record = await self._sessions.read(session_date)
        frozen = record.shard_of_login if record is not None else None
        ours = logins_of_shard(book.logins, frozen, self._shard)
        return {login.login_id: login for login in ours}

    async def watch_map(
        self, session: Session, carried: Collection[LoginId], clock: AsyncClock
    ) -> None:
        """Wait until the map is frozen; returns where it gives us what we carry.

        Raises:
            ShardMapChanged: If it gives us others: what we carry must be taken up anew.
        """
        due = at_new_york(session.session_date, OPENED_FROM)
        while clock.now() < session.close_at:
            due += _LOOK
            await clock.sleep_until(due)
            try:
                record = await self._sessions.read(session.session_date)
                ours = await self.read(session.session_date) if record is not None else None
            except AdapterError as error:
                log_event("shard_map_not_read", severity="WARNING", why=str(error))
                continue
            if ours is None:
                continue
            if set(ours) != set(carried):
                raise ShardMapChanged(f"shard {self._shard} carries {sorted(ours)} from now on")
            return
