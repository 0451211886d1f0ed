"""What Telegram's Bot API answers, row by row."""

from __future__ import annotations

from tests.sandbox.conformance import Row
from tests.sandbox.control import Json

_API = "https://core.telegram.org/bots/api"
_SERVER = "https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp"
_PARSER = "https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp"
_BOT = "/bot1000000001:sandbox-bot-token"
_SEND = f"POST {_BOT}/sendMessage"
_ANNA: tuple[str, str, Json] = (
    "PUT",
    "/_sandbox/chats/42",
    {"type": "private", "first_name": "Anna"},
)
_BLOCKED: tuple[str, str, Json] = (
    "PUT",
    "/_sandbox/chats/43",
    {"type": "private", "first_name": "Bruno", "blocked": True},
)


def _refusal(status: int, description: str) -> Json:
    return {"ok": False, "error_code": status, "description": description}


def _refused(name: str, why: str, source: str = _SERVER, **parameters: Json) -> Row:
    return Row(
        name=name,
        request=_SEND,
        json=parameters,
        before=(_ANNA,),
        status=400,
        answer=_refusal(400, f"Bad Request: {why}"),
        source=source,
    )


def _markup(mode: str, text: str, why: str) -> Row:
    return _refused(
        f"{mode} {text!r}",
        f"can't parse entities: {why}",
        _PARSER,
        chat_id=42,
        text=text,
        parse_mode=mode,
    )


def _sent(name: str, mode: str, text: str, plain: str, *entities: Json) -> Row:
    marked: dict[str, Json] = {"text": plain}
    if entities:
        marked["entities"] = list(entities)
    return Row(
        name=name,
        request=_SEND,
        json={"chat_id": 42, "text": text, "parse_mode": mode},
        before=(_ANNA,),
        status=200,
        answer={"ok": True, "result": marked},
        source=f"{_API}#formatting-options",
    )


def _entity(kind: str, offset: int, length: int, **more: Json) -> Json:
    return {"type": kind, "offset": offset, "length": length, **more}


def _reserved(character: str) -> str:
    return f"Character '{character}' is reserved and must be escaped with the preceding '\\'"


