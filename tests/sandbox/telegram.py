"""A stand-in for Telegram's Bot API: `getMe` and `sendMessage`, strictly.

`PUT /_sandbox/chats/{chat_id}` makes a chat known: `{"type": "private", "first_name": "Anna",
"blocked": false}` or `{"type": "group", "title": "Operators"}`. `GET /_sandbox/messages` lists what
was sent: `[{"chat_id", "message_id", "text", "entities", "parse_mode", "disable_notification"}]`.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.control import Control, Failure, Handler, Json
from tests.sandbox.telegram_html import parse_html
from tests.sandbox.telegram_markdown import parse_markdown_v2
from tests.sandbox.telegram_text import FormattedText, Unparsable, utf16_length

SANDBOX_BOT_TOKENS = frozenset({"1000000001:sandbox-bot-token"})
MOST_CHARACTERS = 4096
_TOKEN = re.compile(r"[1-9][0-9]*:[A-Za-z0-9_-]+")
_NAMES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
_PARSERS: dict[str, Callable[[str], FormattedText]] = {
    "": lambda text: FormattedText(text=text, entities=()),
    "html": parse_html,
    "markdownv2": parse_markdown_v2,
}


class _Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Telegram:
    def __init__(self, tokens: frozenset[str], unix_time: Callable[[], float]) -> None:
        self._tokens = tokens
        self._unix_time = unix_time
        self._chats: dict[str, dict[str, Json]] = {}
        self._sent: Counter[str] = Counter()
        self._messages: list[Json] = []
        self.control = Control(self._reset)

    def _reset(self) -> None:
        self._chats.clear()
        self._sent.clear()
        self._messages.clear()

    async def call(self, request: Request) -> Response:
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            return refusal(404)
        if token not in self._tokens:
            return refusal(401)
        # Method names are case-insensitive: https://core.telegram.org/bots/api#making-requests
        method = {"getme": self._get_me, "sendmessage": self._send_message}.get(
            request.path_params["method"].lower()
        )
        if method is None:
            return refusal(404, "method not found")
        try:
            return JSONResponse({"ok": True, "result": method(token, await _parameters(request))})
        except _Refused as refused:
            return refusal(refused.status, str(refused))

    def _get_me(self, token: str, _parameters: dict[str, str]) -> Json:
        return {
            **_bot(token),
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _send_message(self, token: str, parameters: dict[str, str]) -> Json:
        formatted = _formatted(parameters)
        chat_id = parameters.get("chat_id", "")
        if not chat_id:
            raise _Refused(400, "chat_id is empty")
        chat = self._chats.get(chat_id)
        if chat is None:
            raise _Refused(400, "chat not found")
        if chat.get("blocked"):
            raise _Refused(403, "bot was blocked by the user")
        self._sent[chat_id] += 1
        message: dict[str, Json] = {
            "message_id": self._sent[chat_id],
            "from": _bot(token),
            "chat": {
                "id": int(chat_id),
                **{name: value for name, value in chat.items() if name != "blocked"},
            },
            "date": int(self._unix_time()),
            "text": formatted.text,
        }
        entities: list[Json] = [entity.as_json() for entity in formatted.entities]
        if entities:
            message["entities"] = entities
        self._messages.append(
            {
                "chat_id": int(chat_id),
                "message_id": self._sent[chat_id],
                "text": formatted.text,
                "entities": entities,
                "parse_mode": parameters.get("parse_mode", ""),
                "disable_notification": parameters.get("disable_notification") == "true",
            }
        )
        return message

    async def set_chat(self, request: Request) -> Response:
        self._chats[str(int(request.path_params["chat_id"]))] = await request.json()
        return Response(status_code=204)

    async def messages(self, _request: Request) -> Response:
        return JSONResponse(self._messages)


def create_app(
    *,
    tokens: frozenset[str] = SANDBOX_BOT_TOKENS,
    unix_time: Callable[[], float] = time.time,
) -> Starlette:
    """The stand-in. `unix_time` (machine time) dates messages."""
    service = _Telegram(tokens, unix_time)
    call: Handler = service.control.guarded(service.call, _failed)
    return Starlette(
        routes=[
            Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
            Route("/_sandbox/chats/{chat_id}", service.set_chat, methods=["PUT"]),
            Route("/_sandbox/messages", service.messages, methods=["GET"]),
            *service.control.routes(),
        ],
        exception_handlers={404: _not_found, 405: _not_found},
    )


def refusal(status: int, why: str = "") -> Response:
    """A refusal as Telegram words it."""
    name = _NAMES.get(status, "Error")
    return JSONResponse(
        {
            "ok": False,
            "error_code": status,
            "description": f"{name}: {why}" if why else name,
        },
        status_code=status,
    )


async def _not_found(_request: Request, _error: Exception) -> Response:
    return refusal(404)


def _failed(failure: Failure) -> Response:
    if failure.status != 429:
        return refusal(failure.status)
    wait = failure.retry_after_seconds
    return JSONResponse(
        {
            "ok": False,
            "error_code": 429,
            "description": f"Too Many Requests: retry after {wait}",
            "parameters": {"retry_after": wait},
        },
        status_code=429,
        headers={"Retry-After": str(wait)},
    )


def _bot(token: str) -> dict[str, Json]:
    return {
        "id": int(token.partition(":")[0]),
        "is_bot": True,
        "first_name": "SpreadPilot",
        "username": "spreadpilot_bot",
    }


async def _parameters(request: Request) -> dict[str, str]:
    """Parameters from the address and from a JSON or form body; JSON scalars become their text."""
    parameters = dict(request.query_params)
    body = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0]
    if media_type == "application/json":
        parameters |= _json_parameters(body)
    elif media_type == "application/x-www-form-urlencoded":
        parameters |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    elif body:
        raise _Refused(400, "the stand-in reads JSON and URL-encoded forms only")
    return parameters


def _json_parameters(body: bytes) -> dict[str, str]:
    try:
        document: Json = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _Refused(400, "JSON object expected")
    return {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in document.items()
    }


def _formatted(parameters: dict[str, str]) -> FormattedText:
    text = parameters.get("text", "")
    if not text:
        raise _Refused(400, "message text is empty")
    parse = _PARSERS.get(parameters.get("parse_mode", "").lower())
    if parse is None:
        raise _Refused(400, "unsupported parse_mode")
    try:
        formatted = parse(text)
    except Unparsable as error:
        raise _Refused(400, f"can't parse entities: {error}") from error
    if not formatted.text.strip():
        raise _Refused(400, "text must be non-empty")
    # Telegram says "characters"; UTF-16 code units are the strictest reading.
    if utf16_length(formatted.text) > MOST_CHARACTERS:
        raise _Refused(400, "message is too long")
    return formatted
