"""The ledger of messages in flight never loses a hold and never releases one twice."""

from __future__ import annotations

from tests.sandbox.holds import HoldCount
from tests.sandbox.message_ledger import MessageLedger


def test_a_second_acknowledgement_releases_nothing() -> None:
    holds = HoldCount()
    ledger = MessageLedger(holds)
    ledger.count("topic", "subscription")
    ledger.begin("topic", 2).succeeded(["1", "2"])
    ledger.acknowledge("subscription", "1")
    ledger.acknowledge("subscription", "1")
    assert holds.now == 1
    assert ledger.in_flight == 1


def test_an_acknowledgement_may_overtake_the_answer_to_its_publication() -> None:
    holds = HoldCount()
    ledger = MessageLedger(holds)
    ledger.count("topic", "subscription")
    publication = ledger.begin("topic", 1)
    ledger.acknowledge("subscription", "1")
    assert holds.now == 1
    publication.succeeded(["1"])
    assert holds.now == 0


def test_messages_of_a_dead_emulator_can_be_given_up() -> None:
    holds = HoldCount()
    ledger = MessageLedger(holds)
    ledger.count("topic", "subscription")
    ledger.count("elsewhere", "kept")
    ledger.begin("topic", 3).succeeded(["1", "2", "3"])
    ledger.begin("elsewhere", 1).succeeded(["4"])
    assert ledger.abandon({"subscription"}) == 3
    assert holds.now == 1
