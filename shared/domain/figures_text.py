"""Figures as people read them: in reports, mails and messages.

Rounding to the cent happens here for the eye alone; what is added up is added up before.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from shared.domain.money import ZERO, round_to_cents
from shared.domain.sessions import NEW_YORK

MINUS = "\u2212"
"""The typographic minus: as wide as a plus, unlike the hyphen."""

NOTHING = "\u2013"
"""Stands in a table where there is no figure."""

_TEN_THOUSANDTH = Decimal("0.0001")


def dollars(amount: Decimal) -> str:
    """Write USD to the cent, half up: $1,234.50, and the minus before the sign."""
    cents = round_to_cents(amount)
    sign = MINUS if cents < ZERO else ""
    return f"{sign}${abs(cents):,.2f}"


def plain_amount(amount: Decimal) -> str:
    """Write USD to the cent without the sign of the currency, for columns that name it."""
    return dollars(amount).replace("$", "")


def signed_dollars(amount: Decimal) -> str:
    """Write a result in USD with its sign: +$12.00, and $0.00 without one."""
    text = dollars(amount)
    return f"+{text}" if round_to_cents(amount) > ZERO else text


def net_price(price: Decimal | None) -> str:
    """Write a signed net price, USD per share, credit negative: two to four places, half up."""
    if price is None:
        return NOTHING
    text = f"{abs(price).quantize(_TEN_THOUSANDTH, rounding=ROUND_HALF_UP):f}"
    trimmed = text[:-2] + text[-2:].rstrip("0")
    is_negative = price < ZERO and trimmed.strip("0.") != ""
    return (MINUS if is_negative else "") + trimmed


def ratio_percent(ratio: Decimal) -> str:
    """Write a ratio as a percentage without needless zeros: 20%, 12.5%."""
    text = f"{ratio * 100:.2f}".rstrip("0").rstrip(".")
    return f"{text}%"


def long_date(session_date: str) -> str:
    """Write an ISO date as "Friday, November 27, 2026"."""
    day = date.fromisoformat(session_date)
    return f"{day:%A, %B} {day.day}, {day.year}"


def new_york_clock(at: datetime, *, seconds: bool = False) -> str:
    """Write the New York time of an instant, 24 hours, without the zone's name."""
    return f"{at.astimezone(NEW_YORK):{'%H:%M:%S' if seconds else '%H:%M'}}"


def new_york_stamp(at: datetime) -> str:
    """Write date and New York time of an instant: 2026-11-27 16:30:00 New York."""
    return f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S} New York"


def in_words(code: str) -> str:
    """Write a code of ours as words: LIMIT_REACHED and partially_filled become plain English."""
    return code.replace("_", " ").capitalize()


def counted(number: int, noun: str) -> str:
    """Write a count with its noun: 1 follower, 2 followers."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
