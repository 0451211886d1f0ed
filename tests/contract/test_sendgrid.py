"""SendGrid: the stand-in against the table, the adapter against the stand-in."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from shared.adapters.sendgrid import SendGridMailer
from shared.domain.errors import AdapterError
from shared.ports.mail import Attachment, Mail, MailUnconfirmed
from tests.sandbox import sendgrid
from tests.sandbox.conformance import Row, check
from tests.sandbox.control import Json
from tests.sandbox.sendgrid_conformance import CONFORMANCE
from tests.sandbox.serving import serve_in_thread

_MAIL = Mail(
    to="anna@example.com",
    subject="Your statement",
    text="Hello Anna",
    html="<p>Hello Anna</p>",
    outbox_id="statement:2026-08:anna",
    attachments=(Attachment(name="s.pdf", content_type="application/pdf", data=b"%PDF-1.7"),),
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    app = sendgrid.create_app(most_bytes=100_000, unix_time=lambda: 1_000_000.0)
    with serve_in_thread(app) as base_url:
        yield base_url


@pytest.fixture
def base_url(server: str) -> str:
    _tell(server, "reset")
    return server


def _tell(base_url: str, path: str, document: Json = None) -> None:
    requests.post(f"{base_url}/_sandbox/{path}", json=document, timeout=5).raise_for_status()


def _messages(base_url: str) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = requests.get(f"{base_url}/_sandbox/messages", timeout=5).json()
    return found


def _mailer(base_url: str, *, key: str = "SG.sandbox", sender: str | None = None) -> SendGridMailer:
    return SendGridMailer(
        api_key=key,
        sender_email=sender or "reports@spreadpilot.example",
        sender_name="SpreadPilot",
        base_url=base_url,
        unix_time=lambda: 1_000_000.0,
    )


def _refused(base_url: str, mailer: SendGridMailer, mail: Mail = _MAIL) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        mailer.send(mail)
    assert not isinstance(caught.value, MailUnconfirmed)
    assert _messages(base_url) == []
    return caught.value


@pytest.mark.parametrize("row", CONFORMANCE, ids=lambda row: row.name)
def test_the_stand_in_answers_as_sendgrid_does(row: Row, base_url: str) -> None:
    check(row, base_url)


def test_every_accepted_mail_has_its_own_message_id(base_url: str) -> None:
    mailer = _mailer(base_url)
    ids = [mailer.send(_MAIL), mailer.send(_MAIL)]
    assert [message["message_id"] for message in _messages(base_url)] == ids
    assert len(set(ids)) == 2


def test_a_mail_carries_its_outbox_id_and_attachments_and_is_not_tracked(base_url: str) -> None:
    _mailer(base_url).send(_MAIL)
    assert _messages(base_url)[0]["body"] == {
        "personalizations": [{"to": [{"email": "anna@example.com"}]}],
        "from": {"email": "reports@spreadpilot.example", "name": "SpreadPilot"},
        "subject": "Your statement",
        "content": [
            {"type": "text/plain", "value": "Hello Anna"},
            {"type": "text/html", "value": "<p>Hello Anna</p>"},
        ],
        "custom_args": {"outbox_id": "statement:2026-08:anna"},
        "attachments": [
            {
                "content": base64.b64encode(b"%PDF-1.7").decode(),
                "type": "application/pdf",
                "filename": "s.pdf",
                "disposition": "attachment",
            }
        ],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }


def test_copies_go_to_those_who_are_named(base_url: str) -> None:
    _mailer(base_url).send(replace(_MAIL, cc=("ops@example.com", "desk@example.com")))
    body = _messages(base_url)[0]["body"]
    assert isinstance(body, dict)
    assert body["personalizations"] == [
        {
            "to": [{"email": "anna@example.com"}],
            "cc": [{"email": "ops@example.com"}, {"email": "desk@example.com"}],
        }
    ]


def test_sendgrids_words_come_without_addresses(base_url: str) -> None:
    mail = replace(_MAIL)
    # A mail checks its copies itself; what gets past it SendGrid refuses, naming the address.
    object.__setattr__(mail, "cc", ("Anna@example.com",))
    error = _refused(base_url, _mailer(base_url), mail)
    assert "We found the first duplicate instance of [[address]]" in str(error)
    assert "anna@" not in str(error).lower()


def test_a_connection_that_breaks_after_the_mail_was_accepted_leaves_it_unconfirmed(
    base_url: str,
) -> None:
    _tell(base_url, "faults", {"fault": "lost_answer"})
    with pytest.raises(MailUnconfirmed):
        _mailer(base_url).send(_MAIL)
    assert len(_messages(base_url)) == 1
    assert _mailer(base_url).send(_MAIL)


def test_a_slow_answer_is_waited_for(base_url: str) -> None:
    _tell(base_url, "faults", {"fault": "slow_answer", "seconds": 0.3})
    started = time.monotonic()
    assert _mailer(base_url).send(_MAIL) == _messages(base_url)[0]["message_id"]
    assert time.monotonic() - started >= 0.3


def test_a_mail_that_was_refused_uses_no_fault_up(base_url: str) -> None:
    _tell(base_url, "faults", {"fault": "lost_answer"})
    with pytest.raises(AdapterError, match="verified Sender"):
        _mailer(base_url, sender="me@elsewhere.example").send(_MAIL)
    with pytest.raises(MailUnconfirmed):
        _mailer(base_url).send(_MAIL)


def test_a_wrong_key_is_final_and_stays_out_of_the_message(base_url: str) -> None:
    error = _refused(base_url, _mailer(base_url, key="SG.somebody-elses"))
    assert not error.retryable
    assert "authorization grant is invalid" in str(error)
    assert "SG." not in str(error)


def test_an_unverified_sender_is_final(base_url: str) -> None:
    error = _refused(base_url, _mailer(base_url, sender="me@elsewhere.example"))
    assert not error.retryable
    assert "verified Sender Identity" in str(error)


def test_a_bad_address_is_final_and_named(base_url: str) -> None:
    mail = Mail(to="anna", subject="s", text="t", html="h", outbox_id="1")
    error = _refused(base_url, _mailer(base_url), mail)
    assert not error.retryable
    assert "personalizations.0.to.0.email: Does not contain a valid address." in str(error)


def test_a_mail_that_is_too_large_is_final(base_url: str) -> None:
    attachment = Attachment(name="s.pdf", content_type="application/pdf", data=bytes(100_000))
    mail = Mail(
        to="a@example.com",
        subject="s",
        text="t",
        html="h",
        outbox_id="1",
        attachments=(attachment,),
    )
    error = _refused(base_url, _mailer(base_url), mail)
    assert not error.retryable
    assert "413" in str(error)


def test_a_rate_limit_is_retryable_once_it_ends(base_url: str) -> None:
    _tell(base_url, "failures", {"status": 429, "retry_after_seconds": 17})
    error = _refused(base_url, _mailer(base_url))
    assert error.retryable
    assert error.retry_after_seconds == 17.0


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_of_sendgrids_is_retryable_but_never_sent_again_unasked(
    base_url: str, status: int
) -> None:
    _tell(base_url, "failures", {"status": status})
    assert _refused(base_url, _mailer(base_url)).retryable


def test_nobody_listening_is_retryable() -> None:
    with pytest.raises(AdapterError) as caught:
        _mailer("http://127.0.0.1:9").send(_MAIL)
    assert caught.value.retryable
    assert not isinstance(caught.value, MailUnconfirmed)


def test_a_lost_answer_leaves_the_mail_unconfirmed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        swallowing = threading.Thread(target=_swallow_one_request, args=(listener,))
        swallowing.start()
        with pytest.raises(MailUnconfirmed) as caught:
            _mailer(f"http://127.0.0.1:{listener.getsockname()[1]}").send(_MAIL)
        swallowing.join()
    assert not caught.value.retryable


def _swallow_one_request(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as stream:
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        json.loads(stream.read(length))
