"""Monthly reports whose figures follow from their executions, as the product computes them.

Every session opens one bull put 585/590 at 0.70 a share (sold 1.20, bought 0.50). One in four
lets it expire; the others buy it back at the prices below. With 10 spreads:

closed at 0.10: realized  600.00, four legs of 6.50, total  574.00
closed at 0.95: realized -250.00, four legs of 6.50, total -276.00
closed at 0.70: realized    0.00, four legs of 6.50, total  -26.00
expired:        realized  700.00, two legs of 6.50, total  687.00
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import ExecId, Fill
from shared.domain.followers import AccountId, FollowerId
from shared.domain.fx import FxRate
from shared.domain.money import ZERO
from shared.domain.monthly_pnl import sum_up_month
from shared.domain.monthly_report import MonthlyReport, report_days, report_trades
from shared.domain.months import Month, first_day
from shared.domain.options import ContractKey
from shared.domain.orders import OrderId
from shared.domain.session_record import Finality
from shared.domain.spreads import Side
from shared.domain.statements import (
    Adjustment,
    AdjustmentKind,
    HeldReason,
    Statement,
    StatementState,
    billed,
    with_adjustments,
)
from shared.domain.terms import BillingCurrency, Terms
from shared.domain.waterfall import MonthResult, Standing, commission_of

MONTH = Month("2026-11")
ANNA = FollowerId("anna")
FINAL_AT = datetime(2026, 12, 1, 13, 5, tzinfo=UTC)
ECB_RATE = FxRate(rate_date="2026-11-30", usd_per_eur_ratio=Decimal("1.0850"))

CLOSINGS = (("0.10", "0.00"), ("1.05", "0.10"), ("0.90", "0.20"))
USUAL_TERMS, FRESH = Terms(from_month=Month("2026-01")), Standing()
_THANKSGIVING = "2026-11-26"
_LONG, _SHORT = ContractKey("long"), ContractKey("short")


def session_dates(month: Month, count: int) -> list[str]:
    """The month's first sessions."""
    day, dates = first_day(month), list[str]()
    while len(dates) < count:
        if day.isoweekday() < 6 and day.isoformat() != _THANKSGIVING:
            dates.append(day.isoformat())
        day += timedelta(days=1)
    return dates


def day_fills(number: int, session_date: str, *, quantity: int = 10, parts: int = 1) -> list[Fill]:
    """A session's leg executions; each leg in as many parts."""
    at = datetime.fromisoformat(f"{session_date}T14:30:05+00:00")
    legs = [(_LONG, Side.BUY, "0.50", at), (_SHORT, Side.SELL, "1.20", at)]
    if number % 4 != 3:
        short_price, long_price = CLOSINGS[number % 3]
        noon = at + timedelta(hours=2, minutes=30)
        legs += [(_LONG, Side.SELL, long_price, noon), (_SHORT, Side.BUY, short_price, noon)]
    return [
        Fill(
            exec_id=ExecId(f"0000e0d5.{session_date[-5:]}.{leg}.{part}"),
            order_id=OrderId("order"),
            follower_id=ANNA,
            account_id=AccountId("DU1234567"),
            session_date=session_date,
            contract_key=key,
            side=side,
            quantity=quantity,
            price=Decimal(price),
            multiplier=100,
            fee=Decimal("0.65") * quantity,
            at=when + timedelta(milliseconds=7 * part),
        )
        for leg, (key, side, price, when) in enumerate(legs)
        for part in range(parts)
    ]


def day_of(session_date: str, fills: Sequence[Fill], finality: Finality) -> DailyPnl:
    """What a session's executions come to; nothing stays open."""
    realized = sum((-fill.signed_quantity * fill.price * 100 for fill in fills), ZERO)
    fees = sum((fill.fee or ZERO for fill in fills), ZERO)
    total = realized - fees
    return DailyPnl(
        session_date=session_date,
        follower_id=ANNA,
        open=ZERO,
        close=total,
        high=max(ZERO, total) + 12,
        low=min(ZERO, total) - 8,
        drawdown=Decimal(20) - min(ZERO, total),
        realized=realized,
        unrealized=ZERO,
        fees=fees,
        total=total,
        trades=len(fills),
        commission_base=max(ZERO, realized - fees),
        commission_ratio=Decimal("0.20"),
        commission=ZERO,
        finality=finality,
        rolled_up_at=FINAL_AT,
        volume=sum(fill.quantity for fill in fills),
    )


