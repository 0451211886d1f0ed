"""Settings that nobody could trade by are refused by name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.adapters.firestore.codec import decode, encode
from shared.domain.errors import InvalidInput
from shared.domain.ladder import LadderRules
from shared.domain.time_value import TimeValueRules
from shared.domain.trading_settings import TradingSettings, in_range


def test_the_defaults_are_in_range_and_survive_the_database() -> None:
    assert in_range(decode(TradingSettings, encode(TradingSettings()))) == TradingSettings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_qty_per_leg", 0),
        ("quote_max_age_seconds", 0),
        ("end_of_day_minutes", -30),
        ("flatten_alarm_minutes", 0),
        ("near_money_ratio", Decimal("-0.01")),
        ("margin_buffer_ratio", Decimal(1)),
        ("max_width", Decimal(0)),
        ("entry_cutoff", "ten"),
        ("verified_after", "25:00"),
    ],
)
def test_a_setting_out_of_range_is_named(name: str, value: object) -> None:
    stored: dict[str, object] = {name: str(value)} if name.endswith("_ratio") else {name: value}
    if isinstance(value, Decimal) and not name.endswith("_ratio"):
        stored = {f"{name}_micros": int(value)}
    read = decode(TradingSettings, {**encode(TradingSettings()), **stored})
    with pytest.raises(InvalidInput, match=name):
        in_range(read)


@pytest.mark.parametrize(
    ("ladder", "name"),
    [
        (LadderRules(tick=Decimal(0)), "ladder.tick"),
        (LadderRules(step=Decimal("-0.01")), "ladder.step"),
        (LadderRules(ceiling=Decimal("0.70")), "ladder.ceiling"),
        (LadderRules(rungs=0), "ladder.rungs"),
        (LadderRules(interval_seconds=0), "ladder.interval_seconds"),
    ],
)
def test_a_ladder_that_could_not_be_walked_is_named(ladder: LadderRules, name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        in_range(TradingSettings(ladder=ladder))


def test_bounds_of_the_time_value_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InvalidInput, match="critical_below"):
        in_range(TradingSettings(time_value=TimeValueRules(critical_below=Decimal(2))))
