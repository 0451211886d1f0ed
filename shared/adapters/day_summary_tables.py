"""The tables of a daily summary's PDF."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from reportlab.lib.colors import HexColor
from reportlab.platypus import Paragraph, Table, TableStyle

from shared.adapters.pdf_faces import BOLD, REGULAR
from shared.adapters.pdf_type import (
    AMBER,
    GREEN,
    INK,
    LINE,
    MUTED,
    PALE,
    RED,
    is_printable,
    paragraph,
    style,
)
from shared.domain.alerts import Severity
from shared.domain.day_summary import DaySummary, SummaryAlert, SummaryRow
from shared.domain.figures_text import (
    NOTHING,
    dollars,
    in_words,
    net_price,
    new_york_clock,
    plain_amount,
    signed_dollars,
)
from shared.domain.money import ZERO

_SIZE = 7.0
_LARGEST = 15.0
_FOLLOWER_WIDTHS = (98, 92, 42, 42, 50, 50, 40, 50, 47)
_FOLLOWER_HEADS = (
    "Follower",
    "Opening order",
    "Filled",
    "Net price",
    "Realized",
    "Unrealized",
    "Fees",
    "Total",
    "Commission",
)
_ALERT_WIDTHS = (44, 52, 415)
_TOTAL_COLUMN = 7


def key_figures(summary: DaySummary, *, width: float) -> Table:
    """The five figures that matter, large."""
    totals = summary.totals
    tiles = [
        _tile("Total", signed_dollars(totals.total), _sign_color(totals.total), _LARGEST),
        _tile("Realized", signed_dollars(totals.realized), INK, 10.5),
        _tile("Unrealized", signed_dollars(totals.unrealized), INK, 10.5),
        _tile("Broker fees", dollars(totals.fees), INK, 10.5),
        _tile("Commission accrued", dollars(totals.commission), INK, 10.5),
    ]
    shares = (0.28, 0.18, 0.18, 0.16, 0.20)
    table = Table([tiles], colWidths=[width * share for share in shares])
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), PALE),
                ("LINEAFTER", (0, 0), (-2, -1), 0.5, LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 10),
                ("TOPPADDING", (0, 0), (-1, -1), 8),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 10),
            ]
        )
    )
    return table


def small_figures(summary: DaySummary, *, width: float) -> Table:
    """What else is worth a glance, in one line."""
    totals, extremes = summary.totals, summary.extremes
    marked = summary.due_marks - summary.missing_marks
    facts = (
        ("Followers filled", f"{totals.traded} of {totals.followers}"),
        ("Spreads filled", f"{totals.filled_quantity:,} of {totals.quantity:,}"),
        ("Leg executions", f"{totals.trades:,}"),
        ("High", signed_dollars(extremes.high)),
        ("Low", signed_dollars(extremes.low)),
        ("Drawdown", dollars(extremes.drawdown)),
        ("Marks", f"{marked} of {summary.due_marks}"),
    )
    cells = [[paragraph(label, style(6.2, color=MUTED)) for label, _ in facts]]
    cells.append([paragraph(value, style(7.6, bold=True)) for _, value in facts])
    table = Table(cells, colWidths=[width / len(facts)] * len(facts))
    table.setStyle(
        TableStyle(
            [
                ("LEFTPADDING", (0, 0), (-1, -1), 10),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ]
        )
    )
    return table


def followers_table(summary: DaySummary) -> Table:
    """One line per follower and the sums; the heading is repeated on every page."""
    head = [_heading(text, right=number > 1) for number, text in enumerate(_FOLLOWER_HEADS)]
    body = [_follower_cells(row) for row in summary.rows]
    table = Table(
        [head, *body, _sum_cells(summary)],
        colWidths=_FOLLOWER_WIDTHS,
        repeatRows=1,
    )
    looks = [
        *_plain_looks(len(body)),
        ("ALIGN", (2, 1), (-1, -1), "RIGHT"),
        ("FONT", (2, 1), (-1, -2), REGULAR, _SIZE),
        ("FONT", (0, -1), (-1, -1), BOLD, _SIZE),
        ("TEXTCOLOR", (0, 1), (-1, -1), INK),
        ("LINEABOVE", (0, -1), (-1, -1), 0.8, INK),
    ]
    for line, total in enumerate([*(row.total for row in summary.rows), summary.totals.total], 1):
        if total < ZERO:
            looks.append(("TEXTCOLOR", (_TOTAL_COLUMN, line), (_TOTAL_COLUMN, line), RED))
    table.setStyle(TableStyle(looks))
    return table


def alerts_table(alerts: Sequence[SummaryAlert]) -> Table:
    """The session's alerts, oldest first."""
    head = [_heading(text, right=False) for text in ("New York", "Severity", "What happened")]
    body = [
        [
            paragraph(new_york_clock(alert.raised_at, seconds=True), style(_SIZE)),
            paragraph(alert.severity.capitalize(), style(_SIZE, bold=True, color=_color(alert))),
            [
                paragraph(
                    f"{in_words(alert.alert_type)}: {alert.subject}", style(_SIZE, bold=True)
                ),
                paragraph(alert.message, style(_SIZE)),
            ],
        ]
        for alert in alerts
    ]
    table = Table([head, *body], colWidths=_ALERT_WIDTHS, repeatRows=1)
    table.setStyle(TableStyle(_plain_looks(len(body))))
    return table


def _follower_cells(row: SummaryRow) -> list[object]:
    outcome = in_words(row.state) if row.state else NOTHING
    if row.reason:
        outcome += f" ({in_words(row.reason).lower()})"
    return [
        paragraph(row.name if is_printable(row.name) else row.follower_id, style(_SIZE)),
        paragraph(outcome, style(_SIZE, color=MUTED)),
        f"{row.filled_quantity:,}/{row.quantity:,}",
        net_price(row.average_net_price),
        *_amounts(row.realized, row.unrealized, row.fees, row.total, row.commission),
    ]


def _sum_cells(summary: DaySummary) -> list[object]:
    totals = summary.totals
    return [
        "Total",
        "",
        f"{totals.filled_quantity:,}/{totals.quantity:,}",
        "",
        *_amounts(totals.realized, totals.unrealized, totals.fees, totals.total, totals.commission),
    ]


def _amounts(*amounts: Decimal) -> list[object]:
    return [plain_amount(amount) for amount in amounts]


def _plain_looks(lines: int) -> list[tuple[object, ...]]:
    return [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 1), (-1, max(1, lines)), 0.4, LINE),
    ]


def _heading(text: str, *, right: bool) -> Paragraph:
    return paragraph(text, style(6.2, color=MUTED, right=right))


def _tile(label: str, value: str, color: HexColor, size: float) -> list[Paragraph]:
    look = style(size, bold=True, color=color)
    # All values stand on one line, whatever their size.
    look.spaceBefore = (_LARGEST - size) * 1.1
    return [paragraph(label, style(6.6, color=MUTED)), paragraph(value, look)]


def _sign_color(amount: Decimal) -> HexColor:
    return RED if amount < ZERO else GREEN


def _color(alert: SummaryAlert) -> HexColor:
    if alert.severity is Severity.CRITICAL:
        return RED
    return AMBER if alert.severity is Severity.WARNING else MUTED
