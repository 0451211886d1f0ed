"""Rendering: turns the figures of a session into a file that people open."""

from __future__ import annotations

from typing import Protocol

from shared.domain.day_summary import DaySummary


class DaySummaryRenderer(Protocol):
    """Renders a daily summary in one format; the same figures give the same bytes."""

    @property
    def extension(self) -> str:
        """File name extension, without the dot."""

    @property
    def content_type(self) -> str:
        """Media type of what it renders."""

    def render(self, summary: DaySummary, *, figures_sha256: str) -> bytes:
        """Render the summary; the hash of its figures is printed on it."""
