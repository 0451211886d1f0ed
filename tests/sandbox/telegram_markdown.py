"""Telegram's MarkdownV2: which markup the Bot API takes, and how it words what it refuses.

Rules: https://core.telegram.org/bots/api#markdownv2-style. Wording and byte offsets: the function
that parses MarkdownV2 in https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.sandbox.telegram_text import Entity, FormattedText, Unparsable, Writer

_RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
_HIGHEST_ESCAPED = 126
# Longest first: "__" is underline, "_" italic.
_DELIMITERS = {
    "```": "Pre",
    "__": "Underline",
    "||": "Spoiler",
    "![": "CustomEmoji",
    "_": "Italic",
    "*": "Bold",
    "~": "Strikethrough",
    "`": "Code",
    "[": "TextUrl",
}
_ENDS = {
    "Pre": "```",
    "Underline": "__",
    "Spoiler": "||",
    "CustomEmoji": "]",
    "Italic": "_",
    "Bold": "*",
    "Strikethrough": "~",
    "Code": "`",
    "TextUrl": "]",
}
_ENTITY_TYPES = {
    "Pre": "pre",
    "PreCode": "pre",
    "Underline": "underline",
    "Spoiler": "spoiler",
    "CustomEmoji": "custom_emoji",
    "Italic": "italic",
    "Bold": "bold",
    "Strikethrough": "strikethrough",
    "Code": "code",
    "TextUrl": "text_link",
    "BlockQuote": "blockquote",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Open:
    """An entity waiting for its end."""

    kind: str
    argument: str
    offset: int
    byte_offset: int
    begin: int


class _MarkdownV2:
    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._at = 0
        self._out = Writer()
        self._open: list[_Open] = []

    def parsed(self) -> FormattedText:
        while self._at < len(self._markup):
            self._step()
        if self._open and self._open[-1].kind == "BlockQuote":
            self._close(self._open.pop(), "")
        if self._open:
            raise _without_end(self._open[-1])
        return self._out.finished()

    def _step(self) -> None:
        character = self._markup[self._at]
        if character == "\\" and self._escaped() is not None:
            self._put(self._escaped() or "", 2)
        elif self._in_code():
            self._code_step(character)
        elif character == "\n":
            self._line_end()
        elif self._quote_begins(character):
            self._begin("BlockQuote", 1)
        elif character in _RESERVED:
            self._delimiter(character)
        else:
            self._put(character, 1)

    def _escaped(self) -> str | None:
        following = self._markup[self._at + 1 : self._at + 2]
        return following if following and 0 < ord(following) <= _HIGHEST_ESCAPED else None

    def _put(self, text: str, taken: int) -> None:
        self._out.put(text)
        self._at += taken

    def _in_code(self) -> bool:
        return bool(self._open) and self._open[-1].kind in ("Code", "Pre", "PreCode")

    def _code_step(self, character: str) -> None:
        end = "`" if self._open[-1].kind == "Code" else "```"
        if self._markup.startswith(end, self._at):
            self._at += len(end)
            self._close(self._open.pop(), "")
        elif character == "`":
            raise self._reserved(character)
        else:
            self._put(character, 1)

    def _line_end(self) -> None:
        quoted = any(entity.kind == "BlockQuote" for entity in self._open)
        goes_on = self._markup.startswith("\n>", self._at)
        if quoted and not goes_on:
            if self._open[-1].kind != "BlockQuote":
                raise _without_end(self._open[-1])
            self._put("\n", 1)
            self._close(self._open.pop(), "")
            return
        self._put("\n", 1)
        if quoted:
            self._at += 1

    def _quote_begins(self, character: str) -> bool:
        at_line_start = self._at == 0 or self._markup[self._at - 1] == "\n"
        return character == ">" and at_line_start

    def _delimiter(self, character: str) -> None:
        if self._open and self._ends(self._open[-1].kind):
            opened = self._open.pop()
            self._at += len(_ENDS[opened.kind])
            url = self._url() if opened.kind in ("TextUrl", "CustomEmoji") else ""
            self._close(opened, url)
            return
        for delimiter, kind in _DELIMITERS.items():
            if self._markup.startswith(delimiter, self._at):
                self._begin(kind, len(delimiter))
                return
        raise self._reserved(character)

    def _ends(self, kind: str) -> bool:
        end = _ENDS.get(kind)
        if end is None or not self._markup.startswith(end, self._at):
            return False
        return kind != "Italic" or not self._markup.startswith("__", self._at)

    def _begin(self, kind: str, taken: int) -> None:
        byte_offset = len(self._markup[: self._at].encode())
        self._at += taken
        argument = ""
        if kind == "Pre":
            argument = self._language()
            kind = "PreCode" if argument else "Pre"
        self._open.append(
            _Open(
                kind=kind,
                argument=argument,
                offset=self._out.utf16_length,
                byte_offset=byte_offset,
                begin=self._out.position,
            )
        )

    def _language(self) -> str:
        end = self._at
        while end < len(self._markup) and not (
            self._markup[end].isspace() or self._markup[end] == "`"
        ):
            end += 1
        language = ""
        if self._at < end < len(self._markup) and self._markup[end] != "`":
            language = self._markup[self._at : end]
            self._at = end
        if self._markup.startswith("\n", self._at):
            self._at += 1
        return language

    def _url(self) -> str:
        if not self._markup.startswith("(", self._at):
            return ""
        self._at += 1
        begin = len(self._markup[: self._at].encode())
        url = ""
        while self._at < len(self._markup) and self._markup[self._at] != ")":
            escaped = self._escaped() if self._markup[self._at] == "\\" else None
            url += escaped or self._markup[self._at]
            self._at += 2 if escaped else 1
        if self._at == len(self._markup):
            raise Unparsable(f"Can't find end of a URL at byte offset {begin}")
        self._at += 1
        return url

    def _close(self, opened: _Open, url: str) -> None:
        length = self._out.utf16_length - opened.offset
        if opened.kind == "CustomEmoji" and not url.startswith("tg://emoji"):
            raise Unparsable("Custom emoji entity must contain a tg://emoji URL")
        if opened.kind == "TextUrl":
            url = url or self._out.since(opened.begin)
            if "." not in url and ":" not in url:
                return
        if length:
            self._out.mark(
                Entity(
                    type=_ENTITY_TYPES[opened.kind],
                    offset=opened.offset,
                    length=length,
                    url=url if opened.kind == "TextUrl" else "",
                    language=opened.argument,
                )
            )

    def _reserved(self, character: str) -> Unparsable:
        return Unparsable(
            f"Character '{character}' is reserved and must be escaped with the preceding '\\'"
        )


def _without_end(opened: _Open) -> Unparsable:
    return Unparsable(f"Can't find end of {opened.kind} entity at byte offset {opened.byte_offset}")


def parse_markdown_v2(markup: str) -> FormattedText:
    """Parses MarkdownV2.

    Raises:
        Unparsable: With Telegram's wording.
    """
    return _MarkdownV2(markup).parsed()
