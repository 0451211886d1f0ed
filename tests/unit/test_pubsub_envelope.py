"""The push-body parser: what it reads, what it refuses, and that nothing makes it raise."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.pubsub_data import decode_object, encode_data
from shared.adapters.pubsub_envelope import (
    LARGEST_BODY_BYTES,
    BadEnvelope,
    PushMessage,
    parse_push,
)


def _base64(payload: bytes) -> str:
    return base64.b64encode(payload).decode()


def _body(message: dict[str, object] | None = None, /, **envelope: object) -> bytes:
    whole = {
        "data": _base64(b'{"order_id": "o-1"}'),
        "attributes": {"traceparent": "00-ab"},
        "messageId": "17",
        "publishTime": "2026-03-02T14:27:00.125Z",
        **(message or {}),
    }
    kept = {name: value for name, value in whole.items() if value is not None}
    return json.dumps(
        {"message": kept, "subscription": "projects/p/subscriptions/s"} | envelope
    ).encode()


def test_a_delivery_is_read_whole() -> None:
    assert parse_push(_body({"orderingKey": "f-1"}, deliveryAttempt=3)) == PushMessage(
        data={"order_id": "o-1"},
        attributes={"traceparent": "00-ab"},
        message_id="17",
        subscription="projects/p/subscriptions/s",
        delivery_attempt=3,
        ordering_key="f-1",
        published_at=datetime(2026, 3, 2, 14, 27, 0, 125_000, tzinfo=UTC),
    )


def test_attributes_ordering_key_and_attempt_may_be_absent() -> None:
    message = parse_push(_body({"attributes": None}))
    assert isinstance(message, PushMessage)
    assert message.attributes == {}
    assert message.ordering_key == ""
    assert message.delivery_attempt is None


def test_nanoseconds_and_offsets_of_the_publish_time_are_understood() -> None:
    message = parse_push(_body({"publishTime": "2026-03-02T09:27:00.123456789-05:00"}))
    assert isinstance(message, PushMessage)
    assert message.published_at == datetime(2026, 3, 2, 14, 27, 0, 123_456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a JSON object"),
        (b"\xff{}", "not a JSON object"),
        (b"[1]", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b"{}", "message is missing"),
        (_body(message=None), "message is missing"),
        (_body({"data": None}), "data is missing or not a text"),
        (_body({"data": 7}), "data is missing or not a text"),
        (_body({"data": "e30"}), "data is not base64"),
        (_body({"data": "e3\u00fc="}), "data is not base64"),
        (_body({"data": _base64(b"\xff\xfe")}), "data is not a JSON object in UTF-8"),
        (_body({"data": _base64(b'"text"')}), "data is not a JSON object in UTF-8"),
        (_body({"data": _base64(b'{"n": NaN}')}), "data is not a JSON object in UTF-8"),
        (_body({"data": _base64(b'{"n": 1e999}')}), "data is not a JSON object in UTF-8"),
        (_body({"attributes": ["a"]}), "attributes is not an object"),
        (_body({"attributes": {"a": 1}}), "attribute a is not a text"),
        (_body({"messageId": None}), "messageId is missing or not a text"),
        (_body({"orderingKey": 1}), "orderingKey is not a text"),
        (_body({"publishTime": None}), "publishTime is missing or not a text"),
        (_body({"publishTime": "soon"}), "publishTime is not an RFC 3339 instant"),
        (_body({"publishTime": "2026-03-02T14:27:00"}), "publishTime has no time zone"),
        (
            _body({"publishTime": "0001-01-01T00:00:00+01:00"}),
            "publishTime is not an RFC 3339 instant",
        ),
        (_body(subscription=None), "subscription is missing or not a text"),
        (_body(deliveryAttempt="1"), "deliveryAttempt is not a whole number from 1"),
        (_body(deliveryAttempt=True), "deliveryAttempt is not a whole number from 1"),
        (_body(deliveryAttempt=0), "deliveryAttempt is not a whole number from 1"),
        (b" " * (LARGEST_BODY_BYTES + 1), f"larger than {LARGEST_BODY_BYTES} bytes"),
    ],
)
def test_a_bad_body_is_answered_with_the_reason(body: bytes, reason: str) -> None:
    assert parse_push(body) == BadEnvelope(reason=reason)


@given(st.binary())
def test_no_bytes_make_it_raise(body: bytes) -> None:
    assert isinstance(parse_push(body), BadEnvelope | PushMessage)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ("data", "attributes", "messageId", "publishTime", "orderingKey")


@given(
    st.dictionaries(st.sampled_from(_FIELDS), _JSON | st.binary().map(_base64)),
    st.dictionaries(st.sampled_from(("subscription", "deliveryAttempt", "message")), _JSON),
)
def test_no_wrong_types_make_it_raise(
    message: dict[str, object], envelope: dict[str, object]
) -> None:
    assert isinstance(parse_push(_body(message, **envelope)), BadEnvelope | PushMessage)


_DATA = st.dictionaries(
    st.text(alphabet=st.characters(codec="utf-8")),
    st.integers(-(2**63), 2**63)
    | st.booleans()
    | st.none()
    | st.text(alphabet=st.characters(codec="utf-8"))
    | st.floats(allow_nan=False, allow_infinity=False),
)


@given(_DATA)
def test_what_is_published_is_what_is_read(data: dict[str, object]) -> None:
    assert decode_object(encode_data(data)) == data


def test_equal_data_are_equal_bytes() -> None:
    assert encode_data({"b": 1, "a": "é"}) == encode_data({"a": "é", "b": 1})


def test_nan_is_not_published() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_data({"n": float("nan")})
