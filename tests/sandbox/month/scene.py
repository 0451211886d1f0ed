"""What is done to a running month from outside: time, messages, and jobs that a person starts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.cloud.pubsub_v1 import PublisherClient

from shared.adapters.session_table import session_table
from shared.domain.sessions import at_new_york
from tests.sandbox.blueprint import PROJECT, ROOT
from tests.sandbox.conductor import Stalled, Stopped
from tests.sandbox.control import Json
from tests.sandbox.ecb import ordinary_rates
from tests.sandbox.month.broker_statements import BrokerBooks
from tests.sandbox.month.ledger import Draw
from tests.sandbox.month.our_documents import OurBooks
from tests.sandbox.month.our_people import flex_query
from tests.sandbox.month.people import LOGINS
from tests.sandbox.month.seeding import Seeds
from tests.sandbox.month.stack import MonthStack
from tests.sandbox.month.world import token_of
from tests.sandbox.stack import StackError

_SECONDS = 120.0
_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRun:
    """A job that was started by hand: its exit code and what it wrote."""

    code: int
    said: str


class Scene:
    """A month under way.

    Args:
        drawn: The month.
        stack: Its processes.
    """

    def __init__(self, drawn: Draw, stack: MonthStack) -> None:
        self.drawn = drawn
        self.stack = stack
        self.seeds = Seeds(drawn, stack.documents)
        self._broker = BrokerBooks(drawn, OurBooks(drawn))

    async def until(self, date: str, wall_time: str) -> None:
        """Let market time run until a New York wall time, and fail at once if a process dies."""
        await self._conduct(at_new_york(date, wall_time))

    async def settle_down(self) -> None:
        """Let everybody finish what is under way, mail events of the next minute included."""
        await self.pass_by(_A_MINUTE)

    async def pass_by(self, time: timedelta) -> None:
        """Let market time go by."""
        await self._conduct(self.stack.conductor.now() + time)

    async def publish(self, topic: str, message: dict[str, Json]) -> None:
        """Publish a message, as a person does who asks again, and let it be worked off."""
        await asyncio.to_thread(self._publish, topic, message)
        await self.settle_down()

    async def run_job(self, *arguments: str) -> JobRun:
        """Run `python -m jobs` by hand."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jobs", *arguments),
            cwd=ROOT,
            env=self.stack.job_environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
        await self.settle_down()
        return JobRun(code=process.returncode or 0, said=output.decode())

    def statement(self, login_id: str, date: str) -> dict[str, Json]:
        """A login's statement as the broker makes it."""
        return self._broker.statement(login_id, date)

    def put_statements(self, date: str) -> None:
        """Let the broker have every login's statement of a session."""
        for login_id in LOGINS:
            self.put_statement(login_id, self.statement(login_id, date))

    def put_statement(self, login_id: str, statement: dict[str, Json]) -> None:
        """Let the broker have a statement."""
        path = f"statements/{token_of(login_id)}/{flex_query(login_id)}"
        self.stack.tell("flex", "PUT", path, statement)

    def put_rates(self, until: str) -> None:
        """Let the central bank publish its rates up to a date."""
        last = datetime.fromisoformat(until).date()
        rates: dict[str, Json] = dict(ordinary_rates(last))
        self.stack.tell("ecb", "PUT", "rates", rates)

    @property
    def first_morning(self) -> str:
        """The session after the month's last one, whose morning settles the month."""
        return str(session_table().next_session(self.drawn.dates[-1]).session_date)

    @property
    def second_morning(self) -> str:
        """The one after that."""
        return str(session_table().next_session(self.first_morning).session_date)

    def _publish(self, topic: str, message: dict[str, Json]) -> None:
        os.environ["PUBSUB_EMULATOR_HOST"] = self.stack.addresses.host("pubsub")
        publisher = PublisherClient()
        path = publisher.topic_path(PROJECT, topic)
        publisher.publish(path, json.dumps(message).encode()).result(timeout=_SECONDS)
        publisher.stop()
        publisher.transport.close()

    async def _conduct(self, end_at: datetime) -> None:
        conductor = self.stack.conductor
        conducting = asyncio.create_task(
            asyncio.to_thread(conductor.run_until, end_at, on_jump=lambda _at: None)
        )
        dying = asyncio.create_task(self.stack.first_death())
        try:
            await asyncio.wait({conducting, dying}, return_when=asyncio.FIRST_COMPLETED)
            if dying.done():
                raise StackError(dying.result())
            await conducting
        finally:
            if not conducting.done():
                conductor.stop()
            dying.cancel()
            with contextlib.suppress(Stalled, Stopped):
                await conducting
