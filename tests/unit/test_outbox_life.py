"""The life of a mail: one table, and events that may come in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput
from shared.domain.outbox import (
    LONGEST_REASON,
    TRANSITIONS,
    MailEvent,
    MailEventKind,
    OutboxRow,
    OutboxState,
    ResolvedBy,
    answered,
    claimed,
    copies_for,
    outbox_id_of,
    recipient_key,
    refused,
    resolved,
    without_addresses,
)

NOW = datetime(2026, 11, 27, 21, 31, tzinfo=UTC)
ROW = OutboxRow(
    outbox_id="daily-2026-11-27~0123456789abcdef~1f3c9a02",
    to="Ada@example.com",
    cc=("ops@example.com",),
    subject="SpreadPilot 2026-11-27",
    claimed_at=NOW,
)


def event_of(
    kind: MailEventKind, *, seconds: int = 0, to: str = "ada@example.com", reason: str = ""
) -> MailEvent:
    return MailEvent(
        outbox_id=ROW.outbox_id,
        event_id=f"{kind}-{seconds}-{to}",
        kind=kind,
        recipient=recipient_key(to),
        occurred_at=NOW + timedelta(seconds=seconds),
        message_id="abc",
        reason=reason,
    )


EVENTS = st.builds(
    event_of,
    st.sampled_from(MailEventKind),
    seconds=st.integers(0, 3),
    to=st.sampled_from(["ada@example.com", "ops@example.com"]),
    reason=st.sampled_from(["", "550 no such user", "mailbox full"]),
)
STARTS = st.sampled_from(
    [
        ROW,
        replace(ROW, state=OutboxState.REFUSED, error="500", resolved_by=ResolvedBy.ANSWER),
        replace(ROW, state=OutboxState.SENT, message_id="m", resolved_by=ResolvedBy.ANSWER),
    ]
)


def after(row: OutboxRow, events: list[MailEvent]) -> OutboxRow:
    for event in events:
        row = resolved(row, event)
    return row


@given(STARTS, st.lists(EVENTS, max_size=8, unique_by=lambda event: event.event_id), st.data())
def test_events_make_the_same_row_in_any_order_and_however_often(
    start: OutboxRow, events: list[MailEvent], data: st.DataObject
) -> None:
    told_again = data.draw(st.lists(st.sampled_from(events))) if events else []
    shuffled = data.draw(st.permutations([*events, *told_again]))
    assert after(start, shuffled) == after(start, events)


@given(STARTS, EVENTS)
def test_an_event_only_makes_steps_of_the_table(start: OutboxRow, event: MailEvent) -> None:
    end = resolved(start, event)
    assert end.state is start.state or end.state in TRANSITIONS[start.state]


def test_every_state_has_its_place_in_the_table() -> None:
    assert set(TRANSITIONS) == set(OutboxState)
    assert TRANSITIONS[OutboxState.BOUNCED] == frozenset()
    leading_to_sending = [state for state, nexts in TRANSITIONS.items() if "sending" in nexts]
    assert leading_to_sending == [OutboxState.REFUSED]


def test_a_bounce_wins_over_a_delivery_whichever_is_told_first() -> None:
    story = [
        event_of(MailEventKind.PROCESSED),
        event_of(MailEventKind.DELIVERED, seconds=1),
        event_of(MailEventKind.BOUNCE, seconds=2, reason="550 no such user"),
    ]
    ends = {after(ROW, list(order)) for order in permutations(story)}
    (end,) = ends
    assert (end.state, end.error) == (OutboxState.BOUNCED, "550 no such user")
    assert (end.message_id, end.resolved_by) == ("abc", ResolvedBy.EVENT)


def test_a_copy_that_came_back_only_proves_that_the_mail_was_accepted() -> None:
    end = resolved(ROW, event_of(MailEventKind.BOUNCE, to="ops@example.com", reason="550"))
    assert (end.state, end.error) == (OutboxState.SENT, "")


def test_an_event_proves_a_refusal_wrong() -> None:
    end = resolved(refused(ROW, error="500: try again"), event_of(MailEventKind.PROCESSED))
    assert (end.state, end.error, end.resolved_by) == (OutboxState.SENT, "", ResolvedBy.EVENT)


@pytest.mark.parametrize("kind", [MailEventKind.DELIVERED, MailEventKind.BOUNCE])
def test_an_answer_after_the_event_takes_nothing_back(kind: MailEventKind) -> None:
    told = resolved(ROW, event_of(kind, reason="550"))
    end = answered(told, message_id="full-id")
    assert end == replace(told, message_id="full-id")
    assert refused(told, error="500") == told


@pytest.mark.parametrize("state", set(OutboxState) - {OutboxState.REFUSED})
def test_only_what_was_refused_is_claimed_anew(state: OutboxState) -> None:
    later = replace(ROW, claimed_at=NOW + timedelta(hours=1))
    assert claimed(later, replace(ROW, state=state)) is None
    assert claimed(later, replace(ROW, state=OutboxState.REFUSED)) == later
    assert claimed(ROW, None) == ROW


def test_addresses_stay_out_of_the_providers_words() -> None:
    words = "550 5.1.1 <ada.l+x@mail.example.com>: rejected; [bob@example.com] too, see a@b"
    assert without_addresses(words) == (
        "550 5.1.1 <[address]>: rejected; [[address]] too, see [address]"
    )
    assert refused(ROW, error="x" * 900 + " ada@example.com").error == "x" * LONGEST_REASON


def test_a_mails_key_holds_no_address_and_tells_people_and_versions_apart() -> None:
    key = outbox_id_of("daily-2026-11-27", "0123456789abcdef00", "ada@example.com")
    assert key.startswith("daily-2026-11-27~0123456789abcdef~")
    assert "ada" not in key
    assert key != outbox_id_of("daily-2026-11-27", "0123456789abcdef00", "bob@example.com")
    assert key != outbox_id_of("daily-2026-11-27", "ffff", "ada@example.com")


@pytest.mark.parametrize(("about", "version"), [("", "1"), ("a/b", "1"), ("a", "x@y")])
def test_a_key_that_could_not_be_stored_is_refused(about: str, version: str) -> None:
    with pytest.raises(InvalidInput, match="part of a mail's id"):
        outbox_id_of(about, version, "ada@example.com")


def test_nobody_gets_two_copies() -> None:
    given_addresses = ("Ada@example.com", "ops@example.com", "OPS@example.com", "b@example.com")
    assert copies_for("ada@EXAMPLE.com", given_addresses) == ("ops@example.com", "b@example.com")
