"""Telegram's HTML: which markup the Bot API takes, and how it words what it refuses.

Rules: https://core.telegram.org/bots/api#html-style. Wording and byte offsets: the function that
parses HTML in https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.sandbox.telegram_text import Entity, FormattedText, Unparsable, Writer

_ENTITY_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]{1,6})|#([0-9]{1,7})|([A-Za-z]+));?")
_TAG_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE_NAME = re.compile(r"[^\s=>]*")
_NAME_TOKEN = re.compile(r"[A-Za-z0-9.\-]+")
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Open:
    """A start tag waiting for its end."""

    tag: str
    argument: str
    offset: int
    begin: int


class _Html:
    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._at = 0
        self._out = Writer()
        self._open: list[_Open] = []

    def parsed(self) -> FormattedText:
        while self._at < len(self._markup):
            character = self._markup[self._at]
            if character == "<":
                self._tag()
            elif character == "&":
                self._out.put(self._reference())
            else:
                self._out.put(character)
                self._at += 1
        if self._open:
            raise Unparsable(f"Can't find end tag corresponding to start tag {self._open[-1].tag}")
        return self._out.finished()

    def _byte(self, at: int) -> int:
        return len(self._markup[:at].encode())

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._markup, self._at)
        text = found[0] if found else ""
        self._at += len(text)
        return text

    def _reference(self) -> str:
        found = _REFERENCE.match(self._markup, self._at)
        decoded = _decoded(found) if found else ""
        # What is no known reference stands for itself.
        self._at += len(found[0]) if found and decoded else 1
        return decoded or "&"

    def _tag(self) -> None:
        begin = self._at
        self._at += 1
        if self._markup.startswith("/", self._at):
            self._at += 1
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _start_tag(self, begin: int) -> None:
        where = f"at byte offset {self._byte(begin)}"
        tag = self._match(_TAG_NAME).lower()
        if self._at == len(self._markup):
            raise Unparsable(f"Unclosed start tag {where}")
        if tag not in _ENTITY_TYPES:
            raise Unparsable(f'Unsupported start tag "{tag}" {where}')
        argument = ""
        while not self._ends_tag(where):
            name = self._match(_ATTRIBUTE_NAME)
            if not name:
                raise Unparsable(f'Empty attribute name in the tag "{tag}" {where}')
            argument = _argument(tag, name, self._value(tag, name, where)) or argument
        if tag == "span" and argument != "spoiler":
            raise Unparsable(f'Tag "span" must have class "tg-spoiler" {where}')
        self._open.append(
            _Open(
                tag=tag,
                argument=argument,
                offset=self._out.utf16_length,
                begin=self._out.position,
            )
        )

    def _ends_tag(self, where: str) -> bool:
        self._match(_SPACE)
        if self._at >= len(self._markup):
            raise Unparsable(f"Unclosed start tag {where}")
        if self._markup[self._at] != ">":
            return False
        self._at += 1
        return True

    def _value(self, tag: str, name: str, where: str) -> str:
        self._match(_SPACE)
        if not self._markup.startswith("=", self._at):
            if tag == "blockquote" and name == "expandable":
                return name
            raise Unparsable(
                f'Expected equal sign in declaration of an attribute of the tag "{tag}" {where}'
            )
        self._at += 1
        self._match(_SPACE)
        quote = self._markup[self._at : self._at + 1]
        if quote not in ("'", '"'):
            return self._name_token()
        self._at += 1
        end = self._markup.find(quote, self._at)
        if end < 0:
            raise Unparsable(f"Unclosed start tag {where}")
        literal = self._markup[self._at : end]
        self._at = end + 1
        return _REFERENCE.sub(lambda found: _decoded(found) or found[0], literal)

    def _name_token(self) -> str:
        begin = self._at
        token = self._match(_NAME_TOKEN).lower()
        following = self._markup[self._at : self._at + 1]
        if following != ">" and not following.isspace():
            raise Unparsable(f"Unexpected end of name token at byte offset {self._byte(begin)}")
        return token

    def _end_tag(self, begin: int) -> None:
        where = f"at byte offset {self._byte(begin)}"
        if not self._open:
            raise Unparsable(f"Unexpected end tag {where}")
        tag = self._match(_TAG_NAME).lower()
        self._match(_SPACE)
        if not self._markup.startswith(">", self._at):
            raise Unparsable(f"Unclosed end tag {where}")
        self._at += 1
        opened = self._open.pop()
        if tag not in ("", opened.tag):
            raise Unparsable(
                f'Unmatched end tag {where}, expected "</{opened.tag}>", found "</{tag}>"'
            )
        self._close(opened)

    def _close(self, opened: _Open) -> None:
        length = self._out.utf16_length - opened.offset
        if length == 0:
            return
        url = ""
        if opened.tag == "a":
            url = opened.argument or self._out.since(opened.begin)
            if "." not in url and ":" not in url:
                return
        language = opened.argument if opened.tag == "code" else ""
        self._out.mark(
            Entity(
                type=_ENTITY_TYPES[opened.tag],
                offset=opened.offset,
                length=length,
                url=url,
                language=language,
            )
        )


def _decoded(found: re.Match[str]) -> str:
    hexadecimal, decimal, name = found.groups()
    if name:
        return _CHARACTERS.get(name, "")
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if not 0 < code < 0x10FFFF:
        return ""
    if 0xD800 <= code <= 0xDFFF:
        raise Unparsable(
            "Text contains invalid Unicode characters after decoding HTML entities, check for "
            "unmatched surrogate code units"
        )
    return chr(code)


def _argument(tag: str, name: str, value: str) -> str:
    """The part of an attribute that matters, empty for an attribute that does not."""
    prefix = {("code", "class"): "language-", ("span", "class"): "tg-"}.get((tag, name))
    if prefix is not None:
        return value.removeprefix(prefix) if value.startswith(prefix) else ""
    return value if (tag, name) in {("a", "href"), ("tg-emoji", "emoji-id")} else ""


def parse_html(markup: str) -> FormattedText:
    """Parses HTML.

    Raises:
        Unparsable: With Telegram's wording.
    """
    return _Html(markup).parsed()
