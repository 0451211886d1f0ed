import html
import re
from datetime import UTC, datetime

import pytest

from shared.domain.alert_text import LONGEST_MESSAGE, alert_mail, alert_title, telegram_text
from shared.domain.alerts import SEVERITY, Alert, AlertType

NOW = datetime(2026, 11, 27, 14, 28, 5, tzinfo=UTC)
DASHBOARD = "https://dash.example.com/"


def an_alert(
    alert_type: AlertType = AlertType.SIGNAL_INVALID,
    *,
    subject: str = "D7 (Qty_Per_Leg)",
    message: str = "The quantity is not a number.",
) -> Alert:
    return Alert(
        alert_type=alert_type,
        subject=subject,
        message=message,
        session_date="2026-11-27",
        raised_at=NOW,
    )


def test_telegram_says_what_whose_when_and_where() -> None:
    assert telegram_text(an_alert(), dashboard_url=DASHBOARD).split("\n") == [
        "\N{LARGE RED CIRCLE} <b>The signal cannot be read</b>",
        "<i>CRITICAL \N{MIDDLE DOT} D7 (Qty_Per_Leg)</i>",
        "",
        "The quantity is not a number.",
        "",
        "Session 2026-11-27 \N{MIDDLE DOT} 09:28:05 New York",
        '<a href="https://dash.example.com/alerts/'
        'SIGNAL_INVALID~2026-11-27~D7%20%28Qty_Per_Leg%29">Open in the dashboard</a>',
    ]


def test_what_others_wrote_is_never_markup() -> None:
    alert = an_alert(subject='<b>"&', message="<script>alert('x')</script> & more")
    text = telegram_text(alert, dashboard_url=DASHBOARD)
    assert "<script>" not in text
    assert "&lt;script&gt;alert('x')&lt;/script&gt; &amp; more" in text
    assert "<script>" not in alert_mail(alert, dashboard_url=DASHBOARD).html


@pytest.mark.parametrize("alert_type", list(AlertType))
def test_every_type_is_said_in_words(alert_type: AlertType) -> None:
    title = alert_title(an_alert(alert_type))
    assert "_" not in title
    assert title[0].isupper()
    assert len(title) <= 40


@pytest.mark.parametrize("alert_type", list(AlertType))
def test_every_severity_has_its_color_and_name(alert_type: AlertType) -> None:
    mail = alert_mail(an_alert(alert_type), dashboard_url=DASHBOARD)
    assert mail.subject.startswith(f"[{SEVERITY[alert_type]}] ")
    assert SEVERITY[alert_type] in telegram_text(an_alert(alert_type), dashboard_url=DASHBOARD)


def test_a_long_message_fits_into_telegram() -> None:
    text = telegram_text(an_alert(message="<" * 10_000, subject="&" * 500), dashboard_url=DASHBOARD)
    shown = html.unescape(re.sub(r"<[^>]*>", "", text))
    assert len(shown) <= 4096
    assert "<" * (LONGEST_MESSAGE - 1) + "\N{HORIZONTAL ELLIPSIS}" in shown


def test_a_mail_has_one_line_of_subject_whatever_the_alert_holds() -> None:
    mail = alert_mail(an_alert(subject="two\nlines\r\n" + "x" * 300), dashboard_url=DASHBOARD)
    assert "\n" not in mail.subject
    assert len(mail.subject) <= 150


def test_the_plain_mail_tells_the_same() -> None:
    mail = alert_mail(an_alert(), dashboard_url=DASHBOARD)
    assert mail.subject == "[CRITICAL] The signal cannot be read: D7 (Qty_Per_Leg)"
    for said in ("The quantity is not a number.", "09:28:05 New York", "/alerts/SIGNAL_INVALID"):
        assert said in mail.text
        assert said in mail.html
