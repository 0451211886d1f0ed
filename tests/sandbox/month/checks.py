"""Checks of a finished month: every stored figure against plain cash accounting, to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.money import usd_text
from shared.domain.outbox import MailKind, OutboxState
from shared.domain.session_record import Finality
from shared.domain.statements import Statement, StatementState
from tests.sandbox.checks import Check
from tests.sandbox.month.expectation import (
    ExpectedDay,
    ExpectedMonth,
    expected_days,
    expected_month,
)
from tests.sandbox.month.ledger import Draw, Person
from tests.sandbox.month.readings import Left

_NONE = Decimal(0)
_NOTHING = ExpectedDay()
_GONE_OUT = frozenset({OutboxState.SENT, OutboxState.DELIVERED})
_BILLED = frozenset({StatementState.ISSUED, StatementState.SENT, StatementState.PAID})


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What the month must come to: sessions by date and follower, months by follower."""

    days: Mapping[tuple[str, str], ExpectedDay]
    months: Mapping[str, ExpectedMonth]


def expect(drawn: Draw, usd_per_eur: Decimal | None) -> Expected:
    """Add the drawn month up."""
    mids = {date: drawn.last_mids(date) for date in drawn.dates}
    days = expected_days(drawn.dates, drawn.entries, mids)
    return Expected(
        days=days,
        months={
            person.follower_id: expected_month(
                person,
                [day for (_, who), day in days.items() if who == person.follower_id],
                usd_per_eur,
            )
            for person in drawn.people
        },
    )


def check_figures(drawn: Draw, expected: Expected, left: Left) -> Iterator[Check]:
    """Compare what is stored with what must be there."""
    yield _check("every session is final", _not_final(left))
    yield _check("every day equals its cash flows less fees", _days(drawn, expected, left))
    yield _check("every month equals its days", _months(expected, left))
    yield _check("every statement takes its share to the cent", _statements(drawn, expected, left))
    yield _check("statements are numbered without a gap, none twice", _numbers(left))
    yield _check("fills, days, months and statements have one sum", _sums(drawn, left))


def check_mail(drawn: Draw, expected: Expected, left: Left, *, is_mute: bool) -> Iterator[Check]:
    """Check that everybody got what is his, once."""
    yield _check("every mail went out exactly once", _mails_once(left))
    yield _check(
        "whoever is billed and has an address got his report", _reports_mailed(drawn, left)
    )
    yield _check(
        "whoever has to pay and has an address was told", _dues_mailed(drawn, expected, left)
    )
    if not is_mute:
        undelivered = [
            f"{row.outbox_id} is {row.state}"
            for row in left.outbox.values()
            if row.follower_id and row.state is not OutboxState.DELIVERED
        ]
        yield _check("every mail's delivery is on record", iter(undelivered))


def _check(name: str, faults: Iterator[str]) -> Check:
    return Check(name=name, faults=tuple(faults))


def _not_final(left: Left) -> Iterator[str]:
    for record in left.sessions:
        if record.finality is not Finality.FINAL:
            yield f"{record.session_date}: {'; '.join(record.waits_for)}"
    for who, month in left.months.items():
        if month.finality is not Finality.FINAL:
            yield f"the month of {who}"


def _days(drawn: Draw, expected: Expected, left: Left) -> Iterator[str]:
    stored = {(day.session_date, str(day.follower_id)): day for day in left.days}
    for key in sorted({*stored, *expected.days}):
        day, wanted = stored.get(key), expected.days.get(key, _NOTHING)
        found = ExpectedDay()
        if day is not None:
            found = ExpectedDay(realized=day.realized, unrealized=day.unrealized, fees=day.fees)
        if found != wanted or (day is not None and day.total != wanted.total):
            yield f"{' '.join(key)}: {found}, and not {wanted}"
    if len(left.sessions) != len(drawn.dates):
        yield f"{len(left.sessions)} sessions on record of {len(drawn.dates)}"


def _months(expected: Expected, left: Left) -> Iterator[str]:
    for who, wanted in expected.months.items():
        month = left.months.get(who)
        if month is None:
            if wanted.gross or wanted.fees:
                yield f"{who} has no month"
        elif (month.realized, month.fees, month.unrealized) != (wanted.gross, wanted.fees, _NONE):
            yield f"{who}: {month.realized} less {month.fees}, and not {wanted}"


