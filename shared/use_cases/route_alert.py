"""Tell people of an alert: record it, then Telegram, then e-mail where it matters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.alert_text import alert_mail, telegram_text
from shared.domain.alerts import Alert, Severity
from shared.domain.errors import AdapterError
from shared.ports.alert_deliveries import AlertDeliveries
from shared.ports.alerts import AlertLog
from shared.ports.chat import ChatMessage, Messenger
from shared.ports.clock import Clock
from shared.ports.mail import Mail, Mailer, MailUnconfirmed
from shared.ports.settings_book import SettingsBook

DELIVERED = ""
UNCONFIRMED = "unconfirmed"
"""The answer was lost: neither delivered nor to be sent again."""


class Routing(StrEnum):
    """What came of an alert."""

    TOLD = "told"
    COUNTED = "counted"
    NOBODY_TO_TELL = "nobody_to_tell"


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingPorts:
    """What telling people takes.

    Attributes:
        clock: Market time.
        log: Recorded alerts.
        deliveries: What became of them on each channel.
        settings: Who is told.
        messenger: Telegram.
        mailer: E-mail.
        dashboard_url: Address of the dashboard, for links.
    """

    clock: Clock
    log: AlertLog
    deliveries: AlertDeliveries
    settings: SettingsBook
    messenger: Messenger
    mailer: Mailer
    dashboard_url: str


def route_alert(alert: Alert, *, redelivered: bool, ports: RoutingPorts) -> Routing:
    """Tell every admin of an alert, once.

    - The first of its key is told; the same fact told again only counts.
    - Every admin chat gets every alert. Admins get mail of CRITICAL ones, and of any that did
      not reach some chat (or where there is none).
    - One channel's failure holds up no other. Each channel's outcome is recorded as it is known.
    - Where nobody could be told, the message is to be delivered again. A redelivery goes on
      where the attempt before it stopped, and so does the next of its key after an attempt that
      reached nobody: whoever was told stays told once.

    Args:
        alert: What happened.
        redelivered: True where this message was delivered before.
        ports: What it takes.

    Raises:
        AdapterError: Nobody could be told, or the database failed.
    """
    first = ports.log.record(alert)
    past = {} if first else dict(ports.deliveries.of(alert.key))
    if not (first or redelivered or _reached_nobody(past)):
        return Routing.COUNTED
    before = dict(past)
    recipients = ports.settings.alert_recipients()
    for chat_id in recipients.telegram_chat_ids:
        _tell_chat(alert, chat_id, past, ports)
    if alert.severity is Severity.CRITICAL or not _all_delivered(past, "telegram"):
        for address in recipients.emails:
            _tell_by_mail(alert, address, past, ports)
    if not past:
        return Routing.NOBODY_TO_TELL
    if DELIVERED not in past.values():
        raise AdapterError("alerts", f"nobody could be told of {alert.key}", retryable=True)
    return Routing.TOLD if past != before else Routing.COUNTED


def channel_name(medium: str, address: str) -> str:
    """Name a channel without printing an address: telegram_1f3c9a02."""
    return f"{medium}_{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def _reached_nobody(past: Mapping[str, str]) -> bool:
    return bool(past) and DELIVERED not in past.values()


def _all_delivered(past: Mapping[str, str], medium: str) -> bool:
    outcomes = [error for channel, error in past.items() if channel.startswith(medium)]
    return bool(outcomes) and all(error == DELIVERED for error in outcomes)


def _tell_chat(alert: Alert, chat_id: str, past: dict[str, str], ports: RoutingPorts) -> None:
    channel = channel_name("telegram", chat_id)
    if past.get(channel) == DELIVERED:
        return
    outcome = DELIVERED
    try:
        ports.messenger.send(
            ChatMessage(
                chat_id=int(chat_id),
                text=telegram_text(alert, dashboard_url=ports.dashboard_url),
                silent=alert.severity is Severity.INFO,
            )
        )
    except ValueError:
        outcome = "the chat id in settings/alerts is not a number"
    except AdapterError as error:
        outcome = str(error)
    _note(alert, channel, outcome, past, ports)


def _tell_by_mail(alert: Alert, address: str, past: dict[str, str], ports: RoutingPorts) -> None:
    channel = channel_name("email", address)
    if past.get(channel) in (DELIVERED, UNCONFIRMED):
        return
    mail = alert_mail(alert, dashboard_url=ports.dashboard_url)
    outcome = DELIVERED
    try:
        ports.mailer.send(
            Mail(
                to=address,
                subject=mail.subject,
                text=mail.text,
                html=mail.html,
                outbox_id=f"{alert.key}~{channel}",
            )
        )
    except MailUnconfirmed:
        outcome = UNCONFIRMED
    except AdapterError as error:
        outcome = str(error)
    _note(alert, channel, outcome, past, ports)


def _note(
    alert: Alert, channel: str, outcome: str, past: dict[str, str], ports: RoutingPorts
) -> None:
    past[channel] = outcome
    ports.log.delivered(alert.key, channel, error=outcome, at=ports.clock.now())
