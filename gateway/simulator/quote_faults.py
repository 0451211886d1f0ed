"""Faults of quotes: ticks that stop, and prices that are none."""

from collections.abc import Callable
from decimal import Decimal

from gateway.simulator import messages
from gateway.simulator.fault_messages import TICKS, kind_of
from gateway.simulator.faults import ArmedFault
from gateway.simulator.frames import UNSET_DOUBLE, Field

Row = list[Field]
Active = Callable[[str], ArmedFault | None]

REFUSED_QUOTES = {
    "354-on-quotes": (
        354,
        "Requested market data is not subscribed. Delayed market data is not available.",
    ),
    "10197-on-quotes": (10197, "No market data during competing live session"),
}
DELAYED_QUOTES = "10167-on-quotes"
DELAYED_CODE = 10167
DELAYED_TEXT = "Requested market data is not subscribed. Displaying delayed market data."
DELAYED_TYPE, LIVE_TYPE = 3, 1
STOPPED_QUOTES = ("quotes-stop", "2103-data-farm-broken", *REFUSED_QUOTES)
# What stands in the price field; None leaves the size as it is.
_PRICES: dict[str, tuple[Field, Field]] = {
    "quote-minus-one": ("-1.0", None),
    "quote-no-data": ("-1.0", 0),
    "quote-nan": ("NaN", None),
    "quote-unset": (UNSET_DOUBLE, None),
}
_CROSSED, _CROSSED_BY = "quote-crossed", Decimal(5)
SPOILED_PRICES = (*_PRICES, _CROSSED)
_SECURITY_TYPES = {"combo": "BAG", "leg": "OPT", "underlying": "STK"}
_SIDES = {
    messages.BID: "bid",
    messages.BID_SIZE: "bid",
    messages.ASK: "ask",
    messages.ASK_SIZE: "ask",
}


def is_of(fault: ArmedFault, security_type: str) -> bool:
    """Tell whether a fault of quotes concerns contracts of this type."""
    if "of" not in fault.values:
        return True
    wanted = fault.text("of")
    return wanted == "any" or _SECURITY_TYPES[wanted] == security_type


def spoil(row: Row, quoted: dict[int, str], active: Active) -> Row | None:
    """Return what is sent of a tick or of a data type, if anything is.

    ``quoted`` tells of what type of contract a request is.
    """
    kind = kind_of(row)
    security_type = _quoted_type(row, kind, quoted)
    if kind in TICKS and any(_meets(active(name), security_type) for name in STOPPED_QUOTES):
        return None
    if kind == "marketDataType" and _meets(active(DELAYED_QUOTES), security_type):
        return [*row[:3], DELAYED_TYPE]
    if kind in {"tickPrice", "tickSize"}:
        return _priced(row, kind, security_type, active)
    return row


def refusal(security_type: str, active: Active) -> tuple[int, str] | None:
    """Return code and text with which a new request for quotes is refused, if it is."""
    for name, answer in REFUSED_QUOTES.items():
        if _meets(active(name), security_type):
            return answer
    return None


def _priced(row: Row, kind: str, security_type: str, active: Active) -> Row:
    side = _SIDES.get(row[3]) if isinstance(row[3], int) else None
    crossed = active(_CROSSED)
    if kind == "tickPrice" and side == "bid" and _meets(crossed, security_type):
        return [*row[:4], Decimal(str(row[4])) + _CROSSED_BY, *row[5:]]
    for name, (price, size) in _PRICES.items():
        fault = active(name)
        if fault is None or side is None or not is_of(fault, security_type):
            continue
        if fault.text("side") not in {side, "both"}:
            continue
        if kind == "tickSize":
            return row if size is None else [*row[:4], size]
        return [*row[:4], price, row[5] if size is None else size, *row[6:]]
    return row


def _meets(fault: ArmedFault | None, security_type: str) -> bool:
    return fault is not None and is_of(fault, security_type)


def _quoted_type(row: Row, kind: str, quoted: dict[int, str]) -> str:
    # The option computation has no version field, so its request id comes one place earlier.
    request_id = row[1] if kind == "tickOptionComputation" else row[2]
    return quoted.get(request_id, "") if isinstance(request_id, int) else ""
