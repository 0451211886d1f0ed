"""`Messenger` that keeps what it was given."""

from __future__ import annotations

from shared.domain.errors import AdapterError
from shared.ports.chat import ChatMessage


class RecordingMessenger:
    """Keeps messages in order; refuses those to the chats in `refused`."""

    def __init__(self) -> None:
        self.sent: list[ChatMessage] = []
        self.refused: set[int] = set()

    def send(self, message: ChatMessage) -> int:
        if message.chat_id in self.refused:
            raise AdapterError("telegram", "chat not found", retryable=False)
        self.sent.append(message)
        return len(self.sent)
