"""Who is told of alerts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRecipients:
    """Admins who are told.

    Attributes:
        telegram_chat_ids: Chats that get every alert.
        emails: Addresses that get CRITICAL alerts, and all where Telegram fails.
    """

    telegram_chat_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
