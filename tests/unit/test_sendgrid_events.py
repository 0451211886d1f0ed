"""SendGrid's signed events: whose they are, what they say, and how they travel on."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.pubsub_data import decode_object, encode_data
from shared.adapters.sendgrid_events import (
    EVENTS_PER_MESSAGE,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    EventRefusal,
    ReadEvents,
    from_message,
    read_events,
    refusal_of,
    to_messages,
)
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.outbox import MailEvent, MailEventKind, recipient_key
from tests.sandbox.sendgrid_events import EventSigner

NOW = datetime(2026, 12, 1, 13, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
SIGNER = EventSigner()
BODY = '[{"event":"processed","name":"Zoë"}]\r\n'.encode()
# The members of EVENTS in tests/sandbox/sendgrid_events.py, as SendGrid writes them.
BOUNCE = {
    "outbox_id": "monthly-2026-11-bruno~0123456789abcdef~1f3c9a02",
    "email": "Bruno@example.com",
    "timestamp": SECONDS,
    "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
    "event": "bounce",
    "category": ["cat facts"],
    "sg_event_id": "6g4ZI7SA-xmRDv57GoPIPw==",
    "sg_message_id": "yW5utel5TYuIBREiXJi7aA.recvd-5f9ffdf494-9kc6l-1-673C6EB0-B.0",
    "reason": "550 5.1.1 <bruno@example.com>: no such user",
    "status": "5.1.1",
    "type": "bounce",
}


def judged(
    body: bytes = BODY,
    *,
    signed: bytes = BODY,
    signed_at: int = SECONDS,
    minutes: int = 10,
    key: str = SIGNER.public_key,
    **headers: str,
) -> EventRefusal | None:
    sent = SIGNER.headers(signed, signed_at)
    return refusal_of(
        body,
        signature=headers.get("signature", sent[SIGNATURE_HEADER]),
        timestamp=headers.get("timestamp", sent[TIMESTAMP_HEADER]),
        public_key=key,
        now=NOW,
        oldest=timedelta(minutes=minutes),
    )


def read(*entries: object) -> ReadEvents:
    return read_events(json.dumps(list(entries)).encode())


def test_a_signed_body_is_taken_byte_for_byte() -> None:
    assert judged() is None
    for altered in (BODY[:-1], BODY.strip(), b" " + BODY, BODY.replace(b"processed", b"delivered")):
        assert judged(altered) is EventRefusal.FORGED


def test_the_key_may_end_with_a_line_break() -> None:
    assert judged(key=SIGNER.public_key + "\n") is None


def test_a_batch_that_sendgrid_signed_is_taken() -> None:
    """Key, signature and body of RECORDED; the mail was dropped ten seconds before."""
    body = (
        '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
        '"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
        '"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
        '"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",'
        '"timestamp":1600112492}]\r\n'
    )
    refusal = refusal_of(
        body.encode(),
        signature="MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAb"
        "PIqHh89M15TluLtEZtM=",
        timestamp="1600112502",
        public_key="MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1"
        "flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
        now=datetime.fromtimestamp(1600112503, tz=UTC),
        oldest=timedelta(minutes=10),
    )
    assert refusal is None
    # It carries no custom argument of ours.
    assert read_events(body.encode()) == ReadEvents(events=(), ignored=1, unreadable=0)


def test_somebody_elses_signature_is_refused() -> None:
    assert judged(key=EventSigner().public_key) is EventRefusal.FORGED


@pytest.mark.parametrize(
    "signature",
    ["!!!", "abc", base64.b64encode(b"no DER").decode(), "\u00e9", "A" * 5000],
    ids=["no base64", "half base64", "no DER", "not ASCII", "long"],
)
def test_nonsense_for_a_signature_is_refused(signature: str) -> None:
    assert judged(signature=signature) is EventRefusal.FORGED


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "\u0661", "9" * 13, "1.5", " 1"])
def test_a_timestamp_that_is_none_counts_as_unsigned(timestamp: str) -> None:
    assert judged(timestamp=timestamp) is EventRefusal.UNSIGNED
    assert judged(signature="") is EventRefusal.UNSIGNED


@pytest.mark.parametrize(
    ("age_seconds", "expected"),
    [(600, None), (-600, None), (601, EventRefusal.STALE), (-601, EventRefusal.STALE)],
)
def test_a_signature_is_good_for_ten_minutes(
    age_seconds: int, expected: EventRefusal | None
) -> None:
    assert judged(signed_at=SECONDS - age_seconds) is expected


def test_the_timestamp_is_signed_too() -> None:
    stale = SIGNER.headers(BODY, SECONDS - 3600)
    assert judged(signature=stale[SIGNATURE_HEADER]) is EventRefusal.FORGED


def test_a_body_that_is_no_text_is_refused() -> None:
    assert judged(b"\xff\xfe", signed=b"\xff\xfe") is EventRefusal.FORGED


def _rsa_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


@pytest.mark.parametrize("key", ["", "not a key", base64.b64encode(b"x" * 91).decode(), _rsa_key()])
def test_a_key_that_is_none_is_our_fault_and_its_value_stays_secret(key: str) -> None:
    with pytest.raises(AdapterError, match="store the verification key") as caught:
        judged(key=key)
    assert not key or key not in str(caught.value)


def test_an_event_is_read_without_the_address() -> None:
    (event,) = read(BOUNCE).events
    assert event == MailEvent(
        outbox_id="monthly-2026-11-bruno~0123456789abcdef~1f3c9a02",
        event_id="6g4ZI7SA-xmRDv57GoPIPw==",
        kind=MailEventKind.BOUNCE,
        recipient=recipient_key("bruno@example.com"),
        occurred_at=NOW,
        message_id="yW5utel5TYuIBREiXJi7aA",
        reason="550 5.1.1 <[address]>: no such user",
    )


def test_a_delayed_bounce_comes_without_a_message_id() -> None:
    without = {name: value for name, value in BOUNCE.items() if name != "sg_message_id"}
    (event,) = read(without).events
    assert event.message_id == ""


def test_what_is_not_about_our_mail_is_passed_over() -> None:
    other = {name: value for name, value in BOUNCE.items() if name != "outbox_id"}
    opened = {**BOUNCE, "event": "open"}
    found = read(other, opened, "text", None, [], BOUNCE)
    assert (len(found.events), found.ignored, found.unreadable) == (1, 5, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"outbox_id": "a/b"},
        {"outbox_id": ".."},
        {"outbox_id": "__name__"},
        {"outbox_id": ""},
        {"outbox_id": 7},
        {"outbox_id": "x" * 500},
        {"email": ""},
        {"timestamp": "soon"},
        {"timestamp": -1},
        {"timestamp": 10**12},
        {"reason": {"text": "x"}},
    ],
    ids=str,
)
def test_an_event_that_cannot_be_read_holds_up_no_other(change: dict[str, object]) -> None:
    found = read({**BOUNCE, **change}, BOUNCE)
    assert (len(found.events), found.ignored, found.unreadable) == (1, 0, 1)


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"\xff", b"[" * 100_000, b'"text"'])
def test_a_batch_that_is_none_is_refused_without_its_contents(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="events: are no JSON"):
        read_events(body)


INSTANTS = st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, tz=UTC))
EVENTS = st.builds(
    MailEvent,
    outbox_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9~ ().-]{0,99}", fullmatch=True),
    event_id=st.text(max_size=20),
    kind=st.sampled_from(MailEventKind),
    recipient=st.text(max_size=16),
    occurred_at=INSTANTS,
    message_id=st.text(max_size=20),
    reason=st.text(max_size=40),
)


@given(st.lists(EVENTS, max_size=5))
def test_events_come_out_of_pubsub_as_they_went_in(events: list[MailEvent]) -> None:
    read_back: list[MailEvent] = []
    for message in to_messages(events):
        data = decode_object(encode_data(message))
        assert data is not None
        read_back += from_message(data)
    assert read_back == events


def test_many_events_travel_in_messages_of_bounded_size() -> None:
    (event,) = read({**BOUNCE, "reason": "\u00e9" * 5000, "sg_event_id": "x" * 5000}).events
    messages = list(to_messages([event] * (EVENTS_PER_MESSAGE * 2 + 1)))
    assert [len(from_message(message)) for message in messages] == [100, 100, 1]
    assert max(len(encode_data(message)) for message in messages) < 500_000


@pytest.mark.parametrize(
    "data",
    [
        {"event": 1},
        {"events": "all"},
        {"events": [{}]},
        {"events": [{**dict.fromkeys(("event_id", "message_id"), "x"), "outbox_id": "a/b"}]},
    ],
)
def test_a_message_that_is_none_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        from_message(data)
