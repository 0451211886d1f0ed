"""unix-cron in a time zone: what is read, what is refused, and when the next run is."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.sandbox.cron import BadCron, parse_cron

_NEW_YORK = ZoneInfo("America/New_York")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        pytest.param("* * * * *", "2026-03-02 14:26:30", "2026-03-02 14:27", id="every minute"),
        pytest.param("* * * * *", "2026-03-02 14:27", "2026-03-02 14:28", id="later, not now"),
        pytest.param(
            "27 9 * * 1-5", "2026-03-06 14:27", "2026-03-09 13:27", id="over a DST weekend"
        ),
        pytest.param(
            "27 9 * * mon-fri", "2026-10-30 13:27", "2026-11-02 14:27", id="back to winter"
        ),
        pytest.param("10 0 1 * *", "2026-01-31 12:00", "2026-02-01 05:10", id="first of a month"),
        pytest.param("10 0 1 * *", "2026-12-01 05:10", "2027-01-01 05:10", id="over new year"),
        pytest.param("10 0 1 * *", "2026-03-01 05:10", "2026-04-01 04:10", id="first, after DST"),
        pytest.param("30 2 * * *", "2026-03-08 05:00", "2026-03-09 06:30", id="skipped hour"),
        pytest.param("30 1 * * *", "2026-11-01 05:00", "2026-11-01 05:30", id="repeated, first"),
        pytest.param("30 1 * * *", "2026-11-01 05:30", "2026-11-01 06:30", id="repeated, second"),
        pytest.param(
            "30 1 * * *", "2026-11-01 06:30", "2026-11-02 06:30", id="repeated, then next"
        ),
        pytest.param("0 * * * *", "2026-11-01 05:00", "2026-11-01 06:00", id="hourly in autumn"),
        pytest.param("0 * * * *", "2026-03-08 06:00", "2026-03-08 07:00", id="hourly in spring"),
        pytest.param("*/20 9-16/7 * * *", "2026-03-02 14:40", "2026-03-02 21:00", id="steps"),
        pytest.param("0 12 13 * 5", "2026-03-07 18:00", "2026-03-13 16:00", id="Friday the 13th"),
        pytest.param("0 12 14 * 5", "2026-03-13 16:00", "2026-03-14 16:00", id="either day"),
        pytest.param(
            "0 12 */2 * 1", "2026-03-02 17:00", "2026-03-09 16:00", id="both, with a star"
        ),
        pytest.param("0 0 * * 7", "2026-03-03 12:00", "2026-03-08 05:00", id="Sunday is 7"),
        pytest.param("0 0 * jan,JUL 0", "2026-03-03 12:00", "2026-07-05 04:00", id="names, lists"),
        pytest.param(
            "0 0 29 2 *", "2096-03-01 12:00", "2104-02-29 05:00", id="leap day after 2100"
        ),
    ],
)
def test_the_next_run_is_right(schedule: str, after: str, due: str) -> None:
    assert parse_cron(schedule).next_after(_utc(after), _NEW_YORK) == _utc(due)


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "* * L * *",
        "* * * * mon#1",
        "5/10 * * * *",
        "*-5 * * * *",
        "10-5 * * * *",
        "*/0 * * * *",
        "1,,2 * * * *",
        "jan * * * *",
        "-1 * * * *",
        "every 5 minutes",
        "@daily",
    ],
)
def test_what_is_no_unix_cron_is_refused(schedule: str) -> None:
    with pytest.raises(BadCron):
        parse_cron(schedule)


def test_a_day_that_never_comes_is_refused() -> None:
    with pytest.raises(BadCron, match="never comes"):
        parse_cron("0 0 30 2 *").next_after(_utc("2026-03-02"), _NEW_YORK)
