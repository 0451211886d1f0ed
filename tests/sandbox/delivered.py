"""What reached people: Telegram messages, mails, and the daily summary through its link."""

from __future__ import annotations

import re
from dataclasses import dataclass

import requests

from shared.domain.alert_text import alert_title
from shared.domain.alerts import Alert
from tests.sandbox.addresses import Addresses

_SECONDS = 30
_LINK = re.compile(r"(https?://[^\s\"'<>]+#[\w.~-]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """What the outside world received.

    Attributes:
        telegram_texts: In the order they came.
        mail_subjects: In the order they came.
        telegram_alerts: Telegram messages about alerts.
        alert_mails: Mails about alerts.
        report_link: The link in the summary's mail; empty without one.
        report_pdf: What the link led to; empty without a link.
    """

    telegram_texts: tuple[str, ...]
    mail_subjects: tuple[str, ...]
    telegram_alerts: int
    alert_mails: int
    report_link: str
    report_pdf: bytes


def read_delivered(addresses: Addresses, alerts: tuple[Alert, ...]) -> Delivered:
    """Ask the stand-ins what they received, and follow the summary's link as a reader would."""
    chats = requests.get(f"{addresses.url('telegram')}/_sandbox/messages", timeout=_SECONDS).json()
    mails = requests.get(f"{addresses.url('sendgrid')}/_sandbox/messages", timeout=_SECONDS).json()
    titles = {alert_title(alert) for alert in alerts}
    texts = tuple(str(chat["text"]) for chat in chats)
    subjects = tuple(str(mail["body"]["subject"]) for mail in mails)
    links = [link for mail in mails for link in _LINK.findall(str(mail))]
    return Delivered(
        telegram_texts=texts,
        mail_subjects=subjects,
        telegram_alerts=sum(_is_about(text, titles) for text in texts),
        alert_mails=sum(_is_about(subject, titles) for subject in subjects),
        report_link=links[0] if links else "",
        report_pdf=_follow(links[0]) if links else b"",
    )


def _is_about(text: str, titles: set[str]) -> bool:
    return any(title in text for title in titles)


def _follow(link: str) -> bytes:
    """Open a report link: the token after `#` is posted, the answer redirects to the file."""
    page, _, token = link.partition("#")
    answer = requests.post(page, json={"token": token}, timeout=_SECONDS, allow_redirects=True)
    return answer.content
