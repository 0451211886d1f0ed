"""Rendering: turns the figures of a follower's month into a file that he opens."""

from __future__ import annotations

from typing import Protocol

from shared.domain.brand import BrandSettings
from shared.domain.monthly_report import MonthlyReport


class MonthlyReportRenderer(Protocol):
    """Renders a monthly report in one format; the same figures give the same bytes."""

    @property
    def extension(self) -> str:
        """File name extension, without the dot."""

    @property
    def content_type(self) -> str:
        """Media type of what it renders."""

    def render(
        self,
        report: MonthlyReport,
        *,
        figures_sha256: str,
        brand: BrandSettings,
        logo: bytes | None,
    ) -> bytes:
        """Render the report; the hash of its figures is printed on it.

        Args:
            report: The figures.
            figures_sha256: Their hash, hex.
            brand: How it looks.
            logo: A PNG or JPEG; None for none.

        Raises:
            InvalidInput: The logo is no picture that can be printed.
        """
