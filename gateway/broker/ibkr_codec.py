"""Between IBKR's floats and our decimals: the only place where a float stands for money.

Pure. IBKR prints "no value" as NaN, as 1.7976931348623157E308 (the largest double), and, for a
quote, as -1 with no size. None of these may ever become a price.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

from shared.domain.money import ZERO, round_to_micros
from shared.domain.options import ContractKey
from shared.domain.orders import Margin
from shared.domain.quotes import Quote
from shared.ports.broker import WhatIfRefused

_UNSET = 1e15
"""From here on a number stands for no value: no price, margin or equity comes near it, and it
could not be rounded to the micro."""

_MARGIN_FIELDS = ("initMarginBefore", "initMarginAfter", "equityWithLoanAfter")


def decimal_or_none(value: object) -> Decimal | None:
    """Turn one of IBKR's numbers into a Decimal of micros; None where it stands for no value."""
    if not isinstance(value, int | float | str) or value == "":
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if not math.isfinite(number) or abs(number) >= _UNSET:
        return None
    return round_to_micros(Decimal(str(value) if isinstance(value, str) else repr(number)))


def whole(value: float) -> int:
    """Turn IBKR's count of contracts into an int; sizes without a value are 0."""
    return int(value) if math.isfinite(value) and 0 < abs(value) < _UNSET else 0


def quote_of(
    key: ContractKey, *, bid: float, ask: float, bid_size: float, ask_size: float, at: datetime
) -> Quote:
    """Make a leg's or the underlying's quote; a side without size or below zero is no quote."""
    return Quote(
        contract_key=key,
        bid=_side(bid, bid_size),
        ask=_side(ask, ask_size),
        bid_size=whole(bid_size),
        ask_size=whole(ask_size),
        at=at,
    )


def margin_of(state: object, *, buffer_ratio: Decimal) -> Margin | WhatIfRefused:
    """Read a what-if answer.

    Args:
        state: ib_insync's OrderState, or whatever came in its place (a refused what-if gives an
            empty list).
        buffer_ratio: Share of the equity that must stay free.

    Returns:
        The margin, in the account's base currency; refused where a figure is missing, not
        finite or of the wrong sign.
    """
    read = {name: decimal_or_none(getattr(state, name, None)) for name in _MARGIN_FIELDS}
    missing = [name for name, value in read.items() if value is None]
    if missing:
        return WhatIfRefused(message=f"the what-if gave no figure for {', '.join(missing)}")
    before, after, equity = (read[name] or ZERO for name in _MARGIN_FIELDS)
    if before < 0 or after < 0:
        return WhatIfRefused(message=f"the what-if gave a negative margin: {before} to {after}")
    return Margin(
        currency=str(getattr(state, "commissionCurrency", "") or "USD"),
        initial_before=before,
        initial_after=after,
        equity_after=equity,
        buffer=round_to_micros(max(ZERO, equity) * buffer_ratio),
    )


def utc(at: datetime) -> datetime:
    """Normalize a time at the broker.

    Raises:
        ValueError: If it has no time zone; a fill's time is never guessed.
    """
    if at.tzinfo is None:
        raise ValueError(f"a time at the broker without a zone: {at.isoformat()}")
    return at.astimezone(UTC)


def good_till_text(at: datetime) -> str:
    """Write when an order ends as IBKR reads it in UTC: `yyyymmdd-hh:mm:ss` (its code 2174).

    Raises:
        ValueError: If it has no time zone.
    """
    return f"{utc(at):%Y%m%d-%H:%M:%S}"


def _side(price: float, size: float) -> Decimal | None:
    value = decimal_or_none(price)
    return value if value is not None and value >= 0 and whole(size) > 0 else None
