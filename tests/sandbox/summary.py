"""The day's summary: as JSON for programs, as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO, usd_text
from shared.domain.orders import Order
from shared.domain.positions import Position
from tests.sandbox.books import Books
from tests.sandbox.cast import Cast
from tests.sandbox.checks import Check
from tests.sandbox.options import DayOptions

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
_MOST_ROWS = 20


def summary_json(
    options: DayOptions, cast: Cast, books: Books, checks: Sequence[Check]
) -> dict[str, Json]:
    """Summarize a day: the same seed gives the same bytes; money is decimal USD text."""
    return {
        "session_date": options.session.session_date,
        "seed": options.seed,
        "ticker": options.ticker,
        "signal": _signal(cast),
        "followers": [_follower(follower.follower_id, books) for follower in cast.followers],
        "alerts": [
            {
                "type": str(alert.alert_type),
                "severity": str(alert.severity),
                "subject": alert.subject,
                "message": alert.message,
                "follower_id": alert.follower_id,
                "raised_at": alert.raised_at.isoformat(),
            }
            for alert in books.alerts
        ],
        "marks": {
            "due": len(options.session.mark_slots()),
            "marked": len({mark.slot for mark in books.marks}),
            "gaps": len(books.session.gaps) if books.session else 0,
        },
        "checks": [
            {"name": check.name, "holds": check.holds, "faults": list(check.faults)}
            for check in checks
        ],
        "documents": dict(sorted(books.document_counts.items())),
        "documents_sha256": books.documents_sha256,
    }


def _signal(cast: Cast) -> Json:
    accepted = cast.accepted
    if accepted is None:
        return None
    return {
        "ticker": accepted.ticker,
        "strategy": str(accepted.strategy),
        "qty_per_leg": accepted.qty_per_leg,
        "long_strike": usd_text(accepted.long_strike),
        "short_strike": usd_text(accepted.short_strike),
        "expiry": accepted.expiry,
    }


def _follower(follower_id: FollowerId, books: Books) -> Json:
    day = next((day for day in books.days if day.follower_id == follower_id), None)
    position = next((one for one in books.positions if one.follower_id == follower_id), None)
    reports: list[Json] = []
    if books.report is not None:
        reports = [{"name": file.name, "sha256": file.sha256} for file in books.report.files]
    return {
        "id": follower_id,
        "orders": [_order(one) for one in books.orders if one.follower_id == follower_id],
        "fills": [_fill(one) for one in books.fills if one.follower_id == follower_id],
        "position": _position(position) if position else None,
        "realized": usd_text(day.realized if day else ZERO),
        "unrealized": usd_text(day.unrealized if day else ZERO),
        "total_pnl": usd_text(day.total if day else ZERO),
        "broker_fees": usd_text(day.fees if day else ZERO),
        "commission": usd_text(day.commission if day else ZERO),
        "reports": reports,
    }


def _order(order: Order) -> Json:
    return {
        "id": order.order_id,
        "state": str(order.state),
        "reason": str(order.reason) if order.reason else None,
        "detail": order.detail,
        "quantity": order.quantity,
        "filled_quantity": order.filled_quantity,
        "average_net_price": _price(order.average_net_price),
        "rungs": [
            {
                "number": rung.number,
                "limit": usd_text(rung.limit),
                "bid": _price(rung.bid),
                "ask": _price(rung.ask),
                "sent": rung.sent,
                "at": rung.at.isoformat(),
            }
            for rung in order.rungs
        ],
    }


def _price(price: Decimal | None) -> str | None:
    return None if price is None else usd_text(price)


def _fill(fill: Fill) -> Json:
    return {
        "exec_id": fill.exec_id,
        "contract": fill.contract_key,
        "side": str(fill.side),
        "quantity": fill.quantity,
        "price": usd_text(fill.price),
        "fee": _price(fill.fee),
        "at": fill.at.isoformat(),
    }


def _position(position: Position) -> Json:
    return {
        "spread": position.spread.spread_id,
        "open_quantity": position.open_quantity,
        "legs": [
            {
                "contract": leg.contract_key,
                "quantity": leg.quantity,
                "average_price": usd_text(leg.average_price),
                "realized": usd_text(leg.realized),
            }
            for leg in position.legs
        ],
    }


def print_summary(
    console: Console, options: DayOptions, books: Books, checks: Sequence[Check]
) -> None:
    """Show the day to a person."""
    table = Table(title=f"{options.ticker} on {options.session.session_date}", expand=False)
    for name in ("Follower", "Order", "Rungs", "Filled", "Net price", "Fees", "Total", "Owed"):
        is_text = name in ("Follower", "Order")
        table.add_column(name, justify="left" if is_text else "right")
    days = {day.follower_id: day for day in books.days}
    openings = [order for order in books.orders if order.order_id.endswith("~open")]
    for order in openings[:_MOST_ROWS]:
        table.add_row(*_row(order, days.get(order.follower_id)))
    console.print(table)
    if len(openings) > _MOST_ROWS:
        console.print(f"... and {len(openings) - _MOST_ROWS} more followers")
    total = sum((day.total for day in books.days), ZERO)
    console.print(f"Book total {usd_text(total)} USD, {len(books.alerts)} alerts:")
    for alert in books.alerts:
        words = f"  {alert.severity} {alert.alert_type} {alert.subject}: {alert.message}"
        console.print(words, markup=False)
    for check in checks:
        console.print(f"  {'[green]holds[/]' if check.holds else '[red]FAILS[/]'}  {check.name}")
        for fault in check.faults[:_MOST_ROWS]:
            console.print(f"         {fault}", markup=False)


def _row(order: Order, day: DailyPnl | None) -> tuple[str, ...]:
    state = f"{order.state} {order.reason or ''}".strip()
    net = "" if order.average_net_price is None else usd_text(order.average_net_price)
    figures = ("", "", "")
    if day is not None:
        figures = (usd_text(day.fees), usd_text(day.total), usd_text(day.commission))
    filled = f"{order.filled_quantity}/{order.quantity}"
    return (order.follower_id, state, str(len(order.rungs)), filled, net, *figures)
