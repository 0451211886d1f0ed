"""Mail texts from Jinja templates.

Whatever is put into a template is one line without control characters and without the marks that
turn the reading direction round, and is escaped in HTML: a name can break neither a header nor the
layout. A field that a template misspells is an error, never an empty place.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from jinja2 import Environment, PackageLoader, StrictUndefined, Undefined, select_autoescape
from markupsafe import Markup

from shared.domain.day_summary import DaySummary
from shared.domain.errors import InvalidInput
from shared.domain.figures_text import (
    counted,
    dollars,
    long_date,
    new_york_stamp,
    plain_amount,
    signed_dollars,
)
from shared.domain.mail_fields import (
    DaySummaryFields,
    MailFields,
    MailText,
    MonthlyReportFields,
    WeeklyCommissionFields,
)
from shared.domain.money import ZERO
from shared.domain.months import month_name
from shared.domain.outbox import MailKind
from shared.domain.payees import masked_iban

LONGEST_SUBJECT = 150
TEXT_COLUMNS = 46
"""A phone shows about as many characters of plain text in a line."""

_LONGEST_NAME = 80
_VALUE_COLUMNS = 14
_AMOUNT_COLUMNS = 34
_GREEN, _RED = "#067647", "#b42318"
# Marks, embeddings, overrides and isolates: https://unicode.org/reports/tr9/#Directional_Formatting_Characters
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SEPARATORS = frozenset({"Cc", "Zl", "Zp"})


class _Laid(str):
    """A line of plain text that was cleaned and then laid out; its spaces stay."""

    __slots__ = ()


class JinjaMailTexts:
    """`MailTexts` over the templates in `mail_templates`."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("shared.adapters", "mail_templates"),
            autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
            undefined=StrictUndefined,
            finalize=_put_in,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(_FILTERS)

    def compose(self, kind: MailKind, fields: MailFields) -> MailText:
        """Write one mail: subject, text and HTML.

        Raises:
            InvalidInput: The fields are those of another kind of mail.
        """
        own_kind, subject, shown = _shown(fields)
        if own_kind is not kind:
            raise InvalidInput("fields", f"are those of {own_kind}, not of {kind}")
        return MailText(
            subject=_cut(one_line(subject), LONGEST_SUBJECT),
            text=_wrapped(self._rendered(f"{kind}.txt.j2", shown)),
            html=self._rendered(f"{kind}.html.j2", shown),
        )

    def _rendered(self, template: str, shown: Mapping[str, object]) -> str:
        return self._environment.get_template(template).render(shown)


def one_line(text: str) -> str:
    """Write any text as one line: no control characters, no marks of direction."""
    spaced = (
        " " if unicodedata.category(one) in _SEPARATORS else one
        for one in text
        if one not in _DIRECTIONS
    )
    return " ".join("".join(spaced).split())


def _shown(fields: MailFields) -> tuple[MailKind, str, Mapping[str, object]]:
    match fields:
        case DaySummaryFields():
            return MailKind.DAY_SUMMARY, *_day_summary(fields)
        case MonthlyReportFields():
            return MailKind.MONTHLY_REPORT, *_monthly_report(fields)
        case WeeklyCommissionFields():
            return MailKind.WEEKLY_COMMISSION, *_weekly_commission(fields)
        case _:
            assert_never(fields)


def _day_summary(fields: DaySummaryFields) -> tuple[str, Mapping[str, object]]:
    summary = fields.summary
    total = signed_dollars(summary.totals.total)
    return f"SpreadPilot {summary.session_date}: {total} ({summary.finality})", {
        "fields": fields,
        "summary": summary,
        "heading": ", ".join(summary.spreads) or "No spread was ordered",
        "color": _RED if summary.totals.total < ZERO else _GREEN,
        "figures": _figures(summary),
        "figure_lines": _lines(_figures(summary)),
    }


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


def _monthly_report(fields: MonthlyReportFields) -> tuple[str, Mapping[str, object]]:
    due = f"{plain_amount(fields.commission_due)} {fields.currency}"
    figures = [("Result", signed_dollars(fields.result)), ("Commission due", due)]
    if fields.statement_number:
        figures.append(("Statement", fields.statement_number))
    return f"SpreadPilot monthly report - {fields.month}", {
        "fields": fields,
        "color": _RED if fields.result < ZERO else _GREEN,
        "figures": figures,
        "figure_lines": _lines(figures),
    }


def _weekly_commission(fields: WeeklyCommissionFields) -> tuple[str, Mapping[str, object]]:
    return f"SpreadPilot commission statements - {fields.on}", {
        "fields": fields,
        "lines": [
            (one.number, month_name(one.month), f"{plain_amount(one.amount)} {one.currency}")
            for one in fields.statements
        ],
        "iban": masked_iban(fields.iban),
        "totals": [f"{plain_amount(amount)} {code}" for code, amount in fields.totals],
    }


def _lines(figures: Sequence[tuple[str, str]]) -> tuple[_Laid, ...]:
    """Lay figures out in two columns."""
    width = max(len(label) for label, _ in figures)
    return tuple(
        _Laid(f"{label:<{width}}  {one_line(value):>{_VALUE_COLUMNS}}") for label, value in figures
    )


def _to_the_right(value: str) -> _Laid:
    return _Laid(f"{one_line(value):>{_AMOUNT_COLUMNS}}")


def _put_in(value: object) -> object:
    """Clean what a template puts in; what was cleaned before passes, and the markup of macros.

    An undefined value passes too: it raises where it is written.
    """
    if isinstance(value, Markup | _Laid | Undefined):
        return value
    return one_line(str(value))


def _wrapped(text: str) -> str:
    """Wrap what is too long for a phone; an address is never cut."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if len(line) <= TEXT_COLUMNS or "://" in line:
            lines.append(line.rstrip())
        else:
            lines += textwrap.wrap(line, TEXT_COLUMNS, break_on_hyphens=False)
    return "\n".join(lines)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return text[: longest - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _person(name: str) -> str:
    return _cut(one_line(name), _LONGEST_NAME)


_FILTERS: Mapping[str, Callable[..., str]] = {
    "counted": counted,
    "long_date": long_date,
    "month_name": month_name,
    "new_york_stamp": new_york_stamp,
    "person": _person,
    "to_the_right": _to_the_right,
}
