"""Margin: asked at the worst price, and believed only where the figures make sense."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain.errors import AdapterError
from shared.domain.followers import MarginPolicy
from shared.domain.orders import Margin, Order, OrderState
from shared.domain.reasons import Reason
from shared.domain.trading_settings import TradingSettings
from shared.ports.broker import WhatIf, WhatIfRefused
from shared.use_cases.check_margin import check_margin
from tests.builders import NOON
from tests.desks import a_claimed_order
from tests.fakes.async_clock import AsyncManualClock
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import FakeMarket

ORDER = replace(a_claimed_order(), margin=None)


class Bank(FakeBroker):
    """A login whose what-ifs answer as told first, then by its equity."""

    def __init__(self, equity: str, *first: Margin | WhatIfRefused) -> None:
        market = FakeMarket()
        for key in ("QQQ", *(leg.contract.key for leg in ORDER.legs)):
            market.show(key, "1", "1", at=NOON)
        clock = AsyncManualClock(NOON)
        super().__init__("login-1", ["DU0000001"], market, now=clock.now, equity=equity)
        self.first = list(first)

    async def what_if(self, order: WhatIf) -> Margin | WhatIfRefused:
        answer = await super().what_if(order)
        return self.first.pop(0) if self.first else answer


def check(bank: Bank, policy: MarginPolicy = MarginPolicy.REJECT) -> Order:
    async def story() -> Order:
        await bank.connect()
        await bank.resolve("QQQ", [leg.contract for leg in ORDER.legs])
        return await check_margin(
            ORDER, policy=policy, broker=bank, settings=TradingSettings(), now=NOON
        )

    return asyncio.run(story())


def quantities(bank: Bank) -> list[int]:
    return [asked.quantity for asked in bank.what_ifs]


def test_a_margin_that_fits_is_kept_with_the_order() -> None:
    bank = Bank("100000")
    checked = check(bank)
    assert checked.state is OrderState.CLAIMED
    assert (checked.quantity, checked.reason) == (5, None)
    assert checked.margin is not None
    assert checked.margin.initial_after == 2500
    (asked,) = bank.what_ifs
    assert asked.limit == Decimal("-0.70")
    assert asked.buffer_ratio == Decimal("0.05")
    assert (asked.legs, asked.account_id) == (ORDER.legs, ORDER.account_id)


def test_a_margin_that_does_not_fit_skips_the_order_and_says_what_is_short() -> None:
    bank = Bank("2200")
    checked = check(bank)
    assert (checked.state, checked.reason) == (OrderState.SKIPPED, Reason.NO_MARGIN)
    # 2200 + 350 credit - 6.50 fees = 2543.50; 5 % of it 127.175; 2543.50 - 2500 = 43.50.
    assert "2543.50" in checked.detail
    assert "83.68 short" in checked.detail or "83.67 short" in checked.detail
    assert checked.margin is not None
    assert checked.finished_at == NOON
    assert quantities(bank) == [5]


def test_the_buffer_decides_to_the_cent() -> None:
    exact = Margin(
        currency="USD",
        initial_before=Decimal(0),
        initial_after=Decimal(2500),
        equity_after=Decimal("2631.58"),
        buffer=Decimal("131.58"),
    )
    short = replace(exact, initial_after=Decimal("2500.01"))
    assert check(Bank("100000", exact)).state is OrderState.CLAIMED
    assert check(Bank("100000", short)).reason is Reason.NO_MARGIN


def test_who_wants_it_is_reduced_to_what_fits_and_asked_again() -> None:
    bank = Bank("2200")
    checked = check(bank, MarginPolicy.REDUCE)
    assert checked.state is OrderState.CLAIMED
    assert checked.quantity == 4
    assert quantities(bank) == [5, 4]
    assert checked.margin is not None
    assert checked.margin.initial_after == 2000
    assert "reduced from 5 to 4" in checked.detail


def test_a_reduction_that_the_second_what_if_does_not_bear_out_is_refused() -> None:
    no_room = Margin(
        currency="USD",
        initial_before=Decimal(0),
        initial_after=Decimal(2500),
        equity_after=Decimal(2000),
        buffer=Decimal(100),
    )
    for second in (replace(no_room, equity_after=Decimal(100)), WhatIfRefused(message="no")):
        bank = Bank("100000", no_room, second)
        checked = check(bank, MarginPolicy.REDUCE)
        assert (checked.state, checked.reason) == (OrderState.SKIPPED, Reason.NO_MARGIN)
        assert checked.quantity == 5
        assert quantities(bank) == [5, 3]


def test_nothing_is_reduced_to_nothing() -> None:
    bank = Bank("100")
    assert check(bank, MarginPolicy.REDUCE).reason is Reason.NO_MARGIN
    assert quantities(bank) == [5]


def test_a_margin_that_does_not_grow_with_the_quantity_is_not_divided_by() -> None:
    odd = Margin(
        currency="USD",
        initial_before=Decimal(2500),
        initial_after=Decimal(2500),
        equity_after=Decimal(2000),
        buffer=Decimal(100),
    )
    assert check(Bank("100000", odd), MarginPolicy.REDUCE).reason is Reason.NO_MARGIN


def test_a_refused_what_if_is_no_margin_in_the_brokers_words() -> None:
    checked = check(Bank("100000", WhatIfRefused(message="the what-if gave no figure")))
    assert (checked.reason, checked.margin) == (Reason.NO_MARGIN, None)
    assert checked.detail == "the what-if gave no figure"


def test_a_broker_that_cannot_be_asked_decides_nothing() -> None:
    bank = Bank("100000")

    async def story() -> None:
        with pytest.raises(AdapterError):
            await check_margin(
                ORDER,
                policy=MarginPolicy.REJECT,
                broker=bank,
                settings=TradingSettings(),
                now=NOON,
            )

    asyncio.run(story())
