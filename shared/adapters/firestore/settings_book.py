"""Settings and kill switch: `settings/trading`, `settings/alerts`, `controls/trading`."""

from __future__ import annotations

from shared.adapters.firestore.records import read
from shared.domain.alert_routing import AlertRecipients
from shared.domain.controls import TradingMode
from shared.domain.trading_settings import TradingSettings
from shared.ports.documents import AsyncDocuments, Documents, Snapshot

CONTROLS_PATH = "controls/trading"

_TRADING_PATH = "settings/trading"
_ALERTS_PATH = "settings/alerts"


class FirestoreSettings:
    """`SettingsBook` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def trading(self) -> TradingSettings:
        """Read the trading settings; what is missing has its default."""
        return _trading_in(self._documents.get(_TRADING_PATH))

    def alert_recipients(self) -> AlertRecipients:
        """Read who is told of alerts; nobody where the document is missing."""
        snapshot = self._documents.get(_ALERTS_PATH)
        return AlertRecipients() if snapshot is None else read(AlertRecipients, snapshot)


class AsyncFirestoreSettings:
    """`ControlsReader` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def trading(self) -> TradingSettings:
        """Read the trading settings; what is missing has its default."""
        return _trading_in(await self._documents.get(_TRADING_PATH))

    async def mode(self) -> TradingMode:
        """Read the kill switch; missing or unreadable is HALTED."""
        return mode_in(await self._documents.get(CONTROLS_PATH))


def mode_in(snapshot: Snapshot | None) -> TradingMode:
    """Read the kill switch of a snapshot of CONTROLS_PATH; anything unknown is HALTED."""
    word = None if snapshot is None else snapshot.data.get("mode")
    return next((mode for mode in TradingMode if mode.value == word), TradingMode.HALTED)


def _trading_in(snapshot: Snapshot | None) -> TradingSettings:
    return TradingSettings() if snapshot is None else read(TradingSettings, snapshot)
