"""The sections of a monthly report's PDF, each a few blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4

from shared.adapters.monthly_report_statement import statement_blocks
from shared.adapters.pdf_bars import draw_daily_bars
from shared.adapters.pdf_flow import Block, space
from shared.adapters.pdf_month_curve import Frame, draw_equity_curve
from shared.adapters.pdf_pen import Align, Look, Pen
from shared.adapters.pdf_rows import Column, Row, table_blocks
from shared.adapters.pdf_runs import fitted, fitting_size, text_width
from shared.adapters.pdf_type import AMBER, GREEN, INK, LINE, MUTED, PALE, RED
from shared.domain.figures_text import (
    NOTHING,
    counted,
    dollars,
    net_price,
    new_york_clock,
    plain_amount,
    ratio_percent,
    signed_dollars,
)
from shared.domain.money import ZERO
from shared.domain.monthly_report import MonthlyReport, ReportDay, ReportTrade
from shared.domain.months import month_name
from shared.domain.session_record import Finality
from shared.domain.statement_lines import amount_in, decimal_text, short_date

MARGIN = 42.0
WIDTH = A4[0] - 2 * MARGIN

_CURVE_HEIGHT, _BARS_HEIGHT = 138.0, 100.0
_LARGEST = 15.0

_DAY_COLUMNS = (
    Column(heading="Session", width=66, align=Align.LEFT),
    Column(heading="Trades", width=36),
    Column(heading="Realized", width=58),
    Column(heading="Unrealized", width=58),
    Column(heading="Fees", width=44),
    Column(heading="Total", width=58),
    Column(heading="High", width=52),
    Column(heading="Low", width=52),
    Column(heading="Drawdown", width=47),
    Column(heading="Equity", width=WIDTH - 471),
)
_TRADE_COLUMNS = (
    Column(heading="Session", width=48, align=Align.LEFT),
    Column(heading="New York", width=42, align=Align.LEFT),
    Column(heading="Contract", width=112, align=Align.LEFT),
    Column(heading="Side", width=28, align=Align.LEFT),
    Column(heading="Quantity", width=38),
    Column(heading="Price", width=36),
    Column(heading="Fee", width=36),
    Column(heading="Cash", width=58),
    Column(heading="", width=6),
    Column(heading="Execution", width=WIDTH - 404, align=Align.LEFT),
)
_CASH, _TOTAL, _EQUITY = 7, 5, 9


def story(report: MonthlyReport, accent: HexColor) -> list[Block]:
    """All blocks of a report, in reading order."""
    blocks = [
        Block(height=72, draw=partial(_draw_title, report), outline="Summary"),
        Block(height=54, draw=partial(_draw_tiles, _key_figures(report))),
        Block(height=29, draw=partial(_draw_facts, _measures(report))),
        Block(height=26, draw=partial(_draw_facts, _extremes(report))),
        *section("Commission statement", accent),
        *statement_blocks(report.statement, left=MARGIN, width=WIDTH),
    ]
    if not report.days and not report.trades:
        return [*blocks, space(14), Block(height=70, draw=partial(_draw_nothing, report))]
    return [*blocks, *_charts(report, accent), *_days(report, accent), *_trades(report, accent)]


def section(heading: str, accent: HexColor) -> list[Block]:
    """A heading that stays with what follows, and stands in the outline."""

    def draw(pen: Pen, top: float) -> None:
        pen.box(MARGIN, top - 24, 2.5, 10, fill=accent)
        pen.text(MARGIN + 8, top - 22.5, heading, Look(size=9.5, bold=True))

    return [Block(height=32, draw=draw, keeps_next=True, outline=heading)]


def shown_name(report: MonthlyReport) -> str:
    """The follower's name; his id where there is none."""
    return report.name.strip() or report.follower_id


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fact:
    """A figure with its label, and what is to be said below it."""

    label: str
    value: str
    detail: str = ""
    color: HexColor = INK


