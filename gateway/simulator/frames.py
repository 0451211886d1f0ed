"""Frames and fields of the TWS wire protocol.

A frame is a 4-byte big-endian length and that many bytes of UTF-8 text, in which every field ends
with NUL. The first bytes of a connection are the raw text ``API`` and NUL, before any frame.
Source: the layouts that ``ib_insync`` 0.9.86 and ``ib_async`` 2.1.0 write and read.
"""

import struct
from collections.abc import Iterable
from decimal import Decimal

Field = str | int | float | Decimal | bool | None

GREETING = b"API\0"
MAX_FRAME_BYTES = 0xFFFFFF
# How the Java side prints "no value" for a double and for an int.
UNSET_DOUBLE = "1.7976931348623157E308"
UNSET_INTEGER = "2147483647"
_LARGEST_PRICE = Decimal("1e300")


class FrameError(ValueError):
    """The peer sent bytes that are not TWS frames."""


def txt(value: Field) -> str:
    """Return a field as the Gateway prints it: booleans as 1 and 0, nothing as empty text."""
    # Most fields are plain text or integers; this runs for every field of every message.
    kind = type(value)
    if kind is str or kind is int:
        return str(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def encode(fields: Iterable[Field]) -> bytes:
    """Return one frame holding the fields."""
    body = ("\0".join([txt(field) for field in fields]) + "\0").encode()
    return struct.pack(">I", len(body)) + body


class FrameBuffer:
    """Cuts the bytes of one connection into frames, however the network split them."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._greeted = False

    def feed(self, data: bytes) -> list[str]:
        """Add received bytes and return the text of each frame now complete.

        Raises:
            FrameError: The peer did not greet, or announces a frame above 16 MB.
        """
        self._data += data
        if not self._greeted and not self._greet():
            return []
        complete: list[str] = []
        while (text := self._cut()) is not None:
            complete.append(text)
        return complete

    def _greet(self) -> bool:
        if len(self._data) < len(GREETING):
            return False
        if not self._data.startswith(GREETING):
            raise FrameError("the connection does not begin with the API greeting")
        del self._data[: len(GREETING)]
        self._greeted = True
        return True

    def _cut(self) -> str | None:
        if len(self._data) < 4:
            return None
        length = int.from_bytes(self._data[:4], "big")
        if length > MAX_FRAME_BYTES:
            raise FrameError(f"a frame of {length} bytes is above {MAX_FRAME_BYTES}")
        if len(self._data) < 4 + length:
            return None
        text = self._data[4 : 4 + length].decode(errors="backslashreplace")
        del self._data[: 4 + length]
        return text


class FieldReader:
    """Reads the fields of one client message in order.

    Every method raises IndexError past the last field and ValueError on text of the wrong kind.
    """

    def __init__(self, fields: list[str]) -> None:
        self._fields = fields
        self._next = 0

    def text(self) -> str:
        """Return the next field as it is."""
        value = self._fields[self._next]
        self._next += 1
        return value

    def whole(self) -> int:
        """Return the next field as an integer; empty is 0."""
        text = self.text()
        return int(text) if text.lstrip("-").isdigit() else int(float(text or 0))

    def number(self) -> Decimal | None:
        """Return the next field as an exact decimal; empty and Java's unset double are None."""
        text = self.text()
        if not text:
            return None
        try:
            value = Decimal(text)
        except ArithmeticError as error:
            raise ValueError(f"{text!r} is not a number") from error
        return value if value.is_finite() and abs(value) < _LARGEST_PRICE else None

    def flag(self) -> bool:
        """Return the next field as a boolean."""
        return self.text() in {"1", "true", "True"}

    def skip(self, count: int) -> None:
        """Pass over fields that the simulator does not use."""
        self._next += count
