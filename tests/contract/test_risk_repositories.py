"""Commands, spreads and reached loss limits, over memory and over Firestore."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

import pytest

from shared.adapters.firestore.breaches import AsyncFirestoreBreaches
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.commands import AsyncFirestoreCommands
from shared.adapters.firestore.leases import FirestoreLeases
from shared.adapters.firestore.settings_book import AsyncFirestoreSettings
from shared.adapters.firestore.spreads import AsyncFirestoreSpreadRecords
from shared.domain.commands import (
    Command,
    CommandId,
    CommandState,
    CommandVerb,
    MalformedCommand,
    done,
    refused,
)
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.domain.followers import FollowerId
from shared.domain.loss_limit import Breach
from shared.domain.time_value import SpreadRecord, TimeValueScope, TimeValueStatus
from shared.ports.documents import AsyncDocuments, Replace
from tests.builders import NOON, SESSION_DATE, a_spread

T = TypeVar("T")

ULID = CommandId("01JDMZ9Q0000000000000000AA")
COMMAND = Command(
    command_id=ULID,
    verb=CommandVerb.CLOSE_POSITION,
    subject="anna~QQQ-2026-11-27-P-585-590",
    actor="olga",
    asked_at=NOON,
    expires_at=NOON + timedelta(minutes=5),
)
BREACH = Breach(
    follower_id=FollowerId("anna"),
    session_date=SESSION_DATE,
    total=Decimal("-512.60"),
    limit=Decimal(500),
    at=NOON,
)


class Desk:
    """A leader of shard 0 and what it works off."""

    def __init__(self, documents: AsyncDocuments, runner: asyncio.Runner) -> None:
        self.commands = AsyncFirestoreCommands(documents)
        self.spreads = AsyncFirestoreSpreadRecords(documents)
        self.breaches = AsyncFirestoreBreaches(documents)
        self._documents = documents
        self._runner = runner
        grant = self.run(FirestoreLeases(documents).take(0, "me", seen=None))
        assert grant is not None
        self.token = grant.token

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self._runner.run(coroutine)

    def write(self, path: str, data: dict[str, object]) -> None:
        self.run(self._documents.commit([Replace(path=path, data=data)]))

    def ask(self, command: Command) -> None:
        self.write(f"commands/{command.command_id}", encode(command))

    def asked(self, shard: int = 0) -> tuple[Command | MalformedCommand, ...]:
        return self.run(self.commands.asked(shard))

    def finish(self, reason: str = "", token: int | None = None) -> bool:
        end = refused(reason) if reason else done()
        return self.run(
            self.commands.finish(
                ULID, end, at=NOON, shard=0, token=self.token if token is None else token
            )
        )

    def stored(self) -> dict[str, object]:
        snapshot = self.run(self._documents.get(f"commands/{ULID}"))
        assert snapshot is not None
        return dict(snapshot.data)


@pytest.fixture
def desk(async_documents: AsyncDocuments, runner: asyncio.Runner) -> Desk:
    return Desk(async_documents, runner)


def test_what_is_asked_is_read_and_finished_once(desk: Desk) -> None:
    desk.ask(COMMAND)
    assert desk.asked() == (COMMAND,)
    assert desk.finish("subject: no such position")
    assert desk.asked() == ()
    assert not desk.finish()
    finished = {key: desk.stored()[key] for key in ("state", "reason", "fencing_token")}
    assert finished == {
        "state": CommandState.REFUSED,
        "reason": "subject: no such position",
        "fencing_token": desk.token,
    }
    assert desk.stored()["finished_at"] == NOON
    assert desk.stored()["subject"] == COMMAND.subject


def test_a_command_of_another_shard_is_left_alone(desk: Desk) -> None:
    other = replace(COMMAND, command_id=CommandId("01JDMZ9Q0000000000000000AB"), shard=1)
    desk.ask(COMMAND)
    desk.ask(other)
    assert desk.asked() == (COMMAND,)
    assert desk.asked(1) == (other,)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verb", "explode"),
        ("subject", ""),
        ("actor", 7),
        ("expires_at", NOON - timedelta(minutes=1)),
        ("command_id", "another"),
        ("shard", "first"),
    ],
)
def test_what_is_no_command_names_the_field(desk: Desk, field: str, value: object) -> None:
    desk.write(f"commands/{ULID}", {**encode(COMMAND), field: value})
    (found,) = desk.asked()
    assert isinstance(found, MalformedCommand)
    assert found.command_id == ULID
    assert field in found.fault
    assert desk.finish(found.fault)
    assert desk.asked() == ()


def test_a_deposed_leader_finishes_nothing(desk: Desk) -> None:
    desk.ask(COMMAND)
    with pytest.raises(Conflict):
        desk.finish(token=desk.token + 1)
    assert desk.asked() == (COMMAND,)


def test_a_command_that_is_gone_cannot_be_finished(desk: Desk) -> None:
    with pytest.raises(NotFound, match=ULID):
        desk.finish()


def test_a_spread_is_one_document_for_all_who_hold_it(desk: Desk) -> None:
    spread = a_spread()
    record = SpreadRecord(
        spread_id=spread.spread_id,
        spread=spread,
        session_date=SESSION_DATE,
        status=TimeValueStatus.RISK,
        time_value=Decimal("0.455"),
        read_at=NOON,
        is_warned=True,
        warnings=2,
    )
    other = a_spread(width="10")
    desk.run(desk.spreads.write([record]))
    found = desk.run(desk.spreads.read([spread.spread_id, other.spread_id]))
    assert found == {spread.spread_id: record}
    later = replace(record, status=TimeValueStatus.SAFE, is_stale=True)
    desk.run(desk.spreads.write([later]))
    assert desk.run(desk.spreads.read([spread.spread_id])) == {spread.spread_id: later}


def test_a_reached_limit_is_kept_as_it_was_first_seen(desk: Desk) -> None:
    desk.run(desk.breaches.record(BREACH))
    desk.run(desk.breaches.record(replace(BREACH, total=Decimal(-900))))
    desk.run(desk.breaches.record(replace(BREACH, session_date="2026-11-30")))
    assert desk.run(desk.breaches.of_session(SESSION_DATE)) == (BREACH,)


def switch(
    number: int,
    verb: CommandVerb,
    login: str,
    *,
    state: CommandState = CommandState.DONE,
    shard: int = 0,
) -> Command:
    return replace(
        COMMAND,
        command_id=CommandId(f"01JDMZ9Q0000000000000001{number:02d}"),
        verb=verb,
        subject=login,
        state=state,
        shard=shard,
    )


def test_a_hold_stands_until_a_release_is_done(desk: Desk) -> None:
    hold, release = CommandVerb.HOLD, CommandVerb.RELEASE
    standing = switch(1, hold, "login-1")
    again = switch(5, hold, "login-3")
    for command in (
        standing,
        switch(2, release, "login-1", state=CommandState.EXPIRED),
        switch(3, hold, "login-2"),
        switch(4, release, "login-2"),
        switch(6, hold, "login-3", state=CommandState.REFUSED),
        again,
        switch(7, hold, "login-4", shard=1),
        switch(8, hold, "login-5", state=CommandState.ASKED),
        COMMAND,
    ):
        desk.ask(command)
    assert desk.run(desk.commands.standing_holds(0)) == (standing, again)


def test_settings_that_turn_unreadable_leave_the_last_good_ones_in_force(
    desk: Desk, async_documents: AsyncDocuments
) -> None:
    settings = AsyncFirestoreSettings(async_documents)
    desk.write("settings/trading", {"end_of_day_minutes": "many"})
    with pytest.raises(InvalidInput, match="end_of_day_minutes"):
        desk.run(settings.trading())
    desk.write("settings/trading", {"end_of_day_minutes": 20, "time_value": {"scope": "itm"}})
    good = desk.run(settings.trading())
    assert good.end_of_day_minutes == 20
    assert good.time_value.scope is TimeValueScope.ITM
    desk.write("settings/trading", {"time_value": {"scope": "some"}})
    assert desk.run(settings.trading()) == good
