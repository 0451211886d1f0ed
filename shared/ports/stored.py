"""A value read from the database, with the version it had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored(Generic[T]):
    """A stored value.

    Attributes:
        value: What was read.
        version: Opaque token of its last write; a conditional write names it.
    """

    value: T
    version: str
