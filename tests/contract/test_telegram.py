"""Telegram: the stand-in against the table, the adapter against the stand-in."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from shared.adapters.telegram import TelegramMessenger
from shared.domain.errors import AdapterError
from shared.ports.chat import ChatMessage
from tests.sandbox import telegram
from tests.sandbox.conformance import Row, check
from tests.sandbox.control import Json
from tests.sandbox.serving import serve_in_thread
from tests.sandbox.telegram_conformance import CONFORMANCE

_HIDDEN = "sandbox-bot-token"
_TOKEN = f"1000000001:{_HIDDEN}"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve_in_thread(telegram.create_app(unix_time=lambda: 1_000_000.0)) as base_url:
        yield base_url


@pytest.fixture
def base_url(server: str) -> str:
    _tell(server, "POST", "reset")
    return server


@pytest.fixture
def messenger(base_url: str) -> Iterator[TelegramMessenger]:
    _tell(base_url, "PUT", "chats/-100", {"type": "group", "title": "Operators"})
    with closing(TelegramMessenger(token=_TOKEN, base_url=base_url)) as opened:
        yield opened


def _tell(base_url: str, method: str, path: str, document: Json = None) -> None:
    requests.request(
        method, f"{base_url}/_sandbox/{path}", json=document, timeout=5
    ).raise_for_status()


def _messages(base_url: str) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = requests.get(f"{base_url}/_sandbox/messages", timeout=5).json()
    return found


def _refused(messenger: TelegramMessenger, chat_id: int = -100) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        messenger.send(ChatMessage(chat_id=chat_id, text="Hello"))
    return caught.value


@pytest.mark.parametrize("row", CONFORMANCE, ids=lambda row: row.name)
def test_the_stand_in_answers_as_telegram_does(row: Row, base_url: str) -> None:
    check(row, base_url)


def test_a_message_is_sent_with_its_markup(messenger: TelegramMessenger, base_url: str) -> None:
    message_id = messenger.send(ChatMessage(chat_id=-100, text="<b>Halt</b> 1 &lt; 2", silent=True))
    assert _messages(base_url) == [
        {
            "chat_id": -100,
            "message_id": message_id,
            "text": "Halt 1 < 2",
            "entities": [{"type": "bold", "offset": 0, "length": 4}],
            "parse_mode": "HTML",
            "disable_notification": True,
        }
    ]


def test_refused_markup_arrives_as_plain_text(messenger: TelegramMessenger, base_url: str) -> None:
    messenger.send(ChatMessage(chat_id=-100, text="equity < margin"))
    (message,) = _messages(base_url)
    assert message["text"] == "equity < margin"
    assert message["parse_mode"] == ""
    assert message["disable_notification"] is False


def test_every_message_of_a_chat_has_its_own_id(messenger: TelegramMessenger) -> None:
    message = ChatMessage(chat_id=-100, text="Hello")
    assert [messenger.send(message), messenger.send(message)] == [1, 2]


def test_an_unknown_chat_is_final(messenger: TelegramMessenger) -> None:
    error = _refused(messenger, chat_id=5)
    assert not error.retryable
    assert str(error) == "telegram: 400: Bad Request: chat not found"


def test_a_person_who_blocked_the_bot_is_final(messenger: TelegramMessenger, base_url: str) -> None:
    _tell(base_url, "PUT", "chats/6", {"type": "private", "first_name": "B", "blocked": True})
    error = _refused(messenger, chat_id=6)
    assert not error.retryable
    assert "bot was blocked by the user" in str(error)


def test_flood_control_says_how_long_to_wait(messenger: TelegramMessenger, base_url: str) -> None:
    _tell(base_url, "POST", "failures", {"status": 429, "retry_after_seconds": 35})
    error = _refused(messenger)
    assert error.retryable
    assert error.retry_after_seconds == 35


def test_a_failure_of_telegrams_is_retryable_and_not_repeated_unasked(
    messenger: TelegramMessenger, base_url: str
) -> None:
    _tell(base_url, "POST", "failures", {"status": 502})
    assert _refused(messenger).retryable
    assert _messages(base_url) == []


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from _chain(error.__cause__)
        error = error.__context__


@pytest.mark.parametrize("token", [_TOKEN, f"1000000001:{_HIDDEN}-of-somebody-else"])
def test_no_error_carries_the_token(base_url: str, token: str) -> None:
    for url in (base_url, "http://127.0.0.1:9", "http://localhost:99999"):
        with closing(TelegramMessenger(token=token, base_url=url)) as messenger:
            error = _refused(messenger)
        for link in _chain(error):
            assert _HIDDEN not in repr(link)
            assert _HIDDEN not in "".join(traceback.format_exception(link, chain=False))


def test_nobody_listening_is_retryable() -> None:
    with closing(TelegramMessenger(token=_TOKEN, base_url="http://127.0.0.1:9")) as messenger:
        assert _refused(messenger).retryable
