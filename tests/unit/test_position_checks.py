"""When holdings are compared: through the night, in the morning, and every minute of the day."""

from __future__ import annotations

from datetime import datetime

import pytest

from shared.adapters.session_table import session_table
from shared.domain.position_checks import next_check_at
from shared.domain.sessions import NEW_YORK


def new_york(day: int, clock: str) -> datetime:
    hour, minute, second = (int(part) for part in clock.split(":"))
    return datetime(2026, 11, day, hour, minute, second, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ((28, "01:50:00"), (28, "02:00:00")),
        ((28, "02:00:00"), (28, "02:15:00")),
        ((28, "03:59:59"), (28, "04:00:00")),
        ((28, "04:00:00"), (28, "07:00:00")),
        ((28, "07:00:00"), (29, "02:00:00")),
        ((30, "04:00:01"), (30, "07:00:00")),
        ((30, "07:30:00"), (30, "09:00:00")),
        ((30, "09:00:00"), (30, "09:01:00")),
        ((30, "12:34:56"), (30, "12:35:00")),
    ],
)
def test_the_next_comparison(now: tuple[int, str], due: tuple[int, str]) -> None:
    session = session_table().next_session("2026-11-27")
    assert session.session_date == "2026-11-30"
    assert next_check_at(new_york(*now), session) == new_york(*due)
