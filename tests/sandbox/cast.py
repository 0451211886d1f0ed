"""The cast of the day: a signal, followers of differing size, their logins and accounts.

With three or more followers the last but one has too little margin and the login of the last
one cannot be reached; everybody else can trade.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.simulator import SimulatedAccount, SimulatedLogin
from shared.adapters.session_table import session_table
from shared.domain.followers import (
    AccountId,
    Follower,
    FollowerId,
    FollowerState,
    LoginId,
)
from shared.domain.leader_sheet import SheetFault, read_rows
from shared.domain.signal_row import Accepted
from shared.domain.spreads import Spread, Strategy, spread_of
from shared.domain.todays_signal import find_todays_signal
from shared.domain.trading_settings import SheetPreset, TradingSettings
from tests.sandbox.market_choice import choose_spot
from tests.sandbox.options import DayOptions

_MODEL_SPOT = Decimal(600)
_SHARES = (Decimal("1"), Decimal("0.5"), Decimal("0.8"), Decimal("0.3"), Decimal("1.5"))
_ITALIAN_MARK = "strategia"
CLIENT_ID = 11


@dataclass(frozen=True, kw_only=True, slots=True)
class Cast:
    """Who plays, and on what.

    Attributes:
        values: The sheet's cells, header first.
        settings: Trading settings that read this sheet.
        accepted: The signal those settings will find in it; None where it is faulty.
        followers: In id order.
        logins: Simulated logins; the unreachable one is left out.
        unreachable: Follower whose login nobody answers.
        poor: Follower with too little margin.
        spot: The model market's opening price, USD per share.
    """

    values: tuple[tuple[str, ...], ...]
    settings: TradingSettings
    accepted: Accepted | None
    followers: tuple[Follower, ...]
    logins: tuple[SimulatedLogin, ...]
    unreachable: FollowerId | None
    poor: FollowerId | None
    spot: Decimal


def make_cast(options: DayOptions) -> Cast:
    """Cast a day from what was asked for."""
    values = _sheet(options)
    settings = TradingSettings(ticker=options.ticker, sheet_preset=_preset(values))
    accepted = _accepted(values, settings, options)
    quantity = accepted.qty_per_leg if accepted else 10
    followers = tuple(_follower(number, quantity) for number in range(1, options.followers + 1))
    is_full = options.followers >= 3
    poor = followers[-2].follower_id if is_full else None
    unreachable = followers[-1].follower_id if is_full else None
    width = abs(accepted.short_strike - accepted.long_strike) if accepted else Decimal(5)
    spot = _MODEL_SPOT
    if accepted is not None and options.quotes_file is None:
        spot = choose_spot(_spread(accepted), options.session)
    return Cast(
        values=values,
        settings=settings,
        accepted=accepted,
        followers=followers,
        logins=tuple(
            _login(follower, _cash(follower, width, quantity, follower.follower_id == poor))
            for follower in followers
            if follower.follower_id != unreachable
        ),
        unreachable=unreachable,
        poor=poor,
        spot=spot,
    )


def _sheet(options: DayOptions) -> tuple[tuple[str, ...], ...]:
    if options.signal_file is None:
        return _own_sheet(options)
    with options.signal_file.open(newline="", encoding="utf-8-sig") as file:
        return tuple(tuple(row) for row in csv.reader(file) if any(row))


def _own_sheet(options: DayOptions) -> tuple[tuple[str, ...], ...]:
    """A row of history and a row of today, five dollars wide, a little out of the money."""
    strikes = ("592", "597") if options.strategy is Strategy.LONG else ("608", "603")
    before = session_table().previous_session(options.session.session_date).session_date
    return (
        ("Date", "Ticker", "Strategy", "Qty_Per_Leg", "Strike_Long", "Strike_Short"),
        (before, options.ticker, "Long", "8", "588", "593"),
        (options.session.session_date, options.ticker, options.strategy.value, "10", *strikes),
    )


def _preset(values: Sequence[Sequence[str]]) -> SheetPreset:
    words = {cell.strip().casefold() for row in values[:5] for cell in row}
    return SheetPreset.ITALIAN if _ITALIAN_MARK in words else SheetPreset.CANONICAL


def _accepted(
    values: tuple[tuple[str, ...], ...], settings: TradingSettings, options: DayOptions
) -> Accepted | None:
    rows = read_rows(values, settings.sheet_preset)
    if isinstance(rows, SheetFault):
        return None
    verdict = find_todays_signal(
        rows,
        session_date=options.session.session_date,
        settings=settings,
        table=session_table(),
    )
    return verdict if isinstance(verdict, Accepted) else None


def _spread(accepted: Accepted) -> Spread:
    return spread_of(
        symbol=accepted.ticker,
        strategy=accepted.strategy,
        expiry=accepted.expiry,
        long_strike=accepted.long_strike,
        short_strike=accepted.short_strike,
    )


def _follower(number: int, quantity: int) -> Follower:
    """A follower whose share of the signal is at least one whole spread."""
    share = _SHARES[(number - 1) % len(_SHARES)]
    while int(quantity * share) < 1:
        share += Decimal("0.1")
    return Follower(
        follower_id=FollowerId(f"f-{number:04d}"),
        name=f"Follower {number}",
        state=FollowerState.ACTIVE,
        login_id=LoginId(f"login-{number:04d}"),
        account_id=AccountId(f"DU{1_000_000 + number}"),
        multiplier_ratio=share,
        agreement_version="2026-01",
    )


def _cash(follower: Follower, width: Decimal, quantity: int, is_poor: bool) -> Decimal:
    """Four times what the trade needs, at least 25,000 USD; or, for the poor one, a tenth."""
    needed = width * 100 * int(quantity * follower.multiplier_ratio)
    return needed / 10 if is_poor else max(Decimal(25_000), needed * 4)


def _login(follower: Follower, cash: Decimal) -> SimulatedLogin:
    account = SimulatedAccount(account_id=follower.account_id, cash=cash)
    return SimulatedLogin(login_id=follower.login_id, port=0, accounts=(account,))
