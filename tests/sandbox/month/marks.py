"""The few marks of a drawn day: what everybody has made since the end of the session before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from shared.domain.marks import Mark, MarkEntry, QuoteUsed, slot_of
from shared.domain.pnl import ProfitAndLoss
from shared.domain.sessions import at_new_york
from tests.sandbox.month.expectation import Account, ExpectedDay
from tests.sandbox.month.ledger import Draw
from tests.sandbox.month.our_documents import quotes_at

_MIDNIGHT = "23:59:00"


def drawn_mark(drawn: Draw, date: str, wall_time: str) -> Mark:
    """The mark of a New York wall time of a session."""
    at, mids = at_new_york(date, wall_time), drawn.mids[date][wall_time]
    return Mark(
        session_date=date,
        slot=slot_of(at),
        part=0,
        marked_at=at,
        entries=_entries(drawn, date, at, mids),
        quotes={
            one.contract_key: QuoteUsed(
                bid=one.bid or Decimal(0), ask=one.ask or Decimal(0), at=at, stale=False
            )
            for one in quotes_at(mids, at)
        },
        stale=False,
    )


def _entries(
    drawn: Draw, date: str, at: datetime, mids: Mapping[str, Decimal]
) -> dict[str, MarkEntry]:
    number = drawn.dates.index(date)
    before: dict[str, ExpectedDay] = {}
    held: dict[str, ProfitAndLoss] = {}
    if number:
        earlier = drawn.dates[number - 1]
        ended, last = at_new_york(earlier, _MIDNIGHT), drawn.last_mids(earlier)
        before, held = _standings(drawn, ended, last), _held(drawn, ended, last)
    found: dict[str, MarkEntry] = {}
    for who, now in _standings(drawn, at, mids).items():
        then = before.get(who, ExpectedDay())
        if now != then:
            found[who] = MarkEntry(
                realized=now.realized - then.realized,
                unrealized=now.unrealized - then.unrealized,
                fees=now.fees - then.fees,
                carried=held.get(who),
            )
    return found


def _standings(drawn: Draw, until: datetime, mids: Mapping[str, Decimal]) -> dict[str, ExpectedDay]:
    accounts: dict[str, Account] = {}
    for one in drawn.entries:
        if one.at <= until:
            accounts.setdefault(one.follower_id, Account()).add(one)
    return {
        who: ExpectedDay(
            realized=account.realized, unrealized=account.open_profit(mids), fees=account.fees
        )
        for who, account in accounts.items()
    }


def _held(drawn: Draw, until: datetime, mids: Mapping[str, Decimal]) -> dict[str, ProfitAndLoss]:
    """What the spreads that are held overnight had made by then, by follower."""
    accounts: dict[tuple[str, str], Account] = {}
    for one in drawn.entries:
        if one.at <= until:
            accounts.setdefault((one.follower_id, one.deal), Account()).add(one)
    found: dict[str, ProfitAndLoss] = {}
    for (who, _), account in accounts.items():
        if account.paid:
            made = ProfitAndLoss(
                realized=account.realized, unrealized=account.open_profit(mids), fees=account.fees
            )
            found[who] = found.get(who, ProfitAndLoss()) + made
    return found
