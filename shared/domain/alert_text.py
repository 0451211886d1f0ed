"""Alerts as people read them: on a phone in Telegram, and by e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from shared.domain.alerts import Alert, AlertType, Severity
from shared.domain.figures_text import in_words, new_york_clock

LONGEST_MESSAGE = 2000
"""Telegram takes 4,096 characters; a phone's reader takes fewer."""

_LONGEST_SUBJECT = 200
_ICONS = {Severity.CRITICAL: "\N{LARGE RED CIRCLE}", Severity.WARNING: "\N{LARGE ORANGE CIRCLE}"}
_INFO_ICON = "\N{LARGE BLUE CIRCLE}"
_COLORS = {Severity.CRITICAL: "#b42318", Severity.WARNING: "#b54708", Severity.INFO: "#175cd3"}

_TITLES: dict[AlertType, str] = {
    AlertType.SIGNAL_INVALID: "The signal cannot be read",
    AlertType.SIGNAL_MISSING: "No signal today",
    AlertType.SIGNAL_CHANGED: "The signal was edited",
    AlertType.SIGNAL_UNVERIFIED: "The signal was not verified",
    AlertType.SHEET_UNREADABLE: "The leader sheet cannot be read",
    AlertType.NO_MARGIN: "Not enough margin",
    AlertType.MID_TOO_LOW: "The credit is too small",
    AlertType.MID_TOO_HIGH: "The credit is too good to be true",
    AlertType.QUOTE_UNUSABLE: "No usable quote",
    AlertType.LIMIT_REACHED: "Limit reached without a full fill",
    AlertType.ORDER_REJECTED: "The broker rejected an order",
    AlertType.ORDER_UNCONFIRMED: "An order is unconfirmed",
    AlertType.CONTRACT_UNKNOWN: "The broker does not know the contract",
    AlertType.PLAN_MISMATCH: "A planned order does not add up",
    AlertType.GATEWAY_UNREACHABLE: "A login cannot be reached",
    AlertType.MARKET_DATA_STALE: "Market data is stale",
    AlertType.POSITION_MISMATCH: "Books and broker disagree",
    AlertType.EXTERNAL_TRADE: "Somebody else traded",
    AlertType.ASSIGNMENT_DETECTED: "Short options assigned",
    AlertType.ASSIGNMENT_COMPENSATED: "Assignment cleared up",
    AlertType.TIME_VALUE_RISK: "Little time value is left",
    AlertType.TIME_VALUE_CRITICAL: "A spread is closed for its time value",
    AlertType.CLOSE_FAILED: "A position could not be closed",
    AlertType.EOD_CLOSE_FAILED: "Still open near the close",
    AlertType.FLATTENED: "Everything is flat",
    AlertType.FLATTEN_FAILED: "Not everything is flat",
    AlertType.DAILY_LOSS: "A follower's daily loss limit is reached",
    AlertType.MARKS_MISSING: "Marks are missing",
    AlertType.REPORT_FAILED: "A report could not be written",
    AlertType.BROKER_STATEMENT_MISMATCH: "Broker statement and books differ",
    AlertType.BROKER_STATEMENT_MISSING: "A broker statement is missing",
    AlertType.ROLLUP_NOT_FINAL: "Figures are still provisional",
    AlertType.STATEMENT_HELD: "Statements were not issued",
    AlertType.STATEMENT_ADJUSTED: "A billed month has changed",
    AlertType.FX_RATE_MISSING: "The euro rate is missing",
    AlertType.MAIL_UNRESOLVED: "Nobody knows whether a mail went out",
    AlertType.MAIL_BOUNCED: "A mail came back",
    AlertType.COMPONENT_DOWN: "A component is down",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertMail:
    """An alert as a mail.

    Attributes:
        subject: Subject line.
        text: Plain-text version.
        html: HTML version.
    """

    subject: str
    text: str
    html: str


def alert_title(alert: Alert) -> str:
    """Say an alert's type in words."""
    return _TITLES.get(alert.alert_type) or in_words(alert.alert_type)


def telegram_text(alert: Alert, *, dashboard_url: str) -> str:
    """Write an alert in Telegram's HTML subset, for the width of a phone.

    Escapes what others wrote, as https://core.telegram.org/bots/api#html-style asks.
    """
    icon = _ICONS.get(alert.severity, _INFO_ICON)
    lines = [
        f"{icon} <b>{escape(alert_title(alert))}</b>",
        f"<i>{alert.severity} \N{MIDDLE DOT} {escape(_cut(alert.subject, _LONGEST_SUBJECT))}</i>",
        "",
        escape(_cut(alert.message, LONGEST_MESSAGE), quote=False),
        "",
        _when(alert),
        f'<a href="{escape(_address(alert, dashboard_url))}">Open in the dashboard</a>',
    ]
    return "\n".join(lines)


def alert_mail(alert: Alert, *, dashboard_url: str) -> AlertMail:
    """Write an alert as a mail."""
    title, address = alert_title(alert), _address(alert, dashboard_url)
    about = _cut(alert.subject, _LONGEST_SUBJECT)
    text = "\n".join(
        [
            f"{title} ({alert.severity})",
            about,
            "",
            _cut(alert.message, LONGEST_MESSAGE),
            "",
            _when(alert),
            f"Dashboard: {address}",
        ]
    )
    subject = " ".join(f"[{alert.severity}] {title}: {about}".split())
    return AlertMail(subject=_cut(subject, 150), text=text, html=_mail_html(alert, address))


def _mail_html(alert: Alert, address: str) -> str:
    color = _COLORS[alert.severity]
    about = escape(_cut(alert.subject, _LONGEST_SUBJECT))
    body = escape(_cut(alert.message, LONGEST_MESSAGE)).replace("\n", "<br>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"></head>'
        '<body style="margin:0;padding:24px;background:#f4f5f7;'
        'font-family:Helvetica,Arial,sans-serif;color:#1d2939">'
        '<div style="max-width:560px;margin:0 auto;background:#ffffff;border-radius:8px;'
        f'border-top:4px solid {color};padding:24px">'
        f'<p style="margin:0;color:{color};font-size:13px;font-weight:bold">{alert.severity}</p>'
        f'<h1 style="margin:4px 0 2px;font-size:20px">{escape(alert_title(alert))}</h1>'
        f'<p style="margin:0 0 16px;color:#667085;font-size:14px">{about}</p>'
        f'<p style="margin:0 0 16px;font-size:15px;line-height:1.5">{body}</p>'
        f'<p style="margin:0 0 20px;color:#667085;font-size:13px">{_when(alert)}</p>'
        f'<a href="{escape(address)}" style="display:inline-block;background:#1d2939;'
        "color:#ffffff;padding:10px 16px;border-radius:6px;text-decoration:none;"
        'font-size:14px">Open in the dashboard</a></div></body></html>'
    )


def _address(alert: Alert, dashboard_url: str) -> str:
    return f"{dashboard_url.rstrip('/')}/alerts/{quote(alert.key, safe='~')}"


def _when(alert: Alert) -> str:
    clock = new_york_clock(alert.raised_at, seconds=True)
    return f"Session {alert.session_date} \N{MIDDLE DOT} {clock} New York"


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return text[: longest - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
