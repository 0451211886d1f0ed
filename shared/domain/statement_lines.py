"""A commission statement in lines, from the gross profit to what is due, for every kind of file.

How far a statement has come after its issue (sent, paid) is not told: a report's file is named by
the hash of its figures, and a payment changes no figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import assert_never

from shared.domain.figures_text import MINUS, dollars, ratio_percent
from shared.domain.fx import FxRate, RateSource
from shared.domain.money import ZERO
from shared.domain.months import month_name
from shared.domain.sessions import NEW_YORK
from shared.domain.statements import Adjustment, HeldReason, Statement
from shared.domain.terms import BillingCurrency
from shared.domain.waterfall import Waterfall


class LineKind(StrEnum):
    """What a line is in the calculation."""

    START = "start"
    """What the calculation starts from."""
    STEP = "step"
    """Added to what is above it; negative where it takes away."""
    SUM = "sum"
    """What is there so far."""
    RATE = "rate"
    """A ratio that what is above is multiplied by; no amount."""
    RESULT = "result"
    """What the statement comes to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementLine:
    """One line.

    Attributes:
        label: In words.
        kind: What it is in the calculation.
        currency: Of the amount.
        amount: Signed; None where it is not known, or for a rate.
        ratio: Of a rate line, 0 to 1.
        detail: A word more; may be empty.
    """

    label: str
    kind: LineKind
    currency: str = "USD"
    amount: Decimal | None = None
    ratio: Decimal | None = None
    detail: str = ""


def statement_lines(statement: Statement) -> tuple[StatementLine, ...]:
    """Lay a statement out; empty where there are neither terms nor adjustments."""
    adjustments = [_adjustment_line(one) for one in statement.adjustments]
    if statement.waterfall is None:
        return tuple(adjustments)
    lines = [*_waterfall_lines(statement.waterfall), *_in_euro(statement), *adjustments]
    lines.append(
        StatementLine(
            label="Due",
            kind=LineKind.RESULT,
            currency=statement.currency,
            amount=statement.due,
        )
    )
    if statement.credit > ZERO:
        lines.append(
            StatementLine(
                label="Credit for the next statement",
                kind=LineKind.SUM,
                currency=statement.currency,
                amount=statement.credit,
            )
        )
    return tuple(lines)


def statement_standing(statement: Statement) -> str:
    """Say whether the statement is issued, and if not, why."""
    if statement.number and statement.issued_at is not None:
        issued_on = statement.issued_at.astimezone(NEW_YORK).date()
        return f"Statement {statement.number}, issued {issued_on.isoformat()}"
    if statement.held_reason is not None:
        return f"Held: {_held_words(statement.held_reason)}"
    return "Not issued yet: the figures may change until the month is final."


def rate_words(fx: FxRate) -> str:
    """Say at which rate an amount in USD became one in EUR."""
    source = "ECB reference rate" if fx.source is RateSource.ECB else "rate entered by two persons"
    return f"1 EUR = {fx.usd_per_eur_ratio:f} USD, {source}, {fx.rate_date}"


def amount_in(amount: Decimal, currency: BillingCurrency) -> str:
    """Write an amount of a statement with the sign of its currency: $12.00, \N{EURO SIGN}12.00."""
    text = dollars(amount)
    return text if currency is BillingCurrency.USD else text.replace("$", "\N{EURO SIGN}")


def decimal_text(value: Decimal, places: int = 2) -> str:
    """Write a plain number, half up, with the typographic minus: 1.85, -0.30."""
    rounded = abs(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{rounded:,f}"
    is_negative = value < ZERO and text.strip("0.,") != ""
    return (MINUS if is_negative else "") + text


def short_date(iso_date: str) -> str:
    """Write an ISO date as "Mon, Nov 2"."""
    day = date.fromisoformat(iso_date)
    return f"{day:%a, %b} {day.day}"


def _waterfall_lines(waterfall: Waterfall) -> list[StatementLine]:
    return [
        StatementLine(label="Gross realized profit", kind=LineKind.START, amount=waterfall.gross),
        StatementLine(label="Broker fees", kind=LineKind.STEP, amount=ZERO - waterfall.fees),
        StatementLine(label="Net of fees", kind=LineKind.SUM, amount=waterfall.net),
        StatementLine(
            label="Carried forward from earlier months",
            kind=LineKind.STEP,
            amount=waterfall.carried_forward,
        ),
        StatementLine(label="Commission base", kind=LineKind.SUM, amount=waterfall.base),
        StatementLine(label="Rate", kind=LineKind.RATE, ratio=waterfall.rate_ratio),
        StatementLine(
            label="Commission",
            kind=LineKind.SUM,
            amount=waterfall.commission,
            detail=f"{ratio_percent(waterfall.rate_ratio)} of the base, to the cent",
        ),
    ]


def _in_euro(statement: Statement) -> list[StatementLine]:
    if statement.currency is BillingCurrency.USD:
        return []
    return [
        StatementLine(
            label="Commission in EUR",
            kind=LineKind.SUM,
            currency=statement.currency,
            amount=statement.commission_billed,
            detail=rate_words(statement.fx) if statement.fx else "the rate is not known yet",
        )
    ]


def _adjustment_line(adjustment: Adjustment) -> StatementLine:
    return StatementLine(
        label=f"Adjustment for {month_name(adjustment.month)}",
        kind=LineKind.STEP,
        currency=adjustment.currency,
        amount=adjustment.amount,
        detail=f"{adjustment.noted_on}: {adjustment.reason}",
    )


def _held_words(reason: HeldReason) -> str:
    match reason:
        case HeldReason.NO_TERMS:
            return "no terms are agreed for this month yet."
        case HeldReason.NO_FX_RATE:
            return "the exchange rate of the month's end is not known yet."
        case HeldReason.EARLIER_MONTH_NOT_FINAL:
            return "an earlier month is not final yet."
        case _:
            assert_never(reason)
