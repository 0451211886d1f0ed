"""When the broker rests, and when a second factor is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.broker_hours import (
    is_broker_resting,
    is_two_factor_due,
    is_two_factor_near,
    two_factor_due_at,
)
from shared.domain.followers import Login, LoginId
from shared.domain.sessions import at_new_york


@pytest.mark.parametrize(
    ("date", "wall_time", "rests"),
    [
        ("2026-11-24", "23:39", False),
        ("2026-11-24", "23:40", True),
        ("2026-11-25", "00:12", True),
        ("2026-11-25", "01:44", True),
        ("2026-11-25", "01:45", False),
        ("2026-11-25", "02:00", False),
        ("2026-11-25", "09:30", False),
        ("2026-11-27", "22:59", False),
        ("2026-11-27", "23:00", True),
        ("2026-11-28", "02:59", True),
        ("2026-11-28", "03:00", False),
        ("2026-07-14", "23:50", True),
    ],
)
def test_the_broker_rests_at_night_by_new_yorks_clock(
    date: str, wall_time: str, rests: bool
) -> None:
    assert is_broker_resting(at_new_york(date, wall_time)) is rests


def test_the_broker_never_rests_in_a_session() -> None:
    at = datetime(2026, 1, 1, 14, 30, tzinfo=UTC)
    while at.year == 2026:
        assert not is_broker_resting(at)
        at += timedelta(days=1)


def test_a_second_factor_is_near_from_a_day_ahead_and_due_from_its_night_on() -> None:
    login = Login(
        login_id=LoginId("a"), host="ib", port=1, client_id=1, two_factor_due="2026-11-29"
    )
    due_at = two_factor_due_at(login)
    assert due_at == datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert not is_two_factor_near(login, due_at - timedelta(days=1) - second)
    assert is_two_factor_near(login, due_at - timedelta(days=1))
    assert not is_two_factor_due(login, due_at - second)
    assert is_two_factor_due(login, due_at)


def test_without_a_date_nothing_is_ever_due() -> None:
    login = Login(login_id=LoginId("a"), host="ib", port=1, client_id=1)
    assert two_factor_due_at(login) is None
    assert not is_two_factor_near(login, datetime(2100, 1, 1, tzinfo=UTC))
