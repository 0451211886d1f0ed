"""Which session a gateway leads, and when its night begins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.leading import night_at, session_to_lead
from shared.adapters.session_table import session_table


@pytest.mark.parametrize(
    ("now", "led", "session"),
    [
        ("2026-11-27T14:00", set(), "2026-11-27"),
        ("2026-11-27T17:59", set(), "2026-11-27"),
        ("2026-11-27T18:01", set(), "2026-11-27"),
        ("2026-11-27T18:01", {"2026-11-27"}, "2026-11-30"),
        ("2026-11-27T18:31", set(), "2026-11-30"),
        ("2026-11-28T12:00", set(), "2026-11-30"),
    ],
)
def test_a_session_is_led_to_the_end_of_its_bookings_and_once(
    now: str, led: set[str], session: str
) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert session_to_lead(at, led).session_date == session


def test_the_night_begins_after_the_session_before_weekends_too() -> None:
    monday = session_table().next_session("2026-11-27")
    assert night_at(monday) == datetime(2026, 11, 28, 7, 0, tzinfo=UTC)
