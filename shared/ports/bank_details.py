"""Bank details: what the registers of IBANs and BICs say of an account."""

from __future__ import annotations

from typing import Protocol

from shared.domain.payments import BankFacts


class BankDetails(Protocol):
    """Checks bank details; asks nobody, and never shows an IBAN."""

    def facts(self, *, iban: str, bic: str, holder: str) -> BankFacts:
        """Check an account as somebody wrote it down; any of the three may be empty."""
