"""Where a day counts from: boards and loss limits of who carried something in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.adapters.firestore.boards import FirestoreBoards
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.domain.alerts import AlertType
from shared.domain.boards import BoardLine
from shared.domain.daily_pnl import DayExtent, roll_up
from shared.domain.followers import Follower, FollowerId
from shared.domain.pnl import ProfitAndLoss
from shared.domain.session_record import Finality
from tests.builders import NOON, SESSION_DATE
from tests.fakes.async_clock import run_jumping
from tests.settlements import BEFORE, Assigned

ANNA = FollowerId("anna")
FEES = Decimal("1.30")


class Carrying(Assigned):
    """Anna has held five spreads since the session before, sold for 0.95; now they cost 1.50.

    Since the opening she has lost 275.00 and her fees. Her limit is 500.
    """

    def follower(self, name: str) -> Follower:
        return replace(super().follower(name), daily_loss_limit=Decimal(500))

    def rolled_up(self, unrealized: str) -> None:
        """Write the roll-up of the evening before."""
        day = roll_up(
            session_date=BEFORE,
            follower_id=ANNA,
            totals=[],
            end=ProfitAndLoss(unrealized=Decimal(unrealized), fees=FEES),
            extent=DayExtent(),
            commission_ratio=Decimal("0.2"),
            finality=Finality.PROVISIONAL,
            now=NOON,
        )
        FirestoreDailyPnl(self.documents.documents).write([day])

    @property
    def line(self) -> BoardLine:
        (line,) = FirestoreBoards(self.documents.documents).lines(SESSION_DATE)
        return line

    @property
    def losses_told(self) -> list[str]:
        return self.told(AlertType.DAILY_LOSS)


def play(story: Callable[[Carrying], Coroutine[object, object, None]], evening: str | None) -> None:
    """Play a morning after an evening with this unrealized result; None: never rolled up."""

    async def whole() -> None:
        world = Carrying("anna")
        if evening is not None:
            world.rolled_up(evening)
        try:
            await world.start()
            await story(world)
        finally:
            await world.die()

    run_jumping(whole())


def test_the_board_says_what_was_made_by_the_evening_before() -> None:
    async def story(world: Carrying) -> None:
        await world.run_to(9, 29, 30)
        assert world.line.carried == ProfitAndLoss(unrealized=Decimal(-100), fees=FEES)
        assert world.line.is_carried_known
        assert world.line.fees == FEES

    play(story, "-100")


def test_a_loss_of_the_days_before_does_not_bar_today() -> None:
    async def story(world: Carrying) -> None:
        # Sold for 0.95, now 2.20: 625 lost since the opening, 25 of it today.
        world.market.show(world.key("short"), "3.70", "3.74", at=world.clock.now())
        await world.run_to(9, 33)
        assert world.losses_told == []

    play(story, "-600")


def test_a_gain_of_the_days_before_does_not_hide_todays_loss() -> None:
    async def story(world: Carrying) -> None:
        await world.run_to(9, 33)
        # 275 lost since the opening, after 300 made by the evening before.
        (told,) = world.losses_told
        assert "-575.00 USD has reached the limit of 500.00 USD" in told

    play(story, "300")


def test_a_missing_roll_up_leaves_it_unknown_until_it_is_made(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def story(world: Carrying) -> None:
        await world.run_to(9, 31, 30)
        assert not world.line.is_carried_known
        assert world.losses_told == [], "275 since the opening"
        world.rolled_up("300")
        await world.run_to(9, 32, 30)
        assert world.line.carried == ProfitAndLoss(unrealized=Decimal(300), fees=FEES)
        await world.run_to(9, 33, 30)
        assert len(world.losses_told) == 1

    play(story, None)
    logged = capsys.readouterr().out
    assert logged.count("carried_result_unknown") == 2  # event and message of one line
    assert logged.count("loss_judged_since_opening") == 2


def test_a_limit_is_judged_since_the_opening_where_the_day_is_not_known() -> None:
    async def story(world: Carrying) -> None:
        world.market.show(world.key("short"), "3.70", "3.74", at=world.clock.now())
        await world.run_to(9, 32)
        (told,) = world.losses_told
        assert "-626.30 USD" in told

    play(story, None)


def test_a_correction_of_the_morning_is_read_before_the_open() -> None:
    async def story(world: Carrying) -> None:
        world.rolled_up("-120")
        await world.run_to(9, 29, 30)
        assert world.line.carried.unrealized == Decimal(-120)
        world.rolled_up("-130")
        await world.run_to(9, 35)
        assert world.line.carried.unrealized == Decimal(-120), "the day counts from one figure"

    play(story, "-100")


def test_what_is_closed_today_stays_on_the_line_with_what_it_had_made() -> None:
    async def story(world: Carrying) -> None:
        await world.run_to(9, 31)
        world.desk_asks_to_close("anna")
        await world.run_to(9, 35)
        assert world.position("anna").is_flat
        line = world.line
        assert line.carried == ProfitAndLoss(unrealized=Decimal(-100), fees=FEES)
        assert line.realized == world.position("anna").realized

    play(story, "-100")


def test_a_roll_up_that_cannot_be_read_leaves_it_unknown_and_trading_goes_on() -> None:
    async def story(world: Carrying) -> None:
        broken: dict[str, object] = {"session_date": BEFORE}
        world._write(f"pnl_daily/{BEFORE}~anna", broken)
        await world.restart()
        await world.run_to(9, 31, 30)
        assert not world.line.is_carried_known
        world.rolled_up("-100")
        await world.run_to(9, 32, 30)
        assert world.line.is_carried_known

    play(story, "-100")