def an_adjustment(amount: str = "-3.20", *, number: int = 1, **others: str) -> Adjustment:
    """A difference to October's statement."""
    return Adjustment(
        month=Month("2026-10"),
        follower_id=ANNA,
        number=number,
        kind=AdjustmentKind.CORRECTION,
        noted_on="2026-11-12",
        amount=Decimal(amount),
        currency=BillingCurrency(others.get("currency", "EUR")),
        reason=others.get("reason", "the broker corrected the fees of 2026-10-14"),
        applied_to="SP-2026-000017",
    )


def a_monthly_report(
    *,
    month: Month = MONTH,
    sessions: int = 20,
    parts: int = 1,
    name: str = "Anna Bianchi",
    finality: Finality = Finality.FINAL,
    terms: Terms | None = USUAL_TERMS,
    before: Standing = FRESH,
    fx: FxRate | None = None,
    adjustments: Iterable[Adjustment] = (),
    held: HeldReason | None = None,
    mirrored: bool = False,
) -> MonthlyReport:
    """Make a report; `mirrored` turns every gain into a loss, as if both sides were swapped."""
    dates = session_dates(month, sessions)
    by_day = [_traded(number, date, parts, mirrored) for number, date in enumerate(dates)]
    days = [day_of(date, one, finality) for date, one in zip(dates, by_day, strict=True)]
    pnl = sum_up_month(month, ANNA, days, finality=finality, now=FINAL_AT)
    words = {"long": f"QQQ {month}-27 585 put", "short": f"QQQ {month}-27 590 put"}
    statement = _statement(month, name, terms, before, pnl.realized, pnl.fees, fx)
    is_issued = finality is Finality.FINAL and held is None
    statement = replace(
        with_adjustments(statement, tuple(adjustments)),
        held_reason=held,
        state=StatementState.ISSUED if is_issued else StatementState.PROVISIONAL,
        number="SP-2026-000017" if is_issued else "",
        issued_at=FINAL_AT if is_issued else None,
    )
    return MonthlyReport(
        month=month,
        follower_id=ANNA,
        name=name,
        account_id="DU1234567",
        iban_shown="IT\N{HORIZONTAL ELLIPSIS}3456",
        pnl=pnl,
        days=report_days(days),
        trades=report_trades([fill for one in by_day for fill in one], words),
        statement=statement,
        as_of=FINAL_AT,
    )


def an_empty_report() -> MonthlyReport:
    """A month in which nothing was traded."""
    return a_monthly_report(sessions=0)


def a_report_in_euro(adjustments: Iterable[Adjustment] = ()) -> MonthlyReport:
    """A month billed in EUR, above a high-water mark."""
    terms = Terms(
        from_month=Month("2026-01"), currency=BillingCurrency.EUR, has_high_water_mark=True
    )
    before = Standing(cumulative_net=Decimal("4650.50"), mark=Decimal("5000.00"))
    return a_monthly_report(terms=terms, before=before, fx=ECB_RATE, adjustments=adjustments)


def _traded(number: int, session_date: str, parts: int, mirrored: bool) -> list[Fill]:
    fills = day_fills(number, session_date, quantity=10 if parts == 1 else 1, parts=parts)
    if not mirrored:
        return fills
    return [replace(fill, side=Side.SELL if fill.side is Side.BUY else Side.BUY) for fill in fills]


def _statement(
    month: Month,
    name: str,
    terms: Terms | None,
    before: Standing,
    gross: Decimal,
    fees: Decimal,
    fx: FxRate | None,
) -> Statement:
    empty = Statement(
        month=month,
        follower_id=ANNA,
        name=name,
        state=StatementState.PROVISIONAL,
        as_of=FINAL_AT,
    )
    if terms is None:
        return empty
    waterfall = commission_of(MonthResult(month=month, gross=gross, fees=fees), terms, before)
    return replace(
        empty,
        waterfall=waterfall,
        terms=terms,
        currency=terms.currency,
        fx=fx,
        commission_billed=billed(waterfall.commission, terms.currency, fx),
    )