def _draw_title(report: MonthlyReport, pen: Pen, top: float) -> None:
    pen.text(MARGIN, top - 22, month_name(report.month), Look(size=22, bold=True))
    is_final = report.pnl.finality is Finality.FINAL
    color, stamp = (GREEN, "FINAL") if is_final else (AMBER, "PROVISIONAL")
    width = 52.0 if is_final else 82.0
    right = MARGIN + WIDTH
    pen.box(right - width, top - 22, width, 17, stroke=color, radius=3)
    middle = Look(size=8, bold=True, color=color, align=Align.CENTER)
    pen.text(right - width / 2, top - 16.5, stamp, middle)
    name = fitted(shown_name(report), WIDTH, 11, bold=True)
    pen.text(MARGIN, top - 42, name, Look(size=11, bold=True))
    known = [f"Id {report.follower_id}", f"Account {report.account_id or NOTHING}"]
    known.append(f"IBAN {report.iban_shown or NOTHING}")
    line = fitted("  \N{MIDDLE DOT}  ".join(known), WIDTH, 8)
    pen.text(MARGIN, top - 56, line, Look(size=8, color=MUTED))


def _key_figures(report: MonthlyReport) -> list[_Fact]:
    pnl, statement = report.pnl, report.statement
    due = NOTHING if statement.due is None else amount_in(statement.due, statement.currency)
    return [
        _Fact(label="Total", value=signed_dollars(pnl.total), color=_sign_color(pnl.total)),
        _Fact(label="Realized", value=signed_dollars(pnl.realized)),
        _Fact(label="Unrealized change", value=signed_dollars(pnl.unrealized)),
        _Fact(label="Broker fees", value=dollars(pnl.fees)),
        _Fact(label="Commission due", value=due),
    ]


def _draw_tiles(facts: Sequence[_Fact], pen: Pen, top: float) -> None:
    pen.box(MARGIN, top - 44, WIDTH, 44, fill=PALE)
    x = MARGIN
    for number, fact in enumerate(facts):
        width = WIDTH * (0.26 if number == 0 else 0.185)
        size = _LARGEST if number == 0 else 10.5
        if number:
            pen.line(x, top - 8, x, top - 36, color=LINE, width=0.8)
        pen.text(x + 10, top - 15, fact.label, Look(size=6.8, color=MUTED))
        size = fitting_size(fact.value, width - 14, size, bold=True)
        pen.text(x + 10, top - 33, fact.value, Look(size=size, bold=True, color=fact.color))
        x += width


def _measures(report: MonthlyReport) -> list[_Fact]:
    pnl = report.pnl
    days = f"{pnl.winning_days} won, {pnl.losing_days} lost, {pnl.flat_days} flat"
    return [
        _Fact(label="Active days", value=f"{pnl.active_days}", detail=days),
        _Fact(label="Win rate", value=_or_nothing(pnl.win_rate_ratio, ratio_percent)),
        _Fact(label="Profit factor", value=_or_nothing(pnl.profit_factor_ratio, decimal_text)),
        _Fact(label="Sharpe ratio, yearly", value=_or_nothing(pnl.sharpe_ratio, decimal_text)),
    ]


def _extremes(report: MonthlyReport) -> list[_Fact]:
    pnl = report.pnl
    traded = f"{counted(pnl.trades, 'execution')}, {pnl.volume:,} contracts"
    best_on = short_date(pnl.best_day_on) if pnl.best_day_on else ""
    worst_on = short_date(pnl.worst_day_on) if pnl.worst_day_on else ""
    return [
        _Fact(
            label="Average day", value=_or_nothing(pnl.average_day, signed_dollars), detail=traded
        ),
        _Fact(label="Best day", value=_or_nothing(pnl.best_day, signed_dollars), detail=best_on),
        _Fact(label="Worst day", value=_or_nothing(pnl.worst_day, signed_dollars), detail=worst_on),
        _Fact(label="Largest drawdown", value=dollars(pnl.drawdown)),
    ]


def _draw_facts(facts: Sequence[_Fact], pen: Pen, top: float) -> None:
    x = MARGIN
    for number, fact in enumerate(facts):
        pen.text(x + 10, top - 8, fact.label, Look(size=6.8, color=MUTED))
        pen.text(x + 10, top - 19, fact.value, Look(size=8.6, bold=True))
        after = x + 15 + text_width(fact.value, 8.6, bold=True)
        pen.text(after, top - 19, fact.detail, Look(size=6.8, color=MUTED))
        x += WIDTH * (0.34 if number == 0 else 0.22)


