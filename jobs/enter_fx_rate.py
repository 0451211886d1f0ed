"""enter-fx-rate: one of the two persons who look a reference rate up by hand."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.domain.errors import InvalidInput
from shared.use_cases.enter_fx_rate import EntryPorts, enter_fx_rate


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the day, the rate and the person."""
    parser.add_argument("--date", required=True, help="day of publication, YYYY-MM-DD")
    parser.add_argument("--rate", required=True, help="USD for one EUR, such as 1.0712")
    parser.add_argument("--by", required=True, help="your name")
    parser.add_argument("--reason", default="", help="why a rate outside 0.5 to 2.5 is right")


def run(given: argparse.Namespace) -> None:
    """Enter or confirm a rate.

    Raises:
        SpreadPilotError: It was refused or not written.
    """
    rate = enter_fx_rate(
        EntryPorts.of(Services()),
        rate_date=given.date,
        ratio=_decimal(given.rate),
        by=given.by,
        reason=given.reason,
    )
    log_event(
        "fx_rate_entered",
        rate_date=rate.rate_date,
        rate=f"{rate.usd_per_eur_ratio:f}",
        entered_by=rate.entered_by,
        confirmed_by=rate.confirmed_by,
        reason=given.reason,
        usable=rate.is_usable,
    )


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise InvalidInput("--rate", f"{text!r} is no number; write it like 1.0712") from error
