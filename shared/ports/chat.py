"""Chat: sends a message to a person or a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatMessage:
    """One message.

    Attributes:
        chat_id: The chat, as the service numbers it; groups are negative.
        text: The text in the service's HTML subset (b, i, u, s, code, pre, a, blockquote), with
            `<`, `>` and `&` of the content escaped. 4,096 characters at most after parsing.
        silent: Deliver without a sound.
    """

    chat_id: int
    text: str
    silent: bool = False


class Messenger(Protocol):
    """Sends chat messages."""

    def send(self, message: ChatMessage) -> int:
        """Send one message and return its id within the chat.

        Raises:
            AdapterError: It was not sent; `retryable` and `retry_after_seconds` say what to do.
        """
        ...