def _charts(report: MonthlyReport, accent: HexColor) -> list[Block]:
    def draw_curve(pen: Pen, top: float) -> None:
        frame = Frame(left=MARGIN, top=top, width=WIDTH, height=_CURVE_HEIGHT)
        draw_equity_curve(pen, report.days, frame)

    def draw_bars(pen: Pen, top: float) -> None:
        frame = Frame(left=MARGIN, top=top, width=WIDTH, height=_BARS_HEIGHT)
        draw_daily_bars(pen, report.days, frame)

    return [
        *section("Equity curve by day, USD", accent),
        Block(height=_CURVE_HEIGHT, draw=draw_curve),
        *section("Daily results, USD", accent),
        Block(height=_BARS_HEIGHT, draw=draw_bars),
    ]


def _days(report: MonthlyReport, accent: HexColor) -> list[Block]:
    pnl = report.pnl
    sums = ("Month", f"{pnl.trades:,}", *_amounts(pnl.realized, pnl.unrealized, pnl.fees))
    total = Row(cells=(*sums, plain_amount(pnl.total)), colors=_red(_TOTAL, pnl.total))
    rows = [_day_row(day) for day in report.days]
    table = table_blocks(_DAY_COLUMNS, rows, left=MARGIN, total=total)
    return [*section("Days", accent), *table]


def _day_row(day: ReportDay) -> Row:
    amounts = (day.realized, day.unrealized, day.fees, day.total)
    extent = (day.high, day.low, day.drawdown, day.equity)
    return Row(
        cells=(short_date(day.session_date), f"{day.trades:,}", *_amounts(*amounts, *extent)),
        colors=_red(_TOTAL, day.total) | _red(_EQUITY, day.equity),
    )


def _trades(report: MonthlyReport, accent: HexColor) -> list[Block]:
    fees = sum((trade.fee or ZERO for trade in report.trades), ZERO)
    cash = sum((trade.cash for trade in report.trades), ZERO)
    sums = ("Sum", "", "", "", "", "", plain_amount(fees), plain_amount(cash))
    rows = [_trade_row(trade) for trade in report.trades]
    table = table_blocks(
        _TRADE_COLUMNS, rows, left=MARGIN, total=Row(cells=sums, colors=_red(_CASH, cash))
    )
    return [*section("Trades", accent), *table]


def _trade_row(trade: ReportTrade) -> Row:
    return Row(
        cells=(
            trade.session_date,
            new_york_clock(trade.at, seconds=True),
            trade.contract,
            trade.side,
            f"{trade.quantity:,}",
            net_price(trade.price),
            _or_nothing(trade.fee, plain_amount),
            plain_amount(trade.cash),
            "",
            trade.exec_id,
        ),
        colors=_red(_CASH, trade.cash),
    )


def _draw_nothing(report: MonthlyReport, pen: Pen, top: float) -> None:
    middle = MARGIN + WIDTH / 2
    pen.box(MARGIN, top - 70, WIDTH, 70, fill=PALE, radius=4)
    said = Look(size=11, bold=True, align=Align.CENTER)
    pen.text(middle, top - 32, f"No session was traded in {month_name(report.month)}.", said)
    more = "So there is no curve, no day and no trade to show, and no broker fee was charged."
    pen.text(middle, top - 48, more, Look(size=8, color=MUTED, align=Align.CENTER))


def _amounts(*amounts: Decimal) -> tuple[str, ...]:
    return tuple(plain_amount(amount) for amount in amounts)


def _or_nothing(value: Decimal | None, write: Callable[[Decimal], str]) -> str:
    return NOTHING if value is None else write(value)


def _red(column: int, amount: Decimal) -> dict[int, HexColor]:
    return {column: RED} if amount < ZERO else {}


def _sign_color(amount: Decimal) -> HexColor:
    if not amount:
        return INK
    return RED if amount < ZERO else GREEN
