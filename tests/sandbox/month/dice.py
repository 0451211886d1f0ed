"""Dice that fall the same way for the same seed, on every machine and Python."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws from the hashes of a seed and a count.

    Args:
        seed: Any text.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def between(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both possible."""
        self._count += 1
        digest = hashlib.sha256(f"{self._seed} {self._count}".encode()).digest()
        return least + int.from_bytes(digest[:8], "big") % (most - least + 1)

    def choose(self, of: Sequence[T]) -> T:
        """One of these."""
        return of[self.between(0, len(of) - 1)]

    def falls(self) -> bool:
        """Heads or tails."""
        return self.between(0, 1) == 1
