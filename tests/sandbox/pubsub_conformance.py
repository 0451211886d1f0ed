"""What Pub/Sub does with the answers of a push endpoint, and what it adds to a delivery."""

from __future__ import annotations

from dataclasses import dataclass

_PUSH = "https://cloud.google.com/pubsub/docs/push#receive_push"
_DEAD_LETTER = "https://cloud.google.com/pubsub/docs/dead-letter-topics"
_DELIVERY_ATTEMPT = "https://cloud.google.com/pubsub/docs/handling-failures#track_delivery_attempts"


@dataclass(frozen=True, kw_only=True, slots=True)
class PushRow:
    """One push delivery.

    Attributes:
        name: What the row is about.
        statuses: What the function answers, attempt by attempt (0: hangs up); the last repeats.
        deliveries: How often the function is called before the message is done with.
        attempts_told: `deliveryAttempt` of each call; None where it is absent.
        dead_letters: Messages that reach the dead-letter topic.
        has_dead_letter_topic: Whether the subscription has one.
        source: Where the real behavior is written.
    """

    name: str
    statuses: tuple[int, ...]
    deliveries: int
    source: str
    attempts_told: tuple[int | None, ...] = (None,)
    dead_letters: int = 0
    has_dead_letter_topic: bool = False


ROWS: tuple[PushRow, ...] = (
    *(
        PushRow(name=f"{status} acknowledges", statuses=(status,), deliveries=1, source=_PUSH)
        for status in (200, 201, 202, 204)
    ),
    *(
        PushRow(
            name=f"{status} asks for another delivery",
            statuses=(status, 204),
            deliveries=2,
            attempts_told=(None, None),
            source=_PUSH,
        )
        for status in (0, 206, 302, 400, 404, 409, 429, 500, 503)
    ),
    PushRow(
        name="attempts are told where there is a dead-letter topic",
        statuses=(500, 204),
        deliveries=2,
        attempts_told=(1, 2),
        has_dead_letter_topic=True,
        source=_DELIVERY_ATTEMPT,
    ),
    PushRow(
        name="the fifth failure moves the message to the dead-letter topic",
        statuses=(500,),
        deliveries=5,
        attempts_told=(1, 2, 3, 4, 5),
        dead_letters=1,
        has_dead_letter_topic=True,
        source=_DEAD_LETTER,
    ),
)
