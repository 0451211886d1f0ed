"""Known failures of executions, fees, positions and completed orders as they are reported."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from gateway.simulator.frames import encode
from gateway.simulator.messages import commission_report
from gateway.simulator.order_messages import exec_details
from gateway.simulator.orders import Execution as SimulatedExecution
from shared.domain.fills import COMBO_KEY, split_exec_id
from shared.domain.options import ContractKey
from shared.ports.broker import Execution, FeeReported, OrderAcknowledged, OrderEndReported
from tests.contract.broker_stories import (
    ACCOUNT,
    CONTRACTS,
    LONG_KEY,
    an_order,
    filled,
    of_type,
    placed,
)
from tests.contract.venues import START_AT, SimulatorVenue
from tests.known_failures.login_stories import (
    arm,
    executions_at,
    gateway_end,
    send_executions,
    tell,
    underlying,
)
from tests.walkthrough.environment import ROOT


def test_an_execution_of_no_order_is_told_although_the_library_fires_no_event(
    tmp_path: Path,
) -> None:
    """What an assignment or another platform trades has order id 0 and no trade of the library."""

    async def story(venue: SimulatorVenue) -> None:
        stock = SimulatedExecution(
            exec_id="U+0001.01.01.01",
            contract=underlying(venue),
            side="BOT",
            shares=200,
            price=Decimal(590),
            cumulative=200,
            average_price=Decimal(590),
            at=START_AT,
            account=ACCOUNT,
            order_id=0,
            client_id=0,
            perm_id=0,
            order_ref="",
        )
        executions_at(venue).append(stock)
        await send_executions(venue, stock)
        swept = (await venue.broker.sweep()).executions
        assert [(one.contract_key, one.quantity, one.order_ref) for one in swept] == [
            (ContractKey("QQQ"), 200, "")
        ]

    tell(tmp_path, story)


def test_a_fill_of_legs_counts_although_the_library_counts_the_combo_alone(
    tmp_path: Path,
) -> None:
    """The library's `filled` counts executions of the combo; ours come leg by leg."""

    async def story(venue: SimulatorVenue) -> None:
        await filled(venue)
        by_key: dict[ContractKey, int] = {}
        for one in of_type(venue, Execution):
            by_key[one.contract_key] = by_key.get(one.contract_key, 0) + one.quantity
        assert by_key == dict.fromkeys([COMBO_KEY, *(one.key for one in CONTRACTS)], 2)

    tell(tmp_path, story)


def test_a_correction_names_the_execution_that_it_corrects(tmp_path: Path) -> None:
    """Ids that differ only after the last dot are one execution, corrected."""

    async def story(venue: SimulatorVenue) -> None:
        await filled(venue)
        first = of_type(venue, Execution)
        corrections = [
            replace(one, exec_id=f"{one.exec_id.rpartition('.')[0]}.02", price=Decimal("0.50"))
            for one in executions_at(venue)
        ]
        await send_executions(venue, *corrections)
        corrected = of_type(venue, Execution)[len(first) :]
        assert len(corrected) == len(first)
        assert {split_exec_id(one.broker_exec_id)[0] for one in corrected} == {
            split_exec_id(one.broker_exec_id)[0] for one in first
        }
        assert {one.price for one in corrected} == {Decimal("0.50")}

    tell(tmp_path, story)


def test_a_repeated_execution_is_the_same_execution(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await filled(venue)
        await send_executions(venue, *executions_at(venue))
        told = of_type(venue, Execution)
        assert len({one.broker_exec_id for one in told}) == len(set(told)) == 3
        assert set((await venue.broker.sweep()).executions) == set(told)

    tell(tmp_path, story)


def test_an_execution_before_the_first_open_order_is_told(tmp_path: Path) -> None:
    """A fast fill overtakes the order's first openOrder."""

    async def story(venue: SimulatorVenue) -> None:
        arm(venue, "execution-before-open-order")
        await filled(venue)
        first_execution = venue.events.index(of_type(venue, Execution)[0])
        first_order = venue.events.index(of_type(venue, OrderEndReported)[0])
        assert first_execution < first_order
        assert all(
            first_execution < venue.events.index(one) for one in of_type(venue, OrderAcknowledged)
        )

    tell(tmp_path, story)


def test_a_fee_is_told_however_late_it_comes(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await filled(venue)
        (first, *_) = [one for one in executions_at(venue) if one.commission is not None]
        late = replace(first, commission=Decimal("0.71"))
        await venue.advance(30)
        gateway_end(venue).send(commission_report(late))
        await venue.settle()
        assert of_type(venue, FeeReported)[-1] == FeeReported(
            broker_exec_id=first.exec_id, fee=Decimal("0.71")
        )

    tell(tmp_path, story)


def test_a_completed_order_is_known_by_reference_and_permid_it_has_no_order_id(
    tmp_path: Path,
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await filled(venue)
        perm_id = of_type(venue, OrderEndReported)[-1].perm_id
        await venue.drop()
        await venue.broker.connect()
        (done,) = (await venue.broker.sweep()).completed_orders
        assert (done.order_ref, done.perm_id, done.status) == ("SP-ONE", perm_id, "Filled")

    tell(tmp_path, story)


def test_what_the_library_forgets_with_the_connection_is_read_again(tmp_path: Path) -> None:
    """A disconnect wipes the library's trades, fills and positions."""

    async def story(venue: SimulatorVenue) -> None:
        await filled(venue)
        await placed(venue, an_order(venue.broker, "-1.20", ref="SP-TWO"))
        before = await venue.broker.sweep()
        await venue.drop()
        await venue.broker.connect()
        await venue.settle()
        after = await venue.broker.sweep()
        assert after == before
        assert len(after.executions) == 3
        assert after.positions[ACCOUNT, LONG_KEY] == 2
        assert [one.order_ref for one in after.open_orders] == ["SP-TWO"]
        assert of_type(venue, OrderAcknowledged)

    tell(tmp_path, story)


def test_an_execution_is_read_where_the_system_knows_no_time_zones(tmp_path: Path) -> None:
    """Slim images lack US/Eastern; the library would log the failure and lose the fill."""

    async def story(venue: SimulatorVenue) -> None:
        await filled(venue)
        frames = [encode(exec_details(-1, one, 176)) for one in executions_at(venue)]
        asked = "".join(json.dumps({"version": 176, "frame": one.hex()}) + "\n" for one in frames)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.walkthrough.decoding",
            "ib_insync",
            cwd=ROOT,
            env={"PYTHONTZPATH": ""},
            stdin=PIPE,
            stdout=PIPE,
        )
        said, _ = await asyncio.wait_for(process.communicate(asked.encode()), 30)
        read = [json.loads(line) for line in said.decode().splitlines()]
        assert [calls[0][0] for calls in read] == ["execDetails"] * 3
        times = {calls[0][1][2]["time"] for calls in read}
        assert times <= {one.at.isoformat() for one in of_type(venue, Execution)}

    tell(tmp_path, story)
