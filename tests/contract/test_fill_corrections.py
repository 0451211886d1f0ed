"""What the settling against the broker's statement reads and writes, over every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.firestore.external_trades import FirestoreExternalTrades
from shared.adapters.firestore.fills import FirestoreFillCorrections, FirestoreFills
from shared.domain.external_trades import ExternalTrade
from shared.domain.fills import Fill
from shared.domain.followers import AccountId, FollowerId
from shared.domain.options import ContractKey
from shared.ports.documents import Documents
from tests.builders import NOON, SESSION_DATE, a_fill

LATER = "2026-11-30"


def fill(
    name: str = "a.1.02",
    *,
    fee: str | None = None,
    quantity: int = 5,
    revision: str = "01",
    session_date: str = SESSION_DATE,
    follower_id: str = "anna",
) -> Fill:
    return replace(
        a_fill(quantity=quantity, fee=fee, exec_id=name),
        revision=revision,
        session_date=session_date,
        follower_id=FollowerId(follower_id),
    )


def trade(trade_id: str = "e.1", account_id: str = "DU1", revision: str = "01") -> ExternalTrade:
    return ExternalTrade(
        trade_id=trade_id,
        account_id=AccountId(account_id),
        session_date=SESSION_DATE,
        contract_key=ContractKey("QQQ"),
        quantity=100,
        price=Decimal(590),
        perm_id=0,
        at=NOON,
        revision=revision,
    )


class Desk:
    """The repositories, and a way to write past them."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.corrections = FirestoreFillCorrections(documents)
        self.fills = FirestoreFills(documents)
        self.external = FirestoreExternalTrades(documents)

    def stored(self) -> tuple[Fill, ...]:
        return self.fills.of_session(SESSION_DATE)


@pytest.fixture
def desk(documents: Documents) -> Desk:
    return Desk(documents)


def test_a_fee_that_becomes_known_is_recorded(desk: Desk) -> None:
    desk.corrections.record([fill()])
    known = fill(fee="0.65")
    desk.corrections.record([known])
    assert desk.stored() == (known,)


def test_a_known_fee_is_corrected_and_never_forgotten(desk: Desk) -> None:
    desk.corrections.record([fill(fee="0.65")])
    desk.corrections.record([fill(fee="-0.11")])
    desk.corrections.record([fill()])
    assert [one.fee for one in desk.stored()] == [Decimal("-0.11")]


def test_an_earlier_revision_takes_no_later_ones_place(desk: Desk) -> None:
    later = fill(revision="02", quantity=0)
    desk.corrections.record([later])
    desk.corrections.record([fill(fee="1")])
    assert desk.stored() == (later,)


def test_the_same_recorded_again_is_not_written(desk: Desk) -> None:
    desk.corrections.record([fill()])
    before = desk.documents.get("fills/a.1.02")
    desk.corrections.record([fill()])
    assert desk.documents.get("fills/a.1.02") == before


def test_of_one_fill_told_twice_the_later_stays(desk: Desk) -> None:
    later = fill(revision="02", quantity=3)
    desk.corrections.record([later, fill(fee="1")])
    assert [(one.revision, one.quantity, one.fee) for one in desk.stored()] == [("02", 3, None)]


def test_more_fills_than_one_commit_takes_are_recorded(desk: Desk) -> None:
    fills = [fill(f"a.{number:04d}.02") for number in range(401)]
    desk.corrections.record(fills)
    assert desk.stored() == tuple(fills)


def test_nothing_to_record_is_no_error(desk: Desk) -> None:
    desk.corrections.record([])
    desk.external.record([])
    assert desk.stored() == ()


def test_a_followers_fills_are_read_by_session(desk: Desk) -> None:
    mine = fill(), fill("b.1.02", session_date=LATER)
    others = fill("c.1.02", session_date="2026-12-01"), fill("d.1.02", follower_id="bert")
    desk.corrections.record([*mine, *others])
    anna = FollowerId("anna")
    assert desk.fills.of_follower(anna, [LATER, SESSION_DATE, LATER]) == mine
    assert desk.fills.of_follower(anna, [LATER]) == mine[1:]
    assert desk.fills.of_follower(anna, []) == ()


def test_a_followers_fills_of_more_sessions_than_one_query_takes_are_read(desk: Desk) -> None:
    days = [f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}" for number in range(65)]
    fills = [fill(f"a.{day}.02", session_date=day) for day in days]
    desk.corrections.record(fills)
    assert desk.fills.of_follower(FollowerId("anna"), days) == tuple(fills)


def test_trades_of_others_are_read_by_session_and_by_account(desk: Desk) -> None:
    mine, other = trade(), trade("e.2", "DU2")
    earlier = replace(trade("e.0"), session_date="2026-11-25", at=NOON - timedelta(days=2))
    desk.external.record([mine, other, earlier])
    assert desk.external.of_session(SESSION_DATE) == (mine, other)
    assert desk.external.of_accounts([AccountId("DU1")]) == (earlier, mine)
    assert desk.external.of_accounts([]) == ()


def test_a_trade_of_others_gives_way_only_to_its_correction(desk: Desk) -> None:
    corrected = replace(trade(revision="02"), quantity=50)
    desk.external.record([corrected, trade()])
    desk.external.record([trade()])
    assert desk.external.of_session(SESSION_DATE) == (corrected,)
