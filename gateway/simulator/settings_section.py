"""One JSON object of the configuration file, read key by key."""

from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from gateway.simulator.config import ConfigError, Json

_Choice = TypeVar("_Choice", bound=StrEnum)


class Section:
    """One JSON object of the file; every getter names the key in its error."""

    def __init__(self, document: Json, place: str) -> None:
        if not isinstance(document, dict):
            raise ConfigError(f"{place or 'the file'} must be a JSON object")
        self._document = document
        self._place = place
        self._unread = set(document)

    def has(self, key: str) -> bool:
        """Tell whether a key is given."""
        return key in self._document

    def done(self) -> None:
        """Refuse keys that nobody read."""
        if self._unread:
            raise ConfigError(f"unknown key {self._name(min(self._unread))}; remove it")

    def text(self, key: str, default: str | None = None) -> str:
        """Return text."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise ConfigError(f"{self._name(key)} must be text")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """Return a whole number."""
        value = self._get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ConfigError(f"{self._name(key)} must be a whole number")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false if absent."""
        value = self._get(key, False)
        if not isinstance(value, bool):
            raise ConfigError(f"{self._name(key)} must be true or false")
        return value

    def money(self, key: str, default: str | None = None) -> Decimal:
        """Return a finite decimal, written as text."""
        text = self.text(key, default)
        try:
            value = Decimal(text)
        except InvalidOperation as error:
            raise ConfigError(f"{self._name(key)} must be a decimal as text: {text!r}") from error
        if not value.is_finite():
            raise ConfigError(f"{self._name(key)} must be a finite decimal: {text!r}")
        return value

    def instant(self, key: str) -> datetime:
        """Return an instant as aware UTC."""
        text = self.text(key)
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise ConfigError(f"{self._name(key)} must be ISO 8601: {text!r}") from error
        if at.tzinfo is None:
            raise ConfigError(f"{self._name(key)} needs a zone: write {text}Z")
        return at.astimezone(UTC)

    def day(self, key: str) -> date:
        """Return a date."""
        text = self.text(key)
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise ConfigError(f"{self._name(key)} must be a date: write 2026-11-23") from error

    def time_of_day(self, key: str, default: str) -> time:
        """Return a time of day."""
        text = self.text(key, default)
        try:
            return time.fromisoformat(text)
        except ValueError as error:
            raise ConfigError(f"{self._name(key)} must be a time: write 23:45") from error

    def choice(self, key: str, default: _Choice) -> _Choice:
        """Return one of a few words."""
        text = self.text(key, default)
        try:
            return type(default)(text)
        except ValueError as error:
            words = ", ".join(type(default))
            raise ConfigError(f"{self._name(key)} must be one of {words}: {text!r}") from error

    def optional_money(self, key: str) -> Decimal | None:
        """Return a finite decimal, or None for empty text."""
        return self.money(key) if self.text(key) else None

    def optional_instant(self, key: str) -> datetime | None:
        """Return an instant, or None for empty text."""
        return self.instant(key) if self.text(key) else None

    def fraction(self, key: str) -> float:
        """Return any number."""
        value = self._get(key, None)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"{self._name(key)} must be a number")
        return float(value)

    def words(self, key: str) -> list[str]:
        """Return a list of texts."""
        row = Section(_numbered(self._list(key), self._name(key)), self._name(key))
        return [row.text(number) for number in row.names()]

    def rows(self, key: str) -> list["Section"]:
        """Return a list of lists, each as an object whose keys are 0, 1, 2 ..."""
        return [
            Section(_numbered(item, f"{self._name(key)}[{n}]"), f"{self._name(key)}[{n}]")
            for n, item in enumerate(self._list(key))
        ]

    def names(self) -> list[str]:
        """Return the keys."""
        return list(self._document)

    def is_object(self, key: str) -> bool:
        """Tell whether a value is a JSON object."""
        return isinstance(self._document.get(key), dict)

    def section(self, key: str) -> "Section":
        """Return a JSON object."""
        return Section(self._get(key, None), self._name(key))

    def documents(self, key: str) -> list[Json]:
        """Return a list whose items somebody else reads; empty if absent."""
        value = self._get(key, [])
        if not isinstance(value, list):
            raise ConfigError(f"{self._name(key)} must be a list")
        return value

    def sections(self, key: str) -> list["Section"]:
        """Return a list of JSON objects."""
        items = self._list(key)
        return [Section(item, f"{self._name(key)}[{n}]") for n, item in enumerate(items)]

    def _list(self, key: str) -> list[Json]:
        value = self._get(key, None)
        if not isinstance(value, list):
            raise ConfigError(f"{self._name(key)} must be a list")
        return value

    def _get(self, key: str, default: Json) -> Json:
        self._unread.discard(key)
        value = self._document.get(key, default)
        if value is None:
            raise ConfigError(f"{self._name(key)} is missing")
        return value

    def _name(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key


def _numbered(value: Json, name: str) -> Json:
    if not isinstance(value, list):
        raise ConfigError(f"{name} must be a list")
    return {str(number): item for number, item in enumerate(value)}
