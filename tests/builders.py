"""Builders of domain values: a test names what matters to it, the rest is an ordinary day.

The ordinary day is the half day 2026-11-27, QQQ near 592, one bull put 585/590.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from shared.domain.account_snapshot import AccountSnapshot
from shared.domain.fills import COMBO_KEY, ExecId, Fill
from shared.domain.followers import AccountId, Follower, FollowerId, FollowerState, LoginId
from shared.domain.options import ContractKey, OptionContract, Right
from shared.domain.orders import Order, OrderState, Purpose, opening_order_id
from shared.domain.positions import Position, position_from_fills
from shared.domain.quotes import NetQuote, Quote
from shared.domain.signals import SignalId
from shared.domain.spreads import Side, Spread, Strategy, spread_of

SESSION_DATE = "2026-11-27"
SIGNAL_ID = SignalId("2026-11-27-QQQ-1")
NOON = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
"""12:00 New York, an hour before that day's early close."""


def a_contract(strike: str = "590", right: Right = Right.PUT) -> OptionContract:
    return OptionContract(symbol="QQQ", expiry=SESSION_DATE, strike=Decimal(strike), right=right)


def a_spread(
    *,
    width: str = "5",
    short_strike: str = "590",
    strategy: Strategy = Strategy.LONG,
    expiry: str = SESSION_DATE,
) -> Spread:
    short = Decimal(short_strike)
    away = Decimal(width) if strategy is Strategy.SHORT else -Decimal(width)
    return spread_of(
        symbol="QQQ",
        strategy=strategy,
        expiry=expiry,
        long_strike=short + away,
        short_strike=short,
    )


def a_quote(
    bid: str | None = "1.00",
    ask: str | None = "1.02",
    *,
    contract: OptionContract | None = None,
    at: datetime = NOON,
    size: int = 10,
) -> Quote:
    return Quote(
        contract_key=(contract or a_contract()).key,
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        bid_size=size,
        ask_size=size,
        at=at,
    )


def by_contract(*quotes: Quote) -> dict[ContractKey, Quote]:
    return {quote.contract_key: quote for quote in quotes}


def a_market(bid: str, ask: str) -> NetQuote:
    return NetQuote(bid=Decimal(bid), ask=Decimal(ask))


def a_follower(
    follower_id: str = "anna",
    *,
    multiplier: str = "1",
    max_contracts: int | None = None,
    max_loss: str | None = None,
) -> Follower:
    return Follower(
        follower_id=FollowerId(follower_id),
        name=follower_id.title(),
        state=FollowerState.ACTIVE,
        login_id=LoginId("login-1"),
        account_id=AccountId("DU0000001"),
        multiplier_ratio=Decimal(multiplier),
        max_contracts=max_contracts,
        max_loss=None if max_loss is None else Decimal(max_loss),
        agreement_version="2026-01",
    )


def an_order(
    state: OrderState = OrderState.PLANNED,
    *,
    purpose: Purpose = Purpose.OPEN,
    quantity: int = 5,
    filled_quantity: int = 0,
    spread: Spread | None = None,
) -> Order:
    follower = a_follower()
    return Order(
        order_id=opening_order_id(SIGNAL_ID, follower.follower_id),
        purpose=purpose,
        signal_id=SIGNAL_ID,
        follower_id=follower.follower_id,
        login_id=follower.login_id,
        account_id=follower.account_id,
        session_date=SESSION_DATE,
        spread=spread or a_spread(),
        quantity=quantity,
        state=state,
        planned_at=NOON,
        filled_quantity=filled_quantity,
    )


def a_fill(
    side: Side = Side.BUY,
    quantity: int = 1,
    price: str = "1.00",
    *,
    contract: OptionContract | None = None,
    fee: str | None = "0.65",
    exec_id: str = "0001.01",
    at: datetime = NOON,
) -> Fill:
    return Fill(
        exec_id=ExecId(exec_id),
        order_id=opening_order_id(SIGNAL_ID, FollowerId("anna")),
        follower_id=FollowerId("anna"),
        account_id=AccountId("DU0000001"),
        session_date=SESSION_DATE,
        contract_key=(contract or a_contract()).key,
        side=side,
        quantity=quantity,
        price=Decimal(price),
        multiplier=100,
        fee=None if fee is None else Decimal(fee),
        at=at,
    )


def a_combo_fill(quantity: int = 1, price: str = "-1.00", *, exec_id: str = "0001.01") -> Fill:
    """The execution of the combo itself, as the broker reports it beside those of the legs."""
    order = an_order()
    return Fill(
        exec_id=ExecId(exec_id),
        order_id=order.order_id,
        follower_id=order.follower_id,
        account_id=order.account_id,
        session_date=order.session_date,
        contract_key=COMBO_KEY,
        side=Side.BUY,
        quantity=quantity,
        price=Decimal(price),
        multiplier=100,
        fee=None,
        at=NOON,
    )


def a_position(fills: Iterable[Fill] = (), *, spread: Spread | None = None) -> Position:
    return position_from_fills(
        follower_id=FollowerId("anna"),
        account_id=AccountId("DU0000001"),
        session_date=SESSION_DATE,
        spread=spread or a_spread(),
        fills=fills,
    )


def an_account(account_id: str = "DU0000001", *, agrees: bool = True) -> AccountSnapshot:
    return AccountSnapshot(
        account_id=AccountId(account_id),
        login_id=LoginId("login-1"),
        follower_id=FollowerId("anna"),
        session_date=SESSION_DATE,
        checked_at=NOON,
        quantities={},
        agrees=agrees,
        why="" if agrees else "the broker holds something else than our books explain: QQQ +100",
    )
