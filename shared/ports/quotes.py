"""Quotes: `quotes/{contract_key}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.options import ContractKey
from shared.domain.quotes import Quote


class QuoteReader(Protocol):
    """Quotes, for functions and jobs."""

    def read(self, keys: Sequence[ContractKey]) -> dict[ContractKey, Quote]:
        """Read the last quotes of these contracts; those without one are left out."""


class QuoteWriter(Protocol):
    """Quotes, for the gateway."""

    async def write(self, quotes: Sequence[Quote]) -> None:
        """Write quotes (replacing), one commit."""


class QuoteBook(QuoteWriter, Protocol):
    """Quotes, for the gateway where it also looks back."""

    async def read(self, keys: Sequence[ContractKey]) -> dict[ContractKey, Quote]:
        """Read the last quotes of these contracts; those without one are left out."""
