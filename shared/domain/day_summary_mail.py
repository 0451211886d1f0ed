"""The mail that carries the links to a daily summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from shared.domain.day_summary import DaySummary
from shared.domain.figures_text import counted, dollars, long_date, new_york_stamp, signed_dollars
from shared.domain.money import ZERO

_GREEN, _RED = "#067647", "#b42318"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLink:
    """A link and what it opens ("PDF", "Excel")."""

    label: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryMail:
    """Subject line, plain-text version and HTML version."""

    subject: str
    text: str
    html: str


def summary_mail(summary: DaySummary, links: Sequence[FileLink], *, hours: int) -> SummaryMail:
    """Write the mail to the admins.

    Args:
        summary: The figures.
        links: One per file.
        hours: Life of the links.
    """
    total = signed_dollars(summary.totals.total)
    return SummaryMail(
        subject=f"SpreadPilot {summary.session_date}: {total} ({summary.finality})",
        text=_text(summary, links, hours),
        html=_html(summary, links, hours),
    )


def _figures(summary: DaySummary) -> tuple[tuple[str, str], ...]:
    totals = summary.totals
    return (
        ("Total", signed_dollars(totals.total)),
        ("Realized", signed_dollars(totals.realized)),
        ("Unrealized", signed_dollars(totals.unrealized)),
        ("Broker fees", dollars(totals.fees)),
        ("Commission accrued", dollars(totals.commission)),
        ("Followers filled", f"{totals.traded} of {totals.followers}"),
        ("Spreads filled", f"{totals.filled_quantity:,} of {totals.quantity:,}"),
        ("Largest drawdown", dollars(summary.extremes.drawdown)),
        ("Alerts", str(len(summary.alerts))),
    )


def _heading(summary: DaySummary) -> str:
    return ", ".join(summary.spreads) or "No spread was ordered"


def _notice(hours: int) -> str:
    return (
        f"Each link works for {counted(hours, 'hour')} and only for this version of the figures."
        " Do not forward this mail: whoever has a link can open the file."
    )


def _text(summary: DaySummary, links: Sequence[FileLink], hours: int) -> str:
    width = max(len(label) for label, _ in _figures(summary))
    return "\n".join(
        [
            f"Daily summary, {long_date(summary.session_date)}",
            _heading(summary),
            "",
            *(f"{label:<{width}}  {value:>14}" for label, value in _figures(summary)),
            "",
            *(f"{link.label}: {link.address}" for link in links),
            "",
            _notice(hours),
            f"Figures are {summary.finality}, as of {new_york_stamp(summary.as_of)}.",
        ]
    )


def _html(summary: DaySummary, links: Sequence[FileLink], hours: int) -> str:
    rows = "".join(
        '<tr><td style="padding:6px 0;color:#667085">'
        f'{escape(label)}</td><td align="right" style="padding:6px 0">{escape(value)}</td></tr>'
        for label, value in _figures(summary)[1:]
    )
    buttons = "".join(
        f'<a href="{escape(link.address)}" style="display:inline-block;background:#1d2939;'
        "color:#ffffff;padding:10px 16px;border-radius:6px;text-decoration:none;"
        f'margin-right:8px;font-size:14px">Open {escape(link.label)}</a>'
        for link in links
    )
    color = _RED if summary.totals.total < ZERO else _GREEN
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"></head>'
        '<body style="margin:0;padding:24px;background:#f4f5f7;'
        'font-family:Helvetica,Arial,sans-serif;color:#1d2939">'
        '<div style="max-width:560px;margin:0 auto;background:#ffffff;border-radius:8px;'
        'padding:24px"><p style="margin:0;color:#667085;font-size:13px">'
        f"SpreadPilot daily summary, {escape(str(summary.finality))}</p>"
        f'<h1 style="margin:4px 0 2px;font-size:20px">{long_date(summary.session_date)}</h1>'
        f'<p style="margin:0;color:#667085;font-size:14px">{escape(_heading(summary))}</p>'
        f'<p style="margin:16px 0 8px;font-size:30px;font-weight:bold;color:{color}">'
        f"{signed_dollars(summary.totals.total)}</p>"
        '<table width="100%" cellspacing="0" cellpadding="0" style="border-collapse:collapse;'
        f'font-size:14px;margin-bottom:20px">{rows}</table>{buttons}'
        '<p style="margin:20px 0 0;color:#667085;font-size:12px;line-height:1.5">'
        f"{_notice(hours)}<br>As of {new_york_stamp(summary.as_of)}.</p></div></body></html>"
    )
