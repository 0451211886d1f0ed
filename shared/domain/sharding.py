"""Shards: which gateway serves which login, and what makes a login fit to be served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from shared.domain.followers import Login

_LEAST_PORT, _MOST_PORT = 1, 65_535
_MOST_CLIENT_ID = 99
"""Client ids from 100 on are for connections that only read (see `WATCH_CLIENT_IDS`)."""

WATCH_CLIENT_IDS = 100
"""Added to a login's client id: a second connection beside the trading one, which only reads."""
SHADOW_CLIENT_IDS = 200
"""Added to a login's client id: a shadow's connection, which only reads."""


def logins_of_shard(
    logins: Iterable[Login], frozen: Mapping[str, int] | None, shard: int
) -> tuple[Login, ...]:
    """Pick the logins of a shard.

    Args:
        logins: Every login.
        frozen: Shard by login id as the session's document froze it in the morning; None before
            that. A login that came later goes by its own.
        shard: The shard.
    """
    held = frozen or {}
    return tuple(one for one in logins if held.get(one.login_id, one.shard) == shard)


def faults_of_login(login: Login) -> str:
    """Say in words what is wrong with a login as configured; empty where nothing is."""
    faults = []
    if not login.host:
        faults.append("host is empty")
    if not _LEAST_PORT <= login.port <= _MOST_PORT:
        faults.append(f"port {login.port} is none; write {_LEAST_PORT} to {_MOST_PORT}")
    if not 0 < login.client_id <= _MOST_CLIENT_ID:
        faults.append(f"client_id {login.client_id} is none; write 1 to {_MOST_CLIENT_ID}")
    if login.two_factor_due is not None and not _is_date(login.two_factor_due):
        faults.append(f"two_factor_due {login.two_factor_due!r} is no date; write YYYY-MM-DD")
    return "; ".join(faults)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
