"""A job that is killed between SendGrid's accept and its own record: one mail, and its fate known.

The job is a process of its own, over sockets to the stand-in and the Firestore emulator. SendGrid
accepts the mail and is slow to answer; the process is killed (SIGKILL) while it waits.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.firestore.codec import decode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.domain.alerts import Alert, AlertType
from shared.domain.outbox import OutboxRow, OutboxState, ResolvedBy
from shared.ports.documents import Query
from tests.booked_day import put_recipients, put_the_day
from tests.builders import SESSION_DATE
from tests.fakes.clock import ManualClock
from tests.functions.outside import Outside
from tests.functions.webhooks import over_http, post_events
from tests.summaries import days

_ROOT = Path(__file__).parents[2]
_ADDRESS = "ada@spreadpilot.example"
_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Killed:
    """What a killed job left behind."""

    world: Outside

    def row(self) -> OutboxRow:
        (found,) = self.world.documents.find(Query(collection="emails"))
        return decode(OutboxRow, found.data)

    def mails(self) -> int:
        return len(self.world.messages("sendgrid"))

    def rerun(self) -> int:
        """Run the job to its end, as the scheduler would; its exit code."""

        async def run() -> int:
            process = await _start(self.world)
            async with asyncio.timeout(_SECONDS):
                return await process.wait()

        return asyncio.run(run())

    def tell(self, *kinds: str) -> None:
        """Carry events from SendGrid through both functions into the row."""
        clock = ManualClock(self.row().claimed_at)
        with self.world.function("mail_events", clock) as webhook, over_http(webhook) as url:
            assert post_events(self.world, url, self.row().outbox_id, *kinds, copies=2) == 204
        (message,) = self.world.published("mail-events", 1)
        with self.world.function("record_mail", clock) as recorder:
            assert recorder.push(message) == 204

    def tick(self, *, minutes: int) -> None:
        """Tick the sweep, so many minutes after the claim."""
        clock = ManualClock(self.row().claimed_at + timedelta(minutes=minutes))
        with self.world.function("record_mail", clock) as recorder:
            assert recorder.push({}) == 204

    def alerts(self) -> list[tuple[object, object]]:
        """Alerts so far, which a marker ends."""
        marker = Alert(
            alert_type=AlertType.COMPONENT_DOWN,
            subject="marker",
            message="The test ends.",
            session_date=SESSION_DATE,
            raised_at=self.row().claimed_at,
        )
        clock = ManualClock(self.row().claimed_at)
        with self.world.function("record_mail", clock) as recorder:
            recorder.services.alarm.raise_alert(marker)
        found: list[tuple[object, object]] = []
        while not found or found[-1][1] != "marker":
            found += [
                (one["alert_type"], one["subject"]) for one in self.world.published("alerts", 1)
            ]
        return found[:-1]


async def _start(world: Outside) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jobs", "write-day-summary", "--date", SESSION_DATE),
        cwd=_ROOT,
        env={"PATH": os.environ["PATH"], **world.environment},
        stdout=asyncio.subprocess.DEVNULL,
    )


async def _kill_between_accept_and_record(world: Outside) -> None:
    process = await _start(world)
    async with asyncio.timeout(_SECONDS):
        while not await asyncio.to_thread(world.messages, "sendgrid"):
            assert process.returncode is None
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL


@pytest.fixture
def killed(world: Outside) -> Killed:
    put_the_day(world.documents)
    FirestoreDailyPnl(world.documents).write(days())
    put_recipients(world.documents, emails=(_ADDRESS,))
    world.tell("sendgrid", "POST", "faults", {"fault": "slow_answer", "seconds": _SECONDS})
    asyncio.run(_kill_between_accept_and_record(world))
    left = Killed(world=world)
    assert (left.mails(), left.row().state) == (1, OutboxState.SENDING)
    return left


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        (("processed",), OutboxState.SENT),
        (("delivered", "processed"), OutboxState.DELIVERED),
        (("bounce", "delivered"), OutboxState.BOUNCED),
    ],
    ids=["accepted", "delivered", "bounced"],
)
def test_an_event_tells_what_became_of_it_and_nothing_is_sent_again(
    killed: Killed, kinds: tuple[str, ...], state: OutboxState
) -> None:
    killed.tell(*kinds)
    assert (killed.row().state, killed.row().resolved_by) == (state, ResolvedBy.EVENT)
    assert killed.rerun() == 0
    killed.tick(minutes=31)
    assert (killed.mails(), killed.row().state) == (1, state)
    bounced = [(AlertType.MAIL_BOUNCED, f"daily-{SESSION_DATE}")]
    assert killed.alerts() == (bounced if state is OutboxState.BOUNCED else [])


def test_without_an_event_it_is_held_told_once_and_never_sent_again(killed: Killed) -> None:
    assert killed.rerun() == 0
    for minutes in (10, 20, 30, 40, 50):
        killed.tick(minutes=minutes)
    assert killed.rerun() == 0
    assert (killed.mails(), killed.row().state) == (1, OutboxState.SENDING)
    assert killed.alerts() == [(AlertType.MAIL_UNRESOLVED, killed.row().outbox_id)]
    # An event that comes at last still settles it.
    killed.tell("delivered")
    assert (killed.mails(), killed.row().state) == (1, OutboxState.DELIVERED)


def test_a_broken_connection_is_as_unknown_as_a_death(world: Outside) -> None:
    put_the_day(world.documents)
    FirestoreDailyPnl(world.documents).write(days())
    put_recipients(world.documents, emails=(_ADDRESS,))
    world.tell("sendgrid", "POST", "faults", {"fault": "lost_answer"})
    left = Killed(world=world)
    assert [left.rerun(), left.rerun()] == [0, 0]
    assert (left.mails(), left.row().state) == (1, OutboxState.SENDING)
    left.tell("delivered")
    assert (left.mails(), left.row().state) == (1, OutboxState.DELIVERED)