def _statements(drawn: Draw, expected: Expected, left: Left) -> Iterator[str]:
    for person in drawn.people:
        statement = left.statements.get(person.follower_id)
        if statement is not None:
            yield from _statement(person, statement, expected.months[person.follower_id])
        elif person.follower_id in left.months:
            yield f"{person.follower_id} has no statement"


def _statement(person: Person, statement: Statement, wanted: ExpectedMonth) -> Iterator[str]:
    who = person.follower_id
    if person.rate is None:
        if statement.state is not StatementState.HELD:
            yield f"{who} has no terms, and his statement is {statement.state}"
        return
    flow = statement.waterfall
    found = flow and (flow.gross, flow.fees, flow.carried_forward, flow.base, flow.commission)
    if found != (wanted.gross, wanted.fees, wanted.carried, wanted.base, wanted.commission):
        yield f"{who}: {found}, and not {wanted}"
    if statement.due != wanted.due or str(statement.currency) != person.currency:
        yield f"{who} owes {statement.due} {statement.currency}, and not {wanted.due}"
    if statement.state not in _BILLED:
        yield f"{who} is {statement.state}: {statement.held_reason}"


def _numbers(left: Left) -> Iterator[str]:
    numbers = sorted(one.number for one in left.statements.values() if one.number)
    counts = [int(one.rpartition("-")[2]) for one in numbers]
    if counts and counts != list(range(counts[0], counts[0] + len(counts))):
        yield ", ".join(numbers)


def _sums(drawn: Draw, left: Left) -> Iterator[str]:
    fills = [fill for fill in left.fills if not fill.is_combo]
    cash = sum((-fill.signed_quantity * fill.price * fill.multiplier for fill in fills), _NONE)
    fees = sum((fill.fee or _NONE for fill in fills), _NONE)
    sums = {
        "drawn": sum((one.cash - one.fee for one in drawn.entries), _NONE),
        "fills": cash - fees,
        "days": sum((day.total for day in left.days), _NONE),
        "months": sum((month.realized_net for month in left.months.values()), _NONE),
    }
    if len(set(sums.values())) != 1:
        yield ", ".join(f"{name} {usd_text(amount)}" for name, amount in sums.items())
    held = sum((one.realized_net for who, one in left.months.items() if who in _held(left)), _NONE)
    billed = [one.waterfall.net for one in left.statements.values() if one.waterfall is not None]
    if sum(billed, held) != sums["months"]:
        yield f"statements {usd_text(sum(billed, held))}, months {usd_text(sums['months'])}"


def _held(left: Left) -> set[str]:
    return {who for who, one in left.statements.items() if one.waterfall is None}


def _mails_once(left: Left) -> Iterator[str]:
    for key, count in Counter(one.outbox_id for one in left.mails).items():
        row = left.outbox.get(key)
        if row is not None and count != 1:
            yield f"{row.kind} {row.about} went out {count} times"
    about = Counter((row.kind, row.about) for row in left.outbox.values() if row.follower_id)
    for (kind, what), count in about.items():
        if count != 1:
            yield f"{kind} {what} has {count} rows"
    accepted = {one.outbox_id for one in left.mails}
    for key, row in left.outbox.items():
        if row.state in _GONE_OUT and key not in accepted:
            yield f"{row.kind} {row.about} is {row.state} and never came to SendGrid"


def _mailed(left: Left, kind: MailKind) -> set[str]:
    accepted = {one.outbox_id for one in left.mails}
    return {
        str(row.follower_id)
        for key, row in left.outbox.items()
        if row.kind is kind and key in accepted
    }


def _reports_mailed(drawn: Draw, left: Left) -> Iterator[str]:
    wanted = {
        one.follower_id
        for one in drawn.people
        if one.email and one.rate is not None and _was_active(one, left)
    }
    yield from _difference(wanted, _mailed(left, MailKind.MONTHLY_REPORT))


def _was_active(person: Person, left: Left) -> bool:
    month = left.months.get(person.follower_id)
    return month is not None and month.active_days > 0


def _dues_mailed(drawn: Draw, expected: Expected, left: Left) -> Iterator[str]:
    wanted = {
        one.follower_id
        for one in drawn.people
        if one.email and (expected.months[one.follower_id].due or _NONE) > _NONE
    }
    yield from _difference(wanted, _mailed(left, MailKind.WEEKLY_COMMISSION))


def _difference(wanted: set[str], found: set[str]) -> Iterator[str]:
    for who in sorted(wanted - found):
        yield f"{who} got none"
    for who in sorted(found - wanted):
        yield f"{who} got one"
