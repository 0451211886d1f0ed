"""Compute everybody's commission for a month; once the month is final, issue the statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from shared.domain.followers import FollowerId
from shared.domain.fx import FxRate, month_end_rate
from shared.domain.money import ZERO
from shared.domain.monthly_pnl import MonthlyPnl, sum_up_month
from shared.domain.months import Month, last_day
from shared.domain.session_record import Finality
from shared.domain.sessions import session_date_at
from shared.domain.statement_alerts import adjusted_alert, held_alert
from shared.domain.statements import (
    FROZEN,
    Adjustment,
    AdjustmentKind,
    HeldReason,
    Statement,
    StatementState,
    billed,
    difference,
    with_adjustments,
)
from shared.domain.terms import BillingCurrency, Terms, terms_in_force
from shared.domain.waterfall import MonthResult, Waterfall, commission_of, standing_after
from shared.ports.alarm import Alarm
from shared.ports.clock import Clock
from shared.ports.followers import Followers
from shared.ports.fx_rates import FxRates
from shared.ports.monthly_pnl import MonthlyPnlBook
from shared.ports.statements import Adjustments, Statements
from shared.ports.terms import TermsBook

_DAYS_AROUND = timedelta(days=10)
"""The last publication before a month's end lies within these days; the next one too."""


