"""Traps: at one exact point of a job's work it is killed, or the answer to it gets lost; once."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from google.pubsub_v1.types import PublishRequest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sandbox.pubsub_gate import PubsubGate
from tests.sandbox.sendgrid_faults import LostAnswer

SPRUNG = "sprung"
"""File beside the process ids that says that the trap has done its work."""


class Spot(StrEnum):
    """Where a trap lies; the work is done there, and the answer has not gone out yet."""

    PUBLISHES = "publishes"
    """A job publishes a message."""
    STORES = "stores"
    """A job stores a file."""
    MAILS = "mails"
    """A job hands a mail over."""


@dataclass(kw_only=True, slots=True)
class Trap:
    """One trap.

    Attributes:
        spot: Where it lies.
        marker: Part of the topic, address or body of the request that springs it.
        victim: Which processes are killed: a pattern of file names `{verb}~{task}~{execution}`;
            empty where nobody is, and the answer gets lost instead.
        ids: Folder of those files, see `task`.
        is_sprung: Whether it has done its work.
    """

    spot: Spot
    marker: str
    victim: str
    ids: Path
    is_sprung: bool = False

    @classmethod
    def read(cls, config: Mapping[str, str] | None, ids: Path) -> Trap | None:
        """Read it from what the world process is told; None where there is none."""
        if config is None:
            return None
        return cls(
            spot=Spot(config["spot"]), marker=config["marker"], victim=config["victim"], ids=ids
        )

    def spring(self, spot: Spot, said: bytes) -> bool:
        """Do its work, if this is the point."""
        if self.is_sprung or spot is not self.spot or self.marker.encode() not in said:
            return False
        self.is_sprung = self._killed() if self.victim else True
        if self.is_sprung:
            (self.ids / SPRUNG).touch()
        return self.is_sprung

    def _killed(self) -> bool:
        found = [int(one.read_text() or 0) for one in sorted(self.ids.glob(self.victim))]
        alive = [number for number in found if _is_a_job(number)]
        for number in alive:
            os.kill(number, signal.SIGKILL)
        return bool(alive)


def _is_a_job(number: int) -> bool:
    """Tell whether a process id is still that of a job of ours, and of nobody else."""
    try:
        command = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"tests.sandbox.month.task" in command


def trapped(app: ASGIApp, trap: Trap | None, spot: Spot) -> ASGIApp:
    """A stand-in with a trap behind it."""
    if trap is None or trap.spot is not spot:
        return app
    return _Trapped(app, trap)


class _Trapped:
    def __init__(self, app: ASGIApp, trap: Trap) -> None:
        self._app = app
        self._trap = trap

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said: list[bytes] = [f"{scope['method']} {scope['path']} ".encode()]
        answered: list[Message] = []

        async def listen() -> Message:
            message = await receive()
            said.append(message.get("body", b""))
            return message

        async def keep(message: Message) -> None:
            answered.append(message)

        await self._app(scope, listen, keep)
        if self._trap.spring(self._trap.spot, b"".join(said)) and not self._trap.victim:
            await LostAnswer()(scope, receive, send)
            return
        for message in answered:
            await send(message)


class TrappedGate(PubsubGate):
    """The gate to Pub/Sub, with a trap where a job publishes."""

    trap: Trap | None = None

    def _push(self, request: PublishRequest, message_ids: Sequence[str]) -> None:
        if self.trap is not None:
            told = b" ".join(one.data for one in request.messages)
            self.trap.spring(Spot.PUBLISHES, request.topic.encode() + b" " + told)
        super()._push(request, message_ids)
