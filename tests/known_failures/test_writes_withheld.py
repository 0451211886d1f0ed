"""Known failures of dry runs: every broker write is withheld, not only the placing of orders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.logins.write_gate import WriteGate, WriteRules
from shared.domain.controls import TradingMode
from shared.ports.broker import ExerciseRequest, Withheld
from tests.contract.broker_stories import ACCOUNT, CONTRACTS, an_order, at_limit
from tests.contract.venues import SimulatorVenue
from tests.known_failures.login_stories import orders_at, tell


def test_a_dry_run_writes_nothing_at_all(tmp_path: Path) -> None:
    """An earlier system wrapped the placing of orders alone: closing and exercise stayed real."""

    async def story(venue: SimulatorVenue) -> None:
        rules = WriteRules(
            lease_stands=lambda: True, mode=lambda: TradingMode.NORMAL, is_dry_run=True
        )
        gate = WriteGate(venue.broker, rules)
        gate.reconciled(gate.losses)
        order = an_order(gate)
        exercise = ExerciseRequest(account_id=ACCOUNT, contract=CONTRACTS[0], quantity=1)
        sent_before = venue.traffic()[0]
        writes: list[Callable[[], None]] = [
            lambda: gate.place(order),
            lambda: gate.place(at_limit(order, "-0.99")),
            lambda: gate.cancel(order.ids),
            lambda: gate.exercise(exercise),
        ]
        for write in writes:
            with pytest.raises(Withheld):
                write()
        await venue.settle()
        assert venue.traffic()[0] == sent_before
        assert orders_at(venue) == []

    tell(tmp_path, story)