class _StatementSource(Protocol):
    """Whatever carries the adapters that statements need, under these names."""

    @property
    def clock(self) -> Clock: ...

    @property
    def followers(self) -> Followers: ...

    @property
    def terms(self) -> TermsBook: ...

    @property
    def monthly_pnl(self) -> MonthlyPnlBook: ...

    @property
    def fx_rates(self) -> FxRates: ...

    @property
    def statements(self) -> Statements: ...

    @property
    def adjustments(self) -> Adjustments: ...

    @property
    def alarm(self) -> Alarm: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementPorts:
    """What statements are made from, and where they go."""

    clock: Clock
    followers: Followers
    terms: TermsBook
    monthly_pnl: MonthlyPnlBook
    fx_rates: FxRates
    statements: Statements
    adjustments: Adjustments
    alarm: Alarm

    @classmethod
    def of(cls, source: _StatementSource) -> StatementPorts:
        """Take the ports from whatever carries them."""
        return cls(
            clock=source.clock,
            followers=source.followers,
            terms=source.terms,
            monthly_pnl=source.monthly_pnl,
            fx_rates=source.fx_rates,
            statements=source.statements,
            adjustments=source.adjustments,
            alarm=source.alarm,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementsIssued:
    """What was done.

    Attributes:
        month: Which month.
        issued: Statements issued by this call.
        held: Followers whose final month is not billed, with the reason.
        provisional: Statements of a month that is not final.
        adjusted: Adjustments noted by this call.
        unchanged: Statements that were issued before.
    """

    month: Month
    issued: int = 0
    held: tuple[tuple[FollowerId, HeldReason], ...] = ()
    provisional: int = 0
    adjusted: int = 0
    unchanged: int = 0


def issue_statements(ports: StatementPorts, *, month: Month) -> StatementsIssued:
    """Compute a month's commissions, and issue what is final and complete.

    - While the month is provisional its statements are too, and are computed anew.
    - Once it is final, each is frozen under the next number, with the differences to earlier
      statements that wait for one in its currency. What lacks terms, a rate or a final earlier
      month is held, with its reason; the others are issued.
    - An issued statement never changes. Where a final month's commission would be another one
      today, the difference becomes a dated adjustment for the next statement.
    - Who has no month any more but still owes a difference gets a statement of that alone.
    - A repeat issues nothing twice.

    Args:
        ports: What it takes.
        month: A month that was rolled up.

    Raises:
        AdapterError: The database failed; doing it again goes on where it stopped.
    """
    work = _Work.begin(ports, month)
    months = ports.monthly_pnl.of_month(month)
    results = [work.do(pnl) for pnl in (*months, *_owing(ports, month, months, work.now))]
    drafts = [one for one in results if one is not None and one.number == ""]
    ports.statements.draft(drafts)
    held = tuple(
        (one.follower_id, one.held_reason) for one in drafts if one.held_reason is not None
    )
    if held:
        ports.alarm.raise_alert(held_alert(month, held, work.now))
    return StatementsIssued(
        month=month,
        issued=work.issued,
        held=held,
        provisional=sum(1 for one in drafts if one.state is StatementState.PROVISIONAL),
        adjusted=work.adjusted,
        unchanged=work.unchanged,
    )


class _Work:
    """One run over a month's followers, one after the other."""

    def __init__(
        self,
        ports: StatementPorts,
        month: Month,
        terms: Mapping[FollowerId, Sequence[Terms]],
        names: Mapping[FollowerId, str],
        fx: FxRate | None,
    ) -> None:
        self.now = ports.clock.now()
        self.issued = self.adjusted = self.unchanged = 0
        self._ports = ports
        self._month = month
        self._terms = terms
        self._names = names
        self._fx = fx

    @classmethod
    def begin(cls, ports: StatementPorts, month: Month) -> _Work:
        """Read what all followers share."""
        end = last_day(month)
        rates = ports.fx_rates.between(
            (end - _DAYS_AROUND).isoformat(), (end + _DAYS_AROUND).isoformat()
        )
        rate = month_end_rate(rates, month)
        return cls(ports, month, ports.terms.all(), ports.followers.names(), rate)

    def do(self, pnl: MonthlyPnl) -> Statement | None:
        """Handle one follower; None where his statement was issued before."""
        who = pnl.follower_id
        stored = self._ports.statements.get(self._month, who)
        earlier = self._ports.monthly_pnl.of_follower(who)
        months = [*(one for one in earlier if one.month < self._month), pnl]
        if stored is not None and stored.state in FROZEN:
            self.unchanged += 1
            self._adjust(stored, months)
            return None
        draft = self._draft(pnl, months)
        if pnl.finality is not Finality.FINAL or draft.held_reason is not None:
            return draft
        self.issued += 1
        waiting = [
            one
            for one in self._ports.adjustments.of_follower(who)
            if not one.applied_to and one.currency is draft.currency
        ]
        return self._ports.statements.issue(
            with_adjustments(
                replace(draft, state=StatementState.ISSUED, issued_at=self.now), waiting
            )
        )

    def _draft(self, pnl: MonthlyPnl, months: Sequence[MonthlyPnl]) -> Statement:
        terms = terms_in_force(self._terms.get(pnl.follower_id, ()), self._month)
        is_final = pnl.finality is Finality.FINAL
        draft = Statement(
            month=self._month,
            follower_id=pnl.follower_id,
            name=self._names.get(pnl.follower_id, pnl.follower_id),
            state=StatementState.HELD if is_final else StatementState.PROVISIONAL,
            as_of=pnl.rolled_up_at,
        )
        if terms is None:
            return replace(draft, held_reason=HeldReason.NO_TERMS if is_final else None)
        waterfall = _waterfall(months, terms)
        fx = self._fx if terms.currency is BillingCurrency.EUR else None
        amount = billed(waterfall.commission, terms.currency, fx)
        complete = replace(
            draft,
            waterfall=waterfall,
            terms=terms,
            currency=terms.currency,
            fx=fx,
            commission_billed=amount,
            due=amount,
        )
        return replace(complete, held_reason=_why_held(complete, months) if is_final else None)

    def _adjust(self, stored: Statement, months: Sequence[MonthlyPnl]) -> None:
        """Note by what an issued month's commission has changed since, if it has."""
        is_final = all(one.finality is Finality.FINAL for one in months)
        if stored.terms is None or not is_final:
            return
        noted = [
            one
            for one in self._ports.adjustments.of_follower(stored.follower_id)
            if one.month == self._month and one.kind is AdjustmentKind.CORRECTION
        ]
        amount = difference(stored, _waterfall(months, stored.terms), noted)
        if not amount:
            return
        adjustment = Adjustment(
            month=self._month,
            follower_id=stored.follower_id,
            number=len(noted) + 1,
            kind=AdjustmentKind.CORRECTION,
            noted_on=session_date_at(self.now),
            amount=amount,
            currency=stored.currency,
            reason=f"Statement {stored.number}: the month's final figures were corrected",
        )
        # Told before it is noted: told twice it is one alert, noted and untold it would be none.
        self._ports.alarm.raise_alert(adjusted_alert(adjustment, stored, self.now))
        if self._ports.adjustments.note(adjustment):
            self.adjusted += 1


def _owing(
    ports: StatementPorts, month: Month, months: Sequence[MonthlyPnl], now: datetime
) -> list[MonthlyPnl]:
    """Empty months for who had nothing in this one, and owes a difference of an earlier one.

    What is owed to somebody who has left waits for a person: a statement cannot pay it out.
    """
    if not months:
        return []
    present = {one.follower_id for one in months}
    owed: dict[FollowerId, Decimal] = {}
    for one in ports.adjustments.waiting():
        if one.month < month and one.follower_id not in present:
            owed[one.follower_id] = owed.get(one.follower_id, ZERO) + one.amount
    return [
        sum_up_month(month, who, (), finality=months[0].finality, now=now)
        for who, amount in sorted(owed.items())
        if amount > ZERO
    ]


def _waterfall(months: Sequence[MonthlyPnl], terms: Terms) -> Waterfall:
    """The last of a follower's months, after all those before it."""
    results = sorted(
        (MonthResult(month=one.month, gross=one.realized, fees=one.fees) for one in months),
        key=lambda one: one.month,
    )
    return commission_of(results[-1], terms, standing_after(results[:-1]))


def _why_held(statement: Statement, months: Sequence[MonthlyPnl]) -> HeldReason | None:
    if any(one.finality is not Finality.FINAL for one in months):
        return HeldReason.EARLIER_MONTH_NOT_FINAL
    commission = statement.waterfall.commission if statement.waterfall else ZERO
    if statement.currency is BillingCurrency.EUR and statement.fx is None and commission:
        return HeldReason.NO_FX_RATE
    return None
