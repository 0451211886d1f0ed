"""Every number of the trade that an admin may change, with its default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from shared.domain.errors import InvalidInput
from shared.domain.ladder import LadderRules
from shared.domain.sessions import at_new_york
from shared.domain.time_value import TimeValueRules

_ANY_DATE = "2026-01-02"


class SheetPreset(StrEnum):
    """Which header names the leader sheet uses."""

    CANONICAL = "canonical"
    ITALIAN = "italian"


class TimeInForce(StrEnum):
    """How long the broker itself keeps an opening order."""

    DAY = "DAY"
    GTD = "GTD"
    """Until the entry cut-off; to be used once paper trading has confirmed it on combos."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TradingSettings:
    """Settings of `settings/trading`.

    Attributes:
        ticker: The one underlying that is traded.
        sheet_preset: Header names of the leader sheet.
        max_qty_per_leg: A larger quantity in the sheet is refused as absurd.
        max_width: A wider spread is refused, USD per share.
        book_max_quantity: Most spreads in one follower's order.
        book_max_contracts: Most spreads in all orders of a signal together; None for no cap.
        fee_per_leg: Broker fee assumed in sizing, USD per contract and leg.
        margin_buffer_ratio: Share of equity that must stay free after an opening.
        release_delay_seconds: Market seconds from the open to the release.
        entry_cutoff: New York time after which nothing opens.
        opening_time_in_force: When the broker itself ends an opening order.
        late_credit_ratio: Least share of the others' median credit for which an order is still
            opened whose login comes after they were filled.
        poll_until: New York time until which the sheet is polled.
        verified_after: New York time before which a verification is too old to release.
        quote_max_age_seconds: Oldest usable quote, market seconds.
        mark_stale_seconds: A mark flags older quotes as stale, market seconds.
        end_of_day_minutes: From so many minutes before the close, spreads that expire and are
            near the money are closed.
        end_of_day_alarm_minutes: Still open so many minutes before the close is an alert.
        near_money_ratio: Share of the short strike that counts as near the money.
        flatten_alarm_minutes: Not flat so many minutes after the kill switch said flatten is an
            alert.
        time_value: When the time value of a short option is a risk.
        ladder: The limit ladder.
    """

    ticker: str = "QQQ"
    sheet_preset: SheetPreset = SheetPreset.CANONICAL
    max_qty_per_leg: int = 500
    max_width: Decimal = Decimal(50)
    book_max_quantity: int = 500
    book_max_contracts: int | None = None
    fee_per_leg: Decimal = Decimal("0.65")
    margin_buffer_ratio: Decimal = Decimal("0.05")
    release_delay_seconds: int = 2
    entry_cutoff: str = "10:00"
    opening_time_in_force: TimeInForce = TimeInForce.DAY
    late_credit_ratio: Decimal = Decimal("0.90")
    poll_until: str = "09:40"
    verified_after: str = "09:28:50"
    quote_max_age_seconds: int = 2
    mark_stale_seconds: int = 90
    end_of_day_minutes: int = 30
    end_of_day_alarm_minutes: int = 15
    near_money_ratio: Decimal = Decimal("0.005")
    flatten_alarm_minutes: int = 5
    time_value: TimeValueRules = field(default_factory=TimeValueRules)
    ladder: LadderRules = field(default_factory=LadderRules)


def in_range(settings: TradingSettings) -> TradingSettings:
    """Pass settings on that one can trade by.

    Raises:
        InvalidInput: Naming the first setting that is out of range.
    """
    for name, is_good, words in _ranges(settings):
        if not is_good:
            raise InvalidInput(name, words)
    for name in ("entry_cutoff", "poll_until", "verified_after"):
        _require_wall_time(name, getattr(settings, name))
    return settings


def _ranges(settings: TradingSettings) -> Iterator[tuple[str, bool, str]]:
    """Every setting with a range: its name, whether it is kept, and what it is."""
    ladder, time_value = settings.ladder, settings.time_value
    for name in ("max_qty_per_leg", "quote_max_age_seconds", "mark_stale_seconds"):
        yield name, getattr(settings, name) >= 1, "is at least 1"
    for name in ("end_of_day_minutes", "end_of_day_alarm_minutes", "flatten_alarm_minutes"):
        yield name, getattr(settings, name) >= 1, "is at least 1"
    for name in ("book_max_quantity", "release_delay_seconds", "fee_per_leg", "near_money_ratio"):
        yield name, getattr(settings, name) >= 0, "is not negative"
    yield "margin_buffer_ratio", 0 <= settings.margin_buffer_ratio < 1, "is from 0 to below 1"
    yield "max_width", settings.max_width > 0, "is positive"
    yield "ladder.tick", ladder.tick > 0, "is positive"
    yield "ladder.step", ladder.step > 0, "is positive"
    yield "ladder.ceiling", ladder.ceiling < 0, "is a credit, and so negative"
    yield "ladder.rungs", ladder.rungs >= 1, "is at least 1"
    yield "ladder.interval_seconds", ladder.interval_seconds >= 1, "is at least 1"
    is_rising = time_value.critical_below <= time_value.safe_above <= time_value.safe_again_above
    yield "time_value", is_rising, "has critical_below <= safe_above <= safe_again_above"


def _require_wall_time(name: str, text: str) -> None:
    try:
        at_new_york(_ANY_DATE, text)
    except InvalidInput as error:
        raise InvalidInput(name, f"{text!r} is no New York time; write HH:MM") from error
