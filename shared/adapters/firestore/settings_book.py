"""Settings and kill switch: `settings/trading`, `settings/alerts`, `controls/trading`."""

from __future__ import annotations

from shared.adapters.firestore.records import read
from shared.adapters.json_log import log_event
from shared.domain.alert_routing import AlertRecipients
from shared.domain.brand import BrandSettings
from shared.domain.controls import TradingMode
from shared.domain.errors import InvalidInput
from shared.domain.trading_settings import TradingSettings, in_range
from shared.ports.documents import AsyncDocuments, Documents, Snapshot

CONTROLS_PATH = "controls/trading"

_TRADING_PATH = "settings/trading"
_ALERTS_PATH = "settings/alerts"
_BRAND_PATH = "settings/brand"
_MODES = ", ".join(TradingMode)


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

    def brand(self) -> BrandSettings:
        """Read how reports look; what is missing has its default."""
        snapshot = self._documents.get(_BRAND_PATH)
        return BrandSettings() if snapshot is None else read(BrandSettings, snapshot)


class AsyncFirestoreSettings:
    """`ControlsReader` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents
        self._last: TradingSettings | None = None

    async def trading(self) -> TradingSettings:
        """Read the trading settings; what is missing has its default.

        Settings that turn unreadable while we run leave the last good ones in force.

        Raises:
            InvalidInput: If they cannot be read and never could.
        """
        snapshot = await self._documents.get(_TRADING_PATH)
        try:
            self._last = _trading_in(snapshot)
        except InvalidInput as error:
            if self._last is None:
                raise
            log_event("settings_invalid", severity="ERROR", why=str(error))
        return self._last

    async def alert_recipients(self) -> AlertRecipients:
        """Read who is told of alerts; nobody where the document is missing."""
        snapshot = await self._documents.get(_ALERTS_PATH)
        return AlertRecipients() if snapshot is None else read(AlertRecipients, snapshot)

    async def mode(self) -> TradingMode:
        """Read the kill switch.

        Raises:
            InvalidInput: If it is missing, or says nothing we know: trading is halted then.
        """
        snapshot = await self._documents.get(CONTROLS_PATH)
        word = None if snapshot is None else snapshot.data.get("mode")
        if mode_in(snapshot).value != word:
            raise InvalidInput(CONTROLS_PATH, f"mode is {word!r}; write one of {_MODES}")
        return mode_in(snapshot)


def mode_in(snapshot: Snapshot | None) -> TradingMode:
    """Read the kill switch of a snapshot of CONTROLS_PATH; anything unknown is HALTED."""
    word = None if snapshot is None else snapshot.data.get("mode")
    return next((mode for mode in TradingMode if mode.value == word), TradingMode.HALTED)


def _trading_in(snapshot: Snapshot | None) -> TradingSettings:
    return TradingSettings() if snapshot is None else in_range(read(TradingSettings, snapshot))
