"""`Publisher` that keeps what it was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.errors import AdapterError
from shared.ports.publisher import NO_ATTRIBUTES


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    topic: str
    data: dict[str, object]
    attributes: dict[str, str]
    ordering_key: str


class RecordingPublisher:
    """Keeps messages in order; fails as often as `failures` says first."""

    def __init__(self, *, failures: int = 0) -> None:
        self.published: list[Published] = []
        self.failures = failures

    def publish(
        self,
        topic: str,
        data: Mapping[str, object],
        *,
        attributes: Mapping[str, str] = NO_ATTRIBUTES,
        ordering_key: str = "",
    ) -> str:
        if self.failures:
            self.failures -= 1
            raise AdapterError("pubsub", "the topic did not take the message", retryable=True)
        self.published.append(
            Published(
                topic=topic,
                data=dict(data),
                attributes=dict(attributes),
                ordering_key=ordering_key,
            )
        )
        return str(len(self.published))
