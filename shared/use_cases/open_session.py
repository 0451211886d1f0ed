"""Opening a session: its document, with its hours and the map of shards, frozen for the day."""

from __future__ import annotations

from shared.domain.session_record import SessionRecord
from shared.domain.sessions import SessionTable, at_new_york, session_date_at
from shared.ports.clock import Clock
from shared.ports.followers import Followers
from shared.ports.sessions import Sessions

OPENED_FROM = "09:00"
"""New York time from which a session may be opened; before it, a login may still move."""


def open_session(
    *, clock: Clock, session_table: SessionTable, sessions: Sessions, followers: Followers
) -> bool:
    """Create today's session document.

    A login moves to another shard only with no open position and no order that may be live.
    A day without a session, a time before 09:00 New York or after the close, and a session that
    is open already are all left alone.

    Returns:
        True where the document was created now.
    """
    now = clock.now()
    session = session_table.session_on(session_date_at(now))
    if session is None:
        return False
    if not at_new_york(session.session_date, OPENED_FROM) <= now < session.close_at:
        return False
    if sessions.read(session.session_date) is not None:
        return False
    record = SessionRecord(
        session_date=session.session_date,
        open_at=session.open_at,
        close_at=session.close_at,
        shard_of_login=_shards(session.session_date, session_table, sessions, followers),
    )
    return sessions.open(record)


def _shards(
    session_date: str, session_table: SessionTable, sessions: Sessions, followers: Followers
) -> dict[str, int]:
    """Map logins to shards; one whose followers are in a trade stays where it was."""
    before = sessions.read(session_table.previous_session(session_date).session_date)
    earlier = before.shard_of_login if before is not None else {}
    in_trade = sessions.followers_in_trade()
    staying = {one.login_id for one in followers.all() if one.follower_id in in_trade}
    return {
        login.login_id: earlier.get(login.login_id, login.shard)
        if login.login_id in staying
        else login.shard
        for login in followers.logins()
    }
