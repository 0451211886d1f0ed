"""The write gate: nothing reaches the broker that lease, switch, hold, link or pace forbid."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.logins.write_gate import CANCEL_FIRST
from shared.domain.controls import TradingMode
from shared.domain.errors import AdapterError
from shared.domain.orders import Purpose
from shared.ports.broker import (
    LinkBroken,
    LinkRestored,
    WhatIf,
    Withheld,
)
from tests.fakes.async_clock import calm, run_jumping
from tests.guarded import ACCOUNT, LEGS, Guarded, combo, ids


def play(story: Coroutine[object, object, None]) -> None:
    run_jumping(story)


EVERYTHING = ["open", "close", "shares", "exercise", "cancel"]
TAKING_RISK_AWAY = ["close", "shares", "exercise", "cancel"]


@pytest.mark.parametrize(
    ("mode", "passes"),
    [
        (TradingMode.NORMAL, EVERYTHING),
        (TradingMode.CLOSE_ONLY, TAKING_RISK_AWAY),
        (TradingMode.HALTED, TAKING_RISK_AWAY),
        (TradingMode.FLATTEN, TAKING_RISK_AWAY),
        (TradingMode.FROZEN, ["cancel"]),
    ],
)
def test_the_kill_switch_lets_through_by_the_kind_of_write(
    mode: TradingMode, passes: list[str]
) -> None:
    async def story() -> None:
        guarded = Guarded()
        await guarded.open()
        guarded.mode = mode
        assert guarded.let_through() == passes

    play(story())


def test_nothing_at_all_is_sent_without_a_lease() -> None:
    async def story() -> None:
        guarded = Guarded()
        await guarded.open()
        guarded.lease = False
        assert guarded.let_through() == []

    play(story())


def test_nothing_at_all_is_sent_on_a_held_login_until_it_is_released() -> None:
    async def story() -> None:
        guarded = Guarded()
        await guarded.open()
        guarded.gate.hold("the owner trades")
        assert guarded.let_through() == []
        assert not guarded.gate.is_open
        guarded.gate.release()
        assert guarded.let_through() == EVERYTHING

    play(story())


def test_only_cancels_pass_before_the_books_are_read() -> None:
    async def story() -> None:
        guarded = Guarded()
        await guarded.gate.connect()
        await guarded.gate.resolve("QQQ", [leg.contract for leg in LEGS])
        assert guarded.let_through() == ["cancel"]

    play(story())


def test_nothing_is_sent_over_a_broken_link_nor_placed_before_it_is_reconciled() -> None:
    async def story() -> None:
        guarded = Guarded()
        await guarded.open()
        guarded.broker.tell(LinkBroken(code=1100, reason="lost"))
        await calm()
        assert guarded.gate.is_connected
        assert guarded.let_through() == []
        with pytest.raises(AdapterError, match="lost IBKR"):
            await guarded.gate.sweep()
        guarded.broker.tell(LinkRestored(code=1102, are_subscriptions_lost=False))
        await calm()
        assert guarded.let_through() == ["cancel"]
        await guarded.gate.sweep()

    play(story())


def test_books_read_across_the_loss_of_the_link_prove_nothing() -> None:
    async def story() -> None:
        guarded = Guarded()
        await guarded.open()
        sweeping = asyncio.create_task(guarded.gate.sweep())
        guarded.broker.tell(LinkBroken(code=1100, reason="lost"))
        guarded.broker.tell(LinkRestored(code=1102, are_subscriptions_lost=False))
        with pytest.raises(AdapterError, match="while its books were read"):
            await sweeping

    play(story())


def test_a_connection_that_was_lost_and_made_anew_is_closed_until_reconciled() -> None:
    async def story() -> None:
        guarded = Guarded()
        await guarded.open()
        guarded.broker.drop()
        await calm()
        with pytest.raises(AdapterError):
            guarded.gate.place(combo(50))
        losses = guarded.gate.losses
        await guarded.gate.connect()
        guarded.gate.reconciled(losses)
        assert not guarded.gate.is_open, "that reconciliation began before the connection"
        guarded.gate.reconciled(guarded.gate.losses)
        assert guarded.gate.is_open

    play(story())


def test_a_dry_run_tells_what_it_would_send_and_asks_what_ifs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def story() -> None:
        guarded = Guarded(is_dry_run=True)
        await guarded.open()
        assert guarded.let_through() == []
        await guarded.gate.what_if(
            WhatIf(
                account_id=ACCOUNT,
                symbol="QQQ",
                legs=LEGS,
                quantity=1,
                limit=Decimal("-0.70"),
                buffer_ratio=Decimal("0.05"),
            )
        )
        assert len(guarded.broker.what_ifs) == 1

    play(story())
    told = [line for line in capsys.readouterr().out.splitlines() if "would_send" in line]
    assert len(told) == 5
    assert "SP-50" in told[0]
    assert "-1.00" in told[0]


def test_what_finds_no_room_waits_and_is_looked_at_again_when_its_turn_comes() -> None:
    async def story() -> None:
        guarded = Guarded(most=5)
        await guarded.open()
        for number in range(1, 9):
            guarded.gate.place(combo(number))
        assert len(guarded.broker.book.sent) == 5
        guarded.mode = TradingMode.HALTED
        await asyncio.sleep(1.1)
        await calm()
        assert len(guarded.broker.book.sent) == 5
        assert [number for number, _ in guarded.unsent] == [6, 7, 8]
        assert {why for _, why in guarded.unsent} == {"gateway: the kill switch is halted"}

    play(story())


def test_what_waits_when_the_connection_falls_is_told_and_never_sent_on_the_next_one() -> None:
    async def story() -> None:
        guarded = Guarded(most=1)
        await guarded.open()
        guarded.gate.place(combo(1))
        guarded.gate.place(combo(2))
        guarded.broker.drop()
        await guarded.gate.connect()
        await asyncio.sleep(1.1)
        await calm()
        assert [one.ids.broker_order_id for one in guarded.broker.book.sent] == [1]
        assert [number for number, _ in guarded.unsent] == [2]

    play(story())


def test_a_new_limit_takes_the_place_of_one_that_still_waits() -> None:
    async def story() -> None:
        guarded = Guarded(most=1)
        await guarded.open()
        guarded.gate.place(combo(1))
        for limit in ("-0.99", "-0.98", "-0.97"):
            guarded.gate.place(combo(1, limit))
        await asyncio.sleep(5)
        assert [str(one.limit) for one in guarded.broker.book.sent] == ["-1.00", "-0.97"]
        assert guarded.unsent == []

    play(story())


def test_a_cancel_overtakes_and_takes_back_what_still_waits() -> None:
    async def story() -> None:
        guarded = Guarded(most=1)
        await guarded.open()
        guarded.gate.place(combo(1))
        guarded.gate.place(combo(2))
        guarded.gate.place(combo(3))
        guarded.gate.cancel(ids(2))
        await asyncio.sleep(1.1)
        assert [one.broker_order_id for one in guarded.broker.canceled] == [2]
        await asyncio.sleep(5)
        assert [one.ids.broker_order_id for one in guarded.broker.book.sent] == [1, 3]
        assert guarded.unsent == [(2, CANCEL_FIRST)]

    play(story())


def test_cancels_go_before_closings_before_openings_before_rungs() -> None:
    async def story() -> None:
        guarded = Guarded(most=1)
        await guarded.open()
        guarded.gate.place(combo(1))
        guarded.gate.place(combo(1, "-0.99"))
        guarded.gate.place(combo(2))
        guarded.gate.place(combo(3, purpose=Purpose.CLOSE))
        await asyncio.sleep(10)
        assert [one.ids.broker_order_id for one in guarded.broker.book.sent] == [1, 3, 2, 1]

    play(story())


def test_an_exercise_goes_at_once_or_not_at_all() -> None:
    async def story() -> None:
        guarded = Guarded(most=1)
        await guarded.open()
        guarded.gate.place(combo(1))
        with pytest.raises(Withheld, match="no room"):
            guarded.writes()["exercise"]()
        await asyncio.sleep(5)
        assert guarded.broker.book.exercises == []

    play(story())


def test_a_login_behind_its_gate_learns_from_another_behind_its_own() -> None:
    async def story() -> None:
        one, other = Guarded(), Guarded()
        await one.open()
        await other.gate.connect()
        other.gate.reconciled(other.gate.losses)
        with pytest.raises(AdapterError, match="looked"):
            other.gate.place(combo(1))
        other.gate.learn_from(one.gate)
        other.gate.place(replace(combo(1), quantity=2))
        assert other.reached() == ["open"]

    play(story())
