"""The kill switch: what cannot be read lately is halted."""

from __future__ import annotations

import asyncio

import pytest

from gateway.kill_switch import KillSwitch
from shared.adapters.firestore.settings_book import AsyncFirestoreSettings
from shared.domain.alerts import AlertType
from shared.domain.controls import TradingMode
from shared.domain.errors import AdapterError
from shared.domain.trading_settings import TradingSettings
from shared.ports.documents import AsyncDocuments, Replace
from tests.fakes.async_clock import monotonic, run_jumping
from tests.fakes.documents import AsyncInMemoryDocuments


class Switch:
    """Controls that a test sets; None cannot be read."""

    def __init__(self, mode: TradingMode | None) -> None:
        self.set = mode
        self.looks = 0

    async def mode(self) -> TradingMode:
        self.looks += 1
        if self.set is None:
            raise AdapterError("firestore", "unavailable", retryable=True)
        return self.set

    async def trading(self) -> TradingSettings:
        return TradingSettings()


def test_a_switch_never_read_is_halted() -> None:
    assert KillSwitch(Switch(TradingMode.NORMAL), monotonic=lambda: 0.0).mode() is (
        TradingMode.HALTED
    )


@pytest.mark.parametrize("mode", list(TradingMode))
def test_a_good_reading_is_believed_for_five_seconds(mode: TradingMode) -> None:
    now = 100.0
    switch = KillSwitch(Switch(mode), monotonic=lambda: now)
    asyncio.run(switch.look())
    now = 105.0
    assert switch.mode() is mode
    now = 105.001
    assert switch.mode() is TradingMode.HALTED


def test_a_reading_is_as_old_as_the_moment_it_was_asked_for() -> None:
    now = 100.0

    class Slow(Switch):
        async def mode(self) -> TradingMode:
            nonlocal now
            now += 4.0
            return await super().mode()

    switch = KillSwitch(Slow(TradingMode.NORMAL), monotonic=lambda: now)
    asyncio.run(switch.look())
    assert switch.mode() is TradingMode.NORMAL
    now = 105.5
    assert switch.mode() is TradingMode.HALTED


def test_a_switch_that_can_no_longer_be_read_is_halted_within_five_seconds() -> None:
    async def story() -> None:
        controls = Switch(TradingMode.NORMAL)
        switch = KillSwitch(controls, monotonic=monotonic)
        watching = asyncio.create_task(switch.watch())
        await asyncio.sleep(10)
        assert switch.mode() is TradingMode.NORMAL
        controls.set = None
        await asyncio.sleep(6.5)
        assert switch.mode() is TradingMode.HALTED
        controls.set = TradingMode.NORMAL
        await asyncio.sleep(1.5)
        assert switch.mode() is TradingMode.NORMAL
        watching.cancel()

    run_jumping(story())


def test_a_turned_switch_is_seen_within_two_seconds() -> None:
    async def story() -> None:
        controls = Switch(TradingMode.NORMAL)
        switch = KillSwitch(controls, monotonic=monotonic)
        watching = asyncio.create_task(switch.watch())
        await asyncio.sleep(30)
        controls.set = TradingMode.CLOSE_ONLY
        await asyncio.sleep(1.5)
        assert switch.mode() is TradingMode.CLOSE_ONLY
        assert controls.looks < 40
        watching.cancel()

    run_jumping(story())


@pytest.mark.parametrize(
    ("data", "mode"),
    [
        ({"mode": "normal"}, TradingMode.NORMAL),
        ({"mode": "flatten"}, TradingMode.FLATTEN),
        ({"mode": "NORMAL"}, TradingMode.HALTED),
        ({}, TradingMode.HALTED),
        (None, TradingMode.HALTED),
    ],
)
def test_the_document_decides_and_anything_unknown_is_halted(
    documents: AsyncDocuments,
    runner: asyncio.Runner,
    data: dict[str, object] | None,
    mode: TradingMode,
) -> None:
    if data is not None:
        runner.run(documents.commit([Replace(path="controls/trading", data=data)]))
    switch = KillSwitch(AsyncFirestoreSettings(documents), monotonic=lambda: 1.0)
    runner.run(switch.look())
    assert switch.mode() is mode


def test_an_unreadable_document_halts_at_once_and_is_told_once_until_it_is_mended() -> None:
    async def story() -> None:
        documents = AsyncInMemoryDocuments()
        told: list[tuple[AlertType, str]] = []

        async def alert(alert_type: AlertType, subject: str, _: str) -> None:
            told.append((alert_type, subject))

        async def write(mode: object) -> None:
            await documents.commit([Replace(path="controls/trading", data={"mode": mode})])
            await asyncio.sleep(1.5)

        await documents.commit([Replace(path="controls/trading", data={"mode": "normal"})])
        book = AsyncFirestoreSettings(documents)
        switch = KillSwitch(book, monotonic=monotonic, alert=alert)
        watching = asyncio.create_task(switch.watch())
        await asyncio.sleep(3)
        await write("nomal")
        assert switch.mode() is TradingMode.HALTED
        await asyncio.sleep(10)
        assert told == [(AlertType.KILL_SWITCH_UNREADABLE, "controls/trading")]
        await write("normal")
        assert switch.mode() is TradingMode.NORMAL
        await write(None)
        assert len(told) == 2
        watching.cancel()

    run_jumping(story())


def test_a_database_that_never_answers_leaves_the_switch_to_grow_old_and_is_asked_again() -> None:
    async def story() -> None:
        class Hanging(Switch):
            hangs = False

            async def mode(self) -> TradingMode:
                if self.hangs:
                    await asyncio.sleep(60)
                return await super().mode()

        controls = Hanging(TradingMode.NORMAL)
        switch = KillSwitch(controls, monotonic=monotonic)
        watching = asyncio.create_task(switch.watch())
        await asyncio.sleep(3)
        controls.hangs = True
        await asyncio.sleep(7)
        assert switch.mode() is TradingMode.HALTED
        controls.hangs = False
        await asyncio.sleep(4)
        assert switch.mode() is TradingMode.NORMAL
        watching.cancel()

    run_jumping(story())
