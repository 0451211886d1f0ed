"""Who collects commissions, and when: `settings/billing`."""

from __future__ import annotations

from typing import Protocol

from shared.domain.creditor import CreditorSettings


class Billing(Protocol):
    """Settings of billing, for functions and jobs."""

    def creditor(self) -> CreditorSettings:
        """Read `settings/billing`; what is missing there has its default."""
