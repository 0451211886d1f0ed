"""The cast of a day: who plays, with how much, on which signal."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from shared.domain.spreads import Strategy
from shared.domain.trading_settings import SheetPreset
from tests.sandbox.cast import Cast, make_cast
from tests.sandbox.options import read_options

HEADER = "Date,Ticker,Strategy,Qty_Per_Leg,Strike_Long,Strike_Short\n"


def _cast(*arguments: str) -> Cast:
    return make_cast(read_options(arguments))


def _cast_of_sheet(folder: Path, text: str, *arguments: str) -> Cast:
    path = folder / "sheet.csv"
    path.write_text(text)
    return _cast("--signal", str(path), *arguments)


@pytest.mark.parametrize(("count", "is_full"), [(1, False), (2, False), (3, True), (300, True)])
def test_from_three_followers_on_one_is_poor_and_one_out_of_reach(
    count: int, is_full: bool
) -> None:
    cast = _cast("--followers", str(count))
    assert [f.follower_id for f in cast.followers] == [f"f-{n:04d}" for n in range(1, count + 1)]
    assert cast.poor == (cast.followers[-2].follower_id if is_full else None)
    assert cast.unreachable == (cast.followers[-1].follower_id if is_full else None)
    assert len(cast.logins) == count - is_full


def test_accounts_logins_and_names_are_everybodys_own() -> None:
    cast = _cast("--followers", "50")
    for names in (
        {follower.account_id for follower in cast.followers},
        {follower.login_id for follower in cast.followers},
        {follower.name for follower in cast.followers},
    ):
        assert len(names) == 50


def test_the_poor_one_has_a_tenth_of_what_he_needs_and_the_others_four_times_as_much() -> None:
    cast = _cast("--followers", "12")
    cash = {login.login_id: login.accounts[0].cash for login in cast.logins}
    for follower in cast.followers[:-1]:
        needed = Decimal(500) * int(10 * follower.multiplier_ratio)
        if follower.follower_id == cast.poor:
            assert cash[follower.login_id] == needed / 10
        else:
            assert cash[follower.login_id] == max(Decimal(25_000), needed * 4)


@pytest.mark.parametrize("quantity", ["1", "2", "10"])
def test_every_share_of_the_signal_is_at_least_one_spread(tmp_path: Path, quantity: str) -> None:
    row = f"2026-11-23,QQQ,Long,{quantity},592,597\n"
    cast = _cast_of_sheet(tmp_path, HEADER + row, "--followers", "10")
    shares = [follower.multiplier_ratio for follower in cast.followers]
    assert all(int(int(quantity) * share) >= 1 for share in shares)


@pytest.mark.parametrize("strategy", list(Strategy))
def test_our_own_sheet_holds_history_and_a_signal_of_today(strategy: Strategy) -> None:
    cast = _cast("--strategy", strategy.value, "--session-date", "2025-11-28", "--ticker", "IWM")
    assert [row[0] for row in cast.values] == ["Date", "2025-11-26", "2025-11-28"]
    assert cast.accepted is not None
    assert (cast.accepted.ticker, cast.accepted.strategy) == ("IWM", strategy)
    assert cast.accepted.expiry == "2025-11-28"
    assert cast.settings.ticker == "IWM"


def test_the_same_command_line_casts_the_same_day() -> None:
    assert _cast("--followers", "20") == _cast("--followers", "20")


def test_an_italian_sheet_is_known_by_its_header(tmp_path: Path) -> None:
    text = (
        "Data,Ticker,Strategia,Quantità per Leg,Buy Put,Sell Put,Sell Call,Buy Call\n"
        "23/11/2026,QQQ,Long,4,592,597,,\n"
    )
    cast = _cast_of_sheet(tmp_path, text)
    assert cast.settings.sheet_preset is SheetPreset.ITALIAN
    assert cast.accepted is not None
    assert cast.accepted.qty_per_leg == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Date,Ticker,Strategy,Qty_Per_Leg,Strike_Long\n2026-11-23,QQQ,Long,10,592\n",
        HEADER + "2026-11-23,QQQ,Long,10,592,597\n2026-11-23,QQQ,Long,9,592,597\n",
        HEADER + "2026-11-23,QQQ,Long,10,597,592\n",
        HEADER + "2026-11-23,IWM,Long,10,592,597\n",
        HEADER + "2026-11-23,QQQ,Long,ten,592,597\n",
        HEADER + "2026-11-23,QQQ,Long,999999999,592,597\n",
        HEADER + "2026-13-45,QQQ,Long,10,592,597\n",
        HEADER + "2026-11-20,QQQ,Long,10,592,597\n",
    ],
    ids=[
        *("empty", "missing header", "two rows", "crossed strikes", "wrong ticker"),
        *("text in a number", "absurd quantity", "impossible date", "history only"),
    ],
)
def test_a_faulty_sheet_still_has_its_cast_but_no_signal(tmp_path: Path, text: str) -> None:
    cast = _cast_of_sheet(tmp_path, text)
    assert cast.accepted is None
    assert len(cast.followers) == 3
    assert cast.spot == 600


def test_recorded_quotes_need_no_model_spot(tmp_path: Path) -> None:
    quotes = tmp_path / "quotes.csv"
    quotes.touch()
    text = HEADER + "2026-11-23,QQQ,Long,10,50,55\n"
    assert _cast_of_sheet(tmp_path, text, "--quotes", str(quotes)).spot == 600
    assert 40 < _cast_of_sheet(tmp_path, text).spot < 80
