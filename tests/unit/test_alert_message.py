import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.alarm import AsyncPubsubAlarm, PubsubAlarm
from shared.adapters.alert_message import from_message, to_message
from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import AdapterError, InvalidInput
from tests.fakes.publisher import RecordingPublisher

ALERT = Alert(
    alert_type=AlertType.NO_MARGIN,
    subject="anna",
    message="Not enough margin.",
    session_date="2026-11-27",
    raised_at=datetime(2026, 11, 27, 14, 30, 2, 125000, tzinfo=UTC),
    follower_id="anna",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


@given(
    st.builds(
        Alert,
        alert_type=st.sampled_from(AlertType),
        subject=st.text(min_size=1),
        message=st.text(min_size=1),
        session_date=st.dates().map(lambda day: day.isoformat()),
        raised_at=st.datetimes(timezones=st.just(UTC)),
        follower_id=st.none() | st.text(min_size=1),
        traceparent=st.text(),
    )
)
def test_an_alert_is_read_back_as_it_was_written(alert: Alert) -> None:
    assert from_message(to_message(alert)) == alert


def test_instants_travel_as_iso_text_in_utc() -> None:
    assert to_message(ALERT)["raised_at"] == "2026-11-27T14:30:02.125000+00:00"


def test_an_instant_with_another_offset_is_read_as_utc() -> None:
    rome = ALERT.raised_at.astimezone(timezone(timedelta(hours=1))).isoformat()
    assert from_message({**to_message(ALERT), "raised_at": rome}).raised_at == ALERT.raised_at


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alert_type", "SIGNAL_LOST"),
        ("alert_type", None),
        ("subject", ""),
        ("subject", 7),
        ("message", None),
        ("session_date", "27/11/2026"),
        ("raised_at", "yesterday"),
        ("raised_at", "2026-11-27T14:30:02"),
        ("follower_id", 7),
        ("traceparent", ["00"]),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        from_message({**to_message(ALERT), field: value})
    assert refused.value.field == field


def test_raising_an_alert_publishes_it_with_its_trace() -> None:
    publisher = RecordingPublisher()
    PubsubAlarm(publisher, "alerts").raise_alert(ALERT)
    (published,) = publisher.published
    assert published.topic == "alerts"
    assert from_message(published.data) == ALERT
    assert published.attributes == {"traceparent": ALERT.traceparent}


def test_an_alert_that_cannot_be_published_is_an_error() -> None:
    with pytest.raises(AdapterError):
        PubsubAlarm(RecordingPublisher(failures=1), "alerts").raise_alert(ALERT)


def test_the_gateways_alarm_publishes_under_its_track() -> None:
    publisher = RecordingPublisher()
    seen: list[tuple[str, int]] = []

    @contextmanager
    def track() -> Iterator[None]:
        seen.append(("open", len(publisher.published)))
        yield
        seen.append(("closed", len(publisher.published)))

    asyncio.run(AsyncPubsubAlarm(publisher, "alerts", track=track).raise_alert(ALERT))
    assert seen == [("open", 0), ("closed", 1)]
