"""Text with entities, as the Bot API gives it back. Offsets and lengths are UTF-16 code units.

https://core.telegram.org/bots/api#messageentity
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.sandbox.control import Json


class Unparsable(Exception):
    """Markup Telegram refuses; the message is Telegram's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """One marked piece of text."""

    type: str
    offset: int
    length: int
    url: str = ""
    language: str = ""

    def as_json(self) -> Json:
        """A MessageEntity."""
        entity: dict[str, Json] = {
            "type": self.type,
            "offset": self.offset,
            "length": self.length,
        }
        if self.url:
            entity["url"] = self.url
        if self.language and self.type == "pre":
            entity["language"] = self.language
        return entity


@dataclass(frozen=True, kw_only=True, slots=True)
class FormattedText:
    """Text without markup, and what was marked in it."""

    text: str
    entities: tuple[Entity, ...]


class Writer:
    """Collects text and entities."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._entities: list[Entity] = []
        self.utf16_length = 0

    @property
    def position(self) -> int:
        """How many pieces there are, for `since`."""
        return len(self._pieces)

    def put(self, piece: str) -> None:
        """Appends text."""
        self._pieces.append(piece)
        self.utf16_length += utf16_length(piece)

    def since(self, position: int) -> str:
        """The text appended since `position`."""
        return "".join(self._pieces[position:])

    def mark(self, entity: Entity) -> None:
        """Adds an entity."""
        self._entities.append(entity)

    def finished(self) -> FormattedText:
        """Everything, the entities in the order of the text, outer before inner."""
        ordered = sorted(self._entities, key=lambda entity: (entity.offset, -entity.length))
        return FormattedText(text=self.since(0), entities=tuple(ordered))


def utf16_length(text: str) -> int:
    """How many UTF-16 code units `text` takes."""
    return len(text.encode("utf-16-le")) // 2
