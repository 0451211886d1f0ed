"""The session table that is packaged with the code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from shared.domain.sessions import SessionTable


@cache
def session_table() -> SessionTable:
    """Read ``shared/session_table.json`` once per process.

    Raises:
        InvalidInput: The file is damaged.
    """
    return SessionTable.from_json(
        files("shared").joinpath("session_table.json").read_text(encoding="utf-8")
    )
