"""The sandbox's word for work in progress: market time stands still while anything is held."""

from __future__ import annotations

from typing import Protocol


class Holds(Protocol):
    """Counts work in progress; called from the event loop's thread, cheap."""

    def hold(self) -> None:
        """Count one more piece of work."""

    def release(self) -> None:
        """Count one piece of work less."""


class HoldCount:
    """Holds that are only counted: for stand-ins that run without held market time.

    Attributes:
        now: Pieces of work in progress; below zero is a bug of whoever released.
        total: Pieces of work ever begun.
    """

    def __init__(self) -> None:
        self.now = 0
        self.total = 0

    def hold(self) -> None:
        """Count one more piece of work."""
        self.now += 1
        self.total += 1

    def release(self) -> None:
        """Count one piece of work less."""
        self.now -= 1
