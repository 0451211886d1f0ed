"""Chat messages through Telegram's Bot API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import requests

from shared.domain.errors import AdapterError
from shared.ports.chat import ChatMessage

TELEGRAM_URL = "https://api.telegram.org"
_SERVICE = "telegram"
_TIMEOUT_SECONDS = (5.0, 10.0)
_MARKUP_REFUSED = "can't parse entities"


class _Parameters(TypedDict):
    retry_after: NotRequired[int]


class _Sent(TypedDict):
    message_id: int


class _Answer(TypedDict):
    """https://core.telegram.org/bots/api#making-requests."""

    ok: bool
    result: NotRequired[_Sent]
    error_code: NotRequired[int]
    description: NotRequired[str]
    parameters: NotRequired[_Parameters]


class TelegramMessenger:
    """Sends messages as a bot.

    The bot's token is part of every address, so no error of the HTTP library, which quotes
    addresses, ever leaves this class.

    Args:
        token: The bot's token.
        base_url: Where the Bot API answers, without a trailing slash.
    """

    def __init__(self, *, token: str, base_url: str = TELEGRAM_URL) -> None:
        self._url = f"{base_url}/bot{token}/sendMessage"
        self._session = requests.Session()

    def send(self, message: ChatMessage) -> int:
        """Send one message and return its id within the chat.

        Markup that Telegram refuses is sent as it stands, as plain text: an alert that looks bad
        is better than none.

        Raises:
            AdapterError: It was not sent. Retryable: flood control (with the wait Telegram asks
                for), a failure of Telegram's, no answer. After no answer the message may have
                arrived all the same.
        """
        parameters: dict[str, object] = {
            "chat_id": message.chat_id,
            "text": message.text,
            "disable_notification": message.silent,
            "link_preview_options": {"is_disabled": True},
        }
        answer = self._post({**parameters, "parse_mode": "HTML"})
        if not answer["ok"] and _MARKUP_REFUSED in answer.get("description", ""):
            answer = self._post(parameters)
        if "result" not in answer:
            raise _refused(answer)
        return answer["result"]["message_id"]

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _post(self, parameters: Mapping[str, object]) -> _Answer:
        failure = ""
        try:
            response = self._session.post(self._url, json=parameters, timeout=_TIMEOUT_SECONDS)
            answer: _Answer = response.json()
        except requests.JSONDecodeError:
            failure = f"{response.status_code}: an answer that is no JSON"
        except requests.RequestException as error:
            failure = f"no answer: {type(error).__name__}"
        else:
            return answer
        # Raised here, where the library's error with its address is no longer the context.
        raise AdapterError(_SERVICE, failure, retryable=True)


def _refused(answer: _Answer) -> AdapterError:
    status = answer.get("error_code", 0)
    return AdapterError(
        _SERVICE,
        f"{status}: {answer.get('description', 'no description')}",
        retryable=status == requests.codes.too_many_requests
        or status >= requests.codes.server_error,
        retry_after_seconds=answer.get("parameters", {}).get("retry_after"),
    )