CONFORMANCE: tuple[Row, ...] = (
    Row(
        name="the bot describes itself",
        request=f"GET {_BOT}/getMe",
        status=200,
        answer={"ok": True, "result": {"id": 1000000001, "is_bot": True}},
        source=f"{_API}#getme",
    ),
    Row(
        name="method names are case-insensitive",
        request=f"GET {_BOT}/GETME",
        status=200,
        answer={"ok": True},
        source=f"{_API}#making-requests",
    ),
    Row(
        name="an unknown token",
        request="GET /bot123:abc/getMe",
        status=401,
        answer=_refusal(401, "Unauthorized"),
        source=_SERVER,
    ),
    Row(
        name="no token at all",
        request="GET /botabc/getMe",
        status=404,
        answer=_refusal(404, "Not Found"),
        source=_SERVER,
    ),
    Row(
        name="an unknown method",
        request=f"POST {_BOT}/sendTelegram",
        status=404,
        answer=_refusal(404, "Not Found: method not found"),
        source=_SERVER,
    ),
    Row(
        name="a plain message",
        request=_SEND,
        json={"chat_id": "42", "text": "1 < 2"},
        before=(_ANNA,),
        status=200,
        answer={
            "ok": True,
            "result": {
                "message_id": 1,
                "from": {"id": 1000000001, "is_bot": True},
                "chat": {"id": 42, "type": "private", "first_name": "Anna"},
                "text": "1 < 2",
            },
        },
        source=f"{_API}#sendmessage",
    ),
    Row(
        name="parameters in the address",
        request=f"GET {_BOT}/sendMessage?chat_id=42&text=Hello",
        before=(_ANNA,),
        status=200,
        answer={"result": {"text": "Hello"}},
        source=f"{_API}#making-requests",
    ),
    Row(
        name="parameters in a form",
        request=_SEND,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=b"chat_id=42&text=Hello",
        before=(_ANNA,),
        status=200,
        answer={"result": {"text": "Hello"}},
        source=f"{_API}#making-requests",
    ),
    Row(
        name="a body that is no object",
        request=_SEND,
        json=["text"],
        status=400,
        answer=_refusal(400, "Bad Request: JSON object expected"),
        source="https://github.com/tdlib/td/blob/master/tdnet/td/net/HttpReader.cpp",
    ),
    _refused("no text", "message text is empty", chat_id=42),
    _refused("blanks only", "text must be non-empty", chat_id=42, text="  "),
    _refused("no chat", "chat_id is empty", text="Hello"),
    _refused(
        "an unknown chat",
        "chat not found",
        "https://github.com/botman/driver-telegram/issues/89",
        chat_id=7,
        text="Hello",
    ),
    _refused("an unknown markup", "unsupported parse_mode", chat_id=42, text="a", parse_mode="TeX"),
    _refused(
        "4,097 characters",
        "message is too long",
        "https://github.com/tdlib/telegram-bot-api/issues/374",
        chat_id=42,
        text="x" * 4097,
    ),
    _sent(
        "4,096 characters after parsing",
        "HTML",
        f"<b>{'&lt;' * 4096}</b>",
        "<" * 4096,
        _entity("bold", 0, 4096),
    ),
    Row(
        name="a user who blocked the bot",
        request=_SEND,
        json={"chat_id": 43, "text": "Hello"},
        before=(_BLOCKED,),
        status=403,
        answer=_refusal(403, "Forbidden: bot was blocked by the user"),
        source="https://github.com/botman/driver-telegram/issues/89",
    ),
    Row(
        name="too many messages",
        request=_SEND,
        json={"chat_id": 42, "text": "Hello"},
        before=(_ANNA, ("POST", "/_sandbox/failures", {"status": 429, "retry_after_seconds": 35})),
        status=429,
        answer={
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 35",
            "parameters": {"retry_after": 35},
        },
        source=f"{_API}#responseparameters",
    ),
    _sent(
        "nested HTML, counted in UTF-16",
        "HTML",
        "\U0001f600 <b>b<i>i</i></b> &amp; <code>x</code>",
        "\U0001f600 bi & x",
        _entity("bold", 3, 2),
        _entity("italic", 4, 1),
        _entity("code", 8, 1),
    ),
    _sent(
        "an HTML link",
        "HTML",
        '<a href="https://example.com/?a=1&amp;b=2">here</a>',
        "here",
        _entity("text_link", 0, 4, url="https://example.com/?a=1&b=2"),
    ),
    _sent(
        "HTML entities that are none",
        "HTML",
        "AT&T &nbsp; &#62; &quot;",
        'AT&T &nbsp; > "',
    ),
    _markup("HTML", "Hi <br>", 'Unsupported start tag "br" at byte offset 3'),
    _markup("HTML", "\u00e9 <p>x</p>", 'Unsupported start tag "p" at byte offset 3'),
    _markup("HTML", "1 < 2", 'Unsupported start tag "" at byte offset 2'),
    _markup("HTML", "<b>x", "Can't find end tag corresponding to start tag b"),
    _markup("HTML", "x</b>", "Unexpected end tag at byte offset 1"),
    _markup(
        "HTML",
        "<b><i>x</b></i>",
        'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
    ),
    _markup("HTML", "a<b", "Unclosed start tag at byte offset 1"),
    _markup("HTML", "<a href=x_y>z</a>", "Unexpected end of name token at byte offset 8"),
    _markup(
        "HTML",
        "<a href>z</a>",
        'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0',
    ),
    _markup("HTML", "<span>z</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    _sent(
        "MarkdownV2",
        "MarkdownV2",
        r"*b _i_* __u__ ~s~ `c.d` ||x|| [here](https://e.com/\)) 1\.5",
        "b i u s c.d x here 1.5",
        _entity("bold", 0, 3),
        _entity("italic", 2, 1),
        _entity("underline", 4, 1),
        _entity("strikethrough", 6, 1),
        _entity("code", 8, 3),
        _entity("spoiler", 12, 1),
        _entity("text_link", 14, 4, url="https://e.com/)"),
    ),
    _sent(
        "MarkdownV2 code",
        "MarkdownV2",
        "```python\nx = 1\n```",
        "x = 1\n",
        _entity("pre", 0, 6, language="python"),
    ),
    _sent(
        "a MarkdownV2 quotation",
        "MarkdownV2",
        ">one\n>two\nthree",
        "one\ntwo\nthree",
        _entity("blockquote", 0, 8),
    ),
    _markup("MarkdownV2", "1.5", _reserved(".")),
    _markup("MarkdownV2", "a-b", _reserved("-")),
    _markup("MarkdownV2", "a | b", _reserved("|")),
    _markup("MarkdownV2", "so *bold", "Can't find end of Bold entity at byte offset 3"),
    _markup("MarkdownV2", "_x", "Can't find end of Italic entity at byte offset 0"),
    _markup("MarkdownV2", "[a](b.c", "Can't find end of a URL at byte offset 4"),
)
