"""Plays a month: each session's documents at their time, and our functions and jobs do the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from shared.domain.months import Month, last_day
from shared.domain.sessions import at_new_york
from tests.sandbox.checks import Check
from tests.sandbox.ecb import ordinary_rates
from tests.sandbox.month.checks import check_figures, check_mail, expect
from tests.sandbox.month.faults import Act, Fault
from tests.sandbox.month.papers import check_papers
from tests.sandbox.month.payments import collect
from tests.sandbox.month.readings import Left, read_left
from tests.sandbox.month.scene import Scene

USUAL = Fault(name="", words="nothing goes wrong")
START = "06:00"
_A_DAY = timedelta(days=1)
_MONDAY = 0


class MonthPlay:
    """A month from its first morning to the bank's answer.

    Args:
        scene: What it is played on.
        fault: What goes wrong.
        tell: Told of each step, in words.
    """

    def __init__(self, scene: Scene, fault: Fault | None, tell: Callable[[str], None]) -> None:
        self._scene = scene
        self._drawn = scene.drawn
        self._fault = fault or USUAL
        self._tell = tell
        self.checks: list[Check] = []

    async def run(self) -> Left:
        """Play it all; returns what it left behind."""
        scene, fault = self._scene, self._fault
        scene.seeds.begin(at_new_york(self._drawn.dates[0], START))
        await self._trade()
        await self._settle()
        await scene.until(*self._end())
        self._tell("every mail is out")
        expected = expect(self._drawn, usd_per_eur(self._drawn.month))
        left = read_left(self._drawn, scene.stack)
        self.checks += check_figures(self._drawn, expected, left)
        self.checks += check_mail(self._drawn, expected, left, is_mute=fault.is_mute)
        self.checks += check_papers(self._drawn, expected.months, left, scene.stack)
        await self._act(fault.at_the_end)
        if fault.trap is not None:
            faults = () if scene.stack.is_sprung else ("nobody came by it",)
            self.checks.append(Check(name="the trap has sprung", faults=faults))
        verified = await scene.run_job("verify", "--month", self._drawn.month)
        said = () if verified.code == 0 else (verified.said,)
        self.checks.append(
            Check(name="computed anew from fills, the month is the same", faults=said)
        )
        self.checks += [one async for one in collect(scene, dict(expected.months))]
        return read_left(self._drawn, scene.stack)

    async def _trade(self) -> None:
        """Every session of the month, and the settlement of each in the morning after."""
        scene, dates = self._scene, self._drawn.dates
        scene.put_rates(_before_last(self._drawn.month))
        for date_ in dates:
            await scene.until(date_, "07:00")
            scene.seeds.morning(date_)
            await scene.until(date_, "16:29")
            scene.seeds.day(date_)
            await scene.until(date_, "16:45")
            if date_ != dates[-1] or self._fault.has_last_statements:
                scene.put_statements(date_)
            self._tell(f"{date_} is traded")

    async def _settle(self) -> None:
        """The mornings after the last session: what is settled then bills the month."""
        scene, fault = self._scene, self._fault
        if fault.has_last_rate:
            scene.put_rates(scene.first_morning)
        await scene.until(scene.first_morning, "07:00")
        scene.seeds.morning(scene.first_morning)
        if fault.prepares is not None:
            fault.prepares(scene)
        if fault.refusals is not None:
            stand_in, failures = fault.refusals
            scene.stack.tell(stand_in, "POST", "failures", dict(failures))
        await scene.until(scene.first_morning, "07:45")
        self._tell(f"{scene.first_morning} has settled the last session")
        await self._act(fault.first_morning)
        if fault.second_morning is None and not fault.delays:
            return
        await scene.until(scene.second_morning, "07:00")
        scene.seeds.morning(scene.second_morning)
        if fault.second_morning is not None:
            fault.second_morning(scene)
        await scene.until(scene.second_morning, "07:45")
        self._tell(f"{scene.second_morning} has settled what was left")

    async def _act(self, act: Act | None) -> None:
        if act is not None:
            self.checks += [one async for one in act(self._scene)]

    def _end(self) -> tuple[str, str]:
        """After the first mail about commissions that can have the month in it."""
        scene = self._scene
        billed = scene.second_morning if self._fault.delays else scene.first_morning
        day = date.fromisoformat(billed)
        while day.weekday() != _MONDAY:
            day += _A_DAY
        return day.isoformat(), "09:15"


def usd_per_eur(month: str) -> Decimal:
    """The rate a month is billed at: the last one that was published in it."""
    rates = ordinary_rates(last_day(Month(month)), days=10)
    return Decimal(rates[max(rates)])


def _before_last(month: str) -> str:
    """The day before the month's last rate is published."""
    rates = ordinary_rates(last_day(Month(month)), days=10)
    return (date.fromisoformat(max(rates)) - _A_DAY).isoformat()
