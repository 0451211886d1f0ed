"""What IBKR's notices say of a connection: its link to IBKR, and whether its quotes are live.

Pure. Codes and their meaning: IBKR's TWS API documentation, "Message Codes". That ib_insync's
`isConnected` stays True through 1100 is read from its source.
"""

from __future__ import annotations

from datetime import datetime

from shared.domain.options import ContractKey
from shared.ports.broker import LinkBroken, LinkRestored

CLIENT_ID_TAKEN = 326
"""Another connection holds our client id; the IB Gateway closes the socket after saying so."""

SOCKET_PORT_RESET = 1300
"""The IB Gateway listens elsewhere from now on and drops this connection."""

_LINK_BROKEN = frozenset({1100, 2110})
_LINK_RESTORED = {1101: True, 1102: False}
"""Whether the subscriptions are lost, by code."""

_FARM_BROKEN, _FARM_OK = 2103, 2104
"""A market-data farm. The farms of history (2105) and of contract definitions (2157) carry no
quotes and say nothing of them."""

_NO_LIVE_DATA = frozenset({101, 354, 10089, 10167, 10168, 10197})
"""No line left, not subscribed, subscription for the API needed, delayed instead of live (also
where that is not enabled), taken by another session of the same username."""

_LIVE = 1
_TYPES = {2: "frozen", 3: "delayed", 4: "delayed and frozen"}


def link_event(code: int, message: str) -> LinkBroken | LinkRestored | None:
    """Read a notice of the link between the IB Gateway and IBKR; None for any other."""
    if code in _LINK_BROKEN:
        return LinkBroken(code=code, reason=message)
    if code in _LINK_RESTORED:
        return LinkRestored(code=code, are_subscriptions_lost=_LINK_RESTORED[code])
    return None


class DataState:
    """Whether the market data of one connection is live; unknown counts as live until told.

    Quotes grow old by themselves where nothing comes in, so only what looks alive and is not
    need be caught here.
    """

    def __init__(self) -> None:
        self._farms: dict[str, str] = {}
        self._link = ""
        self._contracts: dict[ContractKey, tuple[str, datetime]] = {}

    @property
    def why_not_live(self) -> str:
        """Why nothing may be priced by it; empty while it is live."""
        refused = [words for words, _ in self._contracts.values()]
        return next(iter([*filter(None, [self._link]), *self._farms.values(), *refused]), "")

    @property
    def not_live(self) -> frozenset[ContractKey]:
        """Contracts whose subscription is not live."""
        return frozenset(self._contracts)

    def heard(self, code: int, message: str, key: ContractKey | None, packet_at: datetime) -> None:
        """Take a notice in.

        Args:
            code: IBKR's code.
            message: IBKR's words; the farm stands after the last colon.
            key: Contract whose subscription it is about, if any.
            packet_at: When the network packet that brought it arrived.
        """
        farm = message.rpartition(":")[2].strip()
        if code in _LINK_BROKEN:
            self._link = message
        elif code in _LINK_RESTORED:
            self._link = ""
        elif code == _FARM_BROKEN:
            self._farms[farm] = message
        elif code == _FARM_OK:
            self._farms.pop(farm, None)
        elif code in _NO_LIVE_DATA and key is not None:
            self._contracts[key] = (f"{code}: {message}", packet_at)

    def ticked(self, key: ContractKey, data_type: int, packet_at: datetime) -> None:
        """Take a tick in; a live one proves its own subscription live again.

        Args:
            key: Contract.
            data_type: IBKR's market data type of its subscription: 1 is live.
            packet_at: When its packet arrived: one that came with the notice proves nothing.
        """
        known = self._contracts.get(key)
        if data_type != _LIVE:
            words = f"market data of {key} is {_TYPES.get(data_type, f'of type {data_type}')}"
            self._contracts[key] = (words, packet_at)
        elif known is not None and packet_at > known[1]:
            del self._contracts[key]

    def forget_subscriptions(self) -> None:
        """Forget what was said of subscriptions: they are gone, or made anew."""
        self._contracts.clear()
