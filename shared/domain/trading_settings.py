"""Every number of the trade that an admin may change, with its default."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from shared.domain.ladder import LadderRules


class SheetPreset(StrEnum):
    """Which header names the leader sheet uses."""

    CANONICAL = "canonical"
    ITALIAN = "italian"


@dataclass(frozen=True, kw_only=True, slots=True)
class TradingSettings:
    """Settings of `settings/trading`.

    Attributes:
        ticker: The one underlying that is traded.
        sheet_preset: Header names of the leader sheet.
        max_qty_per_leg: A larger quantity in the sheet is refused as absurd.
        max_width: A wider spread is refused, USD per share.
        book_max_quantity: Most spreads in one follower's order.
        fee_per_leg: Broker fee assumed in sizing, USD per contract and leg.
        margin_buffer_ratio: Share of equity that must stay free after an opening.
        release_delay_seconds: Market seconds from the open to the release.
        entry_cutoff: New York time after which nothing opens.
        poll_until: New York time until which the sheet is polled.
        verified_after: New York time before which a verification is too old to release.
        quote_max_age_seconds: Oldest usable quote, market seconds.
        mark_stale_seconds: A mark flags older quotes as stale, market seconds.
        end_of_day_minutes: From so many minutes before the close, spreads that expire and are
            near the money are closed.
        end_of_day_alarm_minutes: Still open so many minutes before the close is an alert.
        near_money_ratio: Share of the short strike that counts as near the money.
        ladder: The limit ladder.
    """

    ticker: str = "QQQ"
    sheet_preset: SheetPreset = SheetPreset.CANONICAL
    max_qty_per_leg: int = 500
    max_width: Decimal = Decimal(50)
    book_max_quantity: int = 500
    fee_per_leg: Decimal = Decimal("0.65")
    margin_buffer_ratio: Decimal = Decimal("0.05")
    release_delay_seconds: int = 2
    entry_cutoff: str = "10:00"
    poll_until: str = "09:40"
    verified_after: str = "09:28:50"
    quote_max_age_seconds: int = 2
    mark_stale_seconds: int = 90
    end_of_day_minutes: int = 30
    end_of_day_alarm_minutes: int = 15
    near_money_ratio: Decimal = Decimal("0.005")
    ladder: LadderRules = field(default_factory=LadderRules)
