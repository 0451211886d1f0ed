"""Settings that admins may change: `settings/trading`, `settings/alerts`; `controls/trading`."""

from __future__ import annotations

from typing import Protocol

from shared.domain.alert_routing import AlertRecipients
from shared.domain.brand import BrandSettings
from shared.domain.controls import TradingMode
from shared.domain.trading_settings import TradingSettings


class SettingsBook(Protocol):
    """Settings, for functions and jobs."""

    def trading(self) -> TradingSettings:
        """Read `settings/trading`; what is missing there has its default."""

    def alert_recipients(self) -> AlertRecipients:
        """Read `settings/alerts`; nobody where the document is missing."""

    def brand(self) -> BrandSettings:
        """Read `settings/brand`; what is missing there has its default."""


class RecipientsReader(Protocol):
    """Who is told of alerts, for the gateway."""

    async def alert_recipients(self) -> AlertRecipients:
        """Read `settings/alerts`; nobody where the document is missing."""


class ControlsReader(Protocol):
    """Settings and kill switch, for the gateway."""

    async def trading(self) -> TradingSettings:
        """Read `settings/trading`; what is missing there has its default."""

    async def mode(self) -> TradingMode:
        """Read `controls/trading` field `mode`.

        Raises:
            InvalidInput: If it is missing, or says nothing we know: trading is halted then.
        """
