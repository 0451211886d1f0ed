"""While the database is away: people are paged directly, with the positions that need a hand.

Everything else goes on by itself then: the kill switch grows old and halts, so that working
openings are canceled while the lease still stands; the lease runs out, and with it every write;
connections and monitors run on what is in memory. Nothing here depends on the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from shared.adapters.json_log import log_event
from shared.domain.alert_routing import AlertRecipients
from shared.domain.errors import AdapterError, InvalidInput
from shared.ports.chat import ChatMessage, Messenger
from shared.ports.settings_book import RecipientsReader

_LOOK_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0
_REPEAT_SECONDS = 900.0
_REFRESH_SECONDS = 300.0
_RETRY_SECONDS = 30.0
_ANSWER_SECONDS = 5.0


class DirectMessenger(Protocol):
    """A way to people that needs no database."""

    async def prepare(self) -> None:
        """Have ready what cannot be fetched in an outage; a repeat is a no-op.

        Raises:
            AdapterError: If it could not be had now.
        """

    async def send(self, message: ChatMessage) -> None:
        """Send one message.

        Raises:
            AdapterError: If it was not sent.
        """


class ThreadedMessenger:
    """Implements `DirectMessenger` by a blocking messenger, in a thread.

    Args:
        make: Makes it once, reading its secret; blocks.
    """

    def __init__(self, make: Callable[[], Messenger]) -> None:
        self._make = make
        self._messenger: Messenger | None = None

    async def prepare(self) -> None:
        """Make the messenger."""
        if self._messenger is None:
            self._messenger = await asyncio.to_thread(self._make)

    async def send(self, message: ChatMessage) -> None:
        """Send one message."""
        if self._messenger is None:
            raise AdapterError("telegram", "its secret was never read", retryable=True)
        await asyncio.to_thread(self._messenger.send, message)


class OutagePager:
    """Watches whether the database answers, and pages where it does not.

    Args:
        is_reachable: Whether the database gave a sign of life lately.
        recipients: Who is told; asked while the database answers, remembered while it does not.
        messenger: The direct way to them.
        now: Market time.
        page: Writes what is told, given when the database was last heard of.
        recovery: Writes that it is back.
    """

    def __init__(
        self,
        *,
        is_reachable: Callable[[], bool],
        recipients: RecipientsReader,
        messenger: DirectMessenger,
        now: Callable[[], datetime],
        page: Callable[[datetime], str],
        recovery: Callable[[], str],
    ) -> None:
        self._is_reachable = is_reachable
        self._recipients = recipients
        self._messenger = messenger
        self._now = now
        self._page = page
        self._recovery = recovery
        self._known = AlertRecipients()
        self._known_until = 0.0

    async def watch(self) -> None:
        """Watch for ever, on the machine's clock."""
        loop = asyncio.get_running_loop()
        heard_at, heard_at_market = loop.time(), self._now()
        page_at: float | None = None
        while True:
            now = loop.time()
            if self._is_reachable():
                heard_at, heard_at_market = now, self._now()
                if page_at is not None:
                    page_at = None
                    await self._send(self._recovery())
                await self._prepare(now)
            elif now >= (heard_at + _PATIENCE_SECONDS if page_at is None else page_at):
                page_at = now + _REPEAT_SECONDS
                await self._send(self._page(heard_at_market))
            await asyncio.sleep(_LOOK_SECONDS)

    async def _prepare(self, now: float) -> None:
        """Have ready what cannot be fetched in an outage: the bot's token, the recipients."""
        if now < self._known_until:
            return
        self._known_until = now + _REFRESH_SECONDS
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                self._known = await self._recipients.alert_recipients()
            await self._messenger.prepare()
        except (AdapterError, InvalidInput, TimeoutError) as error:
            self._known_until = now + _RETRY_SECONDS
            log_event("pager_not_ready", severity="WARNING", why=str(error) or "no answer")

    async def _send(self, text: str) -> None:
        chats = self._known.telegram_chat_ids
        log_event("paged_directly", severity="ERROR", chats=len(chats))
        for chat in chats:
            message = ChatMessage(chat_id=int(chat), text=text)
            try:
                await self._messenger.send(message)
            except AdapterError as error:
                log_event("page_failed", severity="ERROR", why=str(error))
