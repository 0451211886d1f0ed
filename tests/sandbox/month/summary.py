"""The month's summary: as JSON for programs, as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from shared.domain.outbox import MailKind
from tests.sandbox.checks import Check
from tests.sandbox.control import Json
from tests.sandbox.month.ledger import Draw, Person
from tests.sandbox.month.options import MonthOptions
from tests.sandbox.month.readings import Left

_MOST_ROWS, _MOST_FAULTS = 20, 10
_CENT = Decimal("0.01")
_COLUMNS = (
    "Follower",
    "Gross",
    "Fees",
    "Carried",
    "Base",
    "Rate",
    "Commission",
    "Due",
    "Statement",
    "State",
    "Mails",
    "Files",
)


def print_summary(console: Console, drawn: Draw, left: Left, checks: Sequence[Check]) -> None:
    """Show the month to a person."""
    title = f"{drawn.month}, {len(drawn.dates)} sessions"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in _COLUMNS:
        is_text = name in ("Follower", "Due", "Statement", "State")
        table.add_column(name, justify="left" if is_text else "right", no_wrap=True)
    for person in drawn.people[:_MOST_ROWS]:
        table.add_row(*_row(person, left))
    console.print(table)
    if len(drawn.people) > _MOST_ROWS:
        console.print(f"... and {len(drawn.people) - _MOST_ROWS} more followers")
    told = Counter(str(one.alert_type) for one in left.alerts)
    words = ", ".join(f"{count} {name}" for name, count in sorted(told.items()))
    console.print(f"Alerts: {words or 'none'}", soft_wrap=True)
    for check in checks:
        console.print(f"  {'[green]holds[/]' if check.holds else '[red]FAILS[/]'}  {check.name}")
        for fault in check.faults[:_MOST_FAULTS]:
            console.print(f"         {fault}", markup=False, soft_wrap=True)


def summary_json(
    options: MonthOptions, drawn: Draw, left: Left, checks: Sequence[Check]
) -> dict[str, Json]:
    """Summarize a month: the same seed gives the same bytes; money is decimal text."""
    alerts = Counter(str(one.alert_type) for one in left.alerts)
    return {
        "month": drawn.month,
        "seed": options.seed,
        "sessions": list(drawn.dates),
        "followers": [_follower(person, left) for person in drawn.people],
        "days": [
            {
                "session_date": day.session_date,
                "follower": day.follower_id,
                "realized": f"{day.realized:f}",
                "unrealized": f"{day.unrealized:f}",
                "fees": f"{day.fees:f}",
                "total": f"{day.total:f}",
            }
            for day in left.days
        ],
        "alerts": dict(sorted(alerts.items())),
        "checks": [
            {"name": check.name, "holds": check.holds, "faults": list(check.faults)}
            for check in checks
        ],
    }


def _row(person: Person, left: Left) -> tuple[str, ...]:
    statement = left.statements.get(person.follower_id)
    if statement is None:
        return (person.follower_id, *[""] * (len(_COLUMNS) - 1))
    flow = statement.waterfall
    month = left.months.get(person.follower_id)
    gross, fees = (month.realized, month.fees) if month else (None, None)
    due = "" if statement.due is None else f"{_cents(statement.due)} {statement.currency}"
    return (
        person.follower_id,
        _cents(gross),
        _cents(fees),
        _cents(flow.carried_forward if flow else None),
        _cents(flow.base if flow else None),
        f"{flow.rate_ratio:.1%}" if flow else "",
        _cents(flow.commission if flow else None),
        due,
        statement.number,
        f"{statement.state}{' ' + statement.held_reason if statement.held_reason else ''}",
        str(len(_mails(person, left))),
        str(len(left.reports[person.follower_id].files))
        if person.follower_id in left.reports
        else "0",
    )


def _follower(person: Person, left: Left) -> Json:
    statement = left.statements.get(person.follower_id)
    report = left.reports.get(person.follower_id)
    flow = statement.waterfall if statement else None
    return {
        "id": person.follower_id,
        "name": person.name,
        "gross": _text(flow.gross if flow else None),
        "fees": _text(flow.fees if flow else None),
        "carried_forward": _text(flow.carried_forward if flow else None),
        "base": _text(flow.base if flow else None),
        "commission": _text(flow.commission if flow else None),
        "currency": str(statement.currency) if statement else None,
        "due": _text(statement.due if statement else None),
        "statement": statement.number if statement else "",
        "state": str(statement.state) if statement else None,
        "held_reason": str(statement.held_reason) if statement and statement.held_reason else None,
        "mails": list(_mails(person, left)),
        "files": {file.name.rpartition(".")[2]: file.sha256 for file in report.files}
        if report
        else {},
    }


def _mails(person: Person, left: Left) -> list[Json]:
    """What he was mailed, and what became of it."""
    kinds = (MailKind.MONTHLY_REPORT, MailKind.WEEKLY_COMMISSION)
    found = sorted(
        f"{row.kind} {row.state}"
        for row in left.outbox.values()
        if row.follower_id == person.follower_id and row.kind in kinds
    )
    return [*found]


def _cents(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount.quantize(_CENT):,}"


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
