"""Commands: what operators ask of the gateway; its leader works them off, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from shared.domain.errors import InvalidInput

CommandId = NewType("CommandId", str)


class CommandVerb(StrEnum):
    """What is asked; the subject it needs stands behind it."""

    CANCEL_ORDER = "cancel_order"
    """An order id."""
    CLOSE_POSITION = "close_position"
    """A position id."""
    CLOSE_FOLLOWER = "close_follower"
    """A follower id."""
    RECONNECT = "reconnect"
    """A login id."""
    HOLD = "hold"
    """A login id: it is disconnected and stays so."""
    RELEASE = "release"
    """A login id that is held."""
    RESTART = "restart"
    """`gateway-{shard}`."""


class CommandState(StrEnum):
    """Where a command stands."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One command.

    Attributes:
        command_id: A ULID; also the document's id.
        verb: What is asked.
        subject: Of whom or what.
        actor: Who asks.
        asked_at: When (UTC, market time), like every `_at` here.
        expires_at: From then on it is not begun any more.
        shard: The gateway shard that it is for.
        state: Where it stands.
        reason: Why it was refused or expired, or what was found done already.
        finished_at: End.
        fencing_token: Token of the leader that finished it.
        traceparent: W3C trace context.

    Raises:
        InvalidInput: The subject or the actor is empty, or it expires before it was asked.
    """

    command_id: CommandId
    verb: CommandVerb
    subject: str
    actor: str
    asked_at: datetime
    expires_at: datetime
    shard: int = 0
    state: CommandState = CommandState.ASKED
    reason: str = ""
    finished_at: datetime | None = None
    fencing_token: int | None = None
    traceparent: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody could work off."""
        for name, text in (("subject", self.subject), ("actor", self.actor)):
            if not text.strip():
                raise InvalidInput(name, "is empty")
        if self.expires_at <= self.asked_at:
            raise InvalidInput("expires_at", "is not after asked_at")


@dataclass(frozen=True, kw_only=True, slots=True)
class MalformedCommand:
    """A document that is no command.

    Attributes:
        command_id: The document's id.
        fault: Which field is wrong, and how.
    """

    command_id: CommandId
    fault: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandEnd:
    """How a command ended.

    Attributes:
        state: DONE, REFUSED or EXPIRED.
        reason: Why, or what was found; may be empty where it is done.
    """

    state: CommandState
    reason: str = ""


def done(reason: str = "") -> CommandEnd:
    """End a command as done."""
    return CommandEnd(state=CommandState.DONE, reason=reason)


def refused(reason: str) -> CommandEnd:
    """End a command as refused."""
    return CommandEnd(state=CommandState.REFUSED, reason=reason)


def expired(reason: str) -> CommandEnd:
    """End a command as expired."""
    return CommandEnd(state=CommandState.EXPIRED, reason=reason)


def standing_holds(finished: Iterable[Command]) -> tuple[Command, ...]:
    """Find the holds that no later release ended, one per login, in login order.

    Args:
        finished: Commands of any kind; those that were not done count for nothing.
    """
    last: dict[str, Command] = {}
    for command in sorted(finished, key=lambda one: one.command_id):
        is_switch = command.verb in (CommandVerb.HOLD, CommandVerb.RELEASE)
        if is_switch and command.state is CommandState.DONE:
            last[command.subject] = command
    return tuple(last[key] for key in sorted(last) if last[key].verb is CommandVerb.HOLD)
