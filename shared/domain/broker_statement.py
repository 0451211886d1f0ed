"""The broker's own statement of a session: what each account of a login traded, paid and holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId, Login, LoginId
from shared.domain.options import ContractKey, OptionContract
from shared.domain.spreads import Side


class TradeLevel(StrEnum):
    """What a row of trades stands for."""

    EXECUTION = "execution"
    SUMMARY = "summary"
    """What the broker adds up from executions, or splits them into: never counted beside them."""


class OptionEventKind(StrEnum):
    """What became of an option, in IBKR's words."""

    ASSIGNMENT = "Assignment"
    EXERCISE = "Exercise"
    EXPIRATION = "Expiration"


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementRef:
    """Where a login's statement is found.

    Attributes:
        login_id: Whose.
        token_secret: Name of the secret that holds the token of the service, never the token.
        query_id: Id of the Flex query.
    """

    login_id: LoginId
    token_secret: str
    query_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementTrade:
    """One row of trades.

    Attributes:
        broker_exec_id: The broker's execution id with its correction suffix; empty on what it
            booked itself (an assignment, an expiration, a cancellation).
        trade_id: The broker's trade id; a correction keeps that of what it corrects.
        canceled_trade_id: Trade id of what this row takes back; empty on any other row.
        broker_order_id: The order's id in the broker's books, not the API's permanent id.
        order_ref: Reference that the API client gave; empty where it is not told.
        account_id: Broker account.
        session_date: Trade date, ISO text.
        contract_key: Option, stock, or COMBO_KEY.
        multiplier: Shares per contract; 1 for a stock.
        side: BUY or SELL; of a cancellation, the side of what it takes back.
        quantity: Contracts or shares, positive; a fraction of a share is possible.
        price: USD per share.
        fee: Broker fee, USD, positive; negative where the broker pays one back.
        executed_at: When (UTC).
        level: Execution or summary.
        event: What became of an option, where the row is the booking of that.
        contract: The option's terms; None for a stock, or where it does not deliver the shares
            of its name.
    """

    broker_exec_id: str
    trade_id: str
    account_id: AccountId
    session_date: str
    contract_key: ContractKey
    multiplier: int
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    executed_at: datetime
    broker_order_id: str = ""
    order_ref: str = ""
    canceled_trade_id: str = ""
    level: TradeLevel = TradeLevel.EXECUTION
    event: OptionEventKind | None = None
    contract: OptionContract | None = None

    @property
    def is_combo(self) -> bool:
        """True for a combo's own row; its legs have theirs."""
        return self.contract_key == COMBO_KEY

    @property
    def is_counted(self) -> bool:
        """True for what moved contracts and money itself."""
        return self.level is TradeLevel.EXECUTION and not self.is_combo

    @property
    def signed_quantity(self) -> Decimal:
        """Contracts gained (positive) or given (negative); a cancellation gives them back."""
        signed = self.side.sign * self.quantity
        return -signed if self.canceled_trade_id else signed


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionEvent:
    """An assignment, exercise or expiration.

    Attributes:
        account_id: Broker account.
        session_date: Date the broker gives it, ISO text.
        kind: Which.
        contract_key: The option.
        contract: The option's terms; None where it does not deliver the shares of its name.
        quantity: Contracts, signed as the holding changed: positive where a short one went.
    """

    account_id: AccountId
    session_date: str
    kind: OptionEventKind
    contract_key: ContractKey
    contract: OptionContract | None
    quantity: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementPosition:
    """What an account holds of a contract at the end of the period; signed, never zero."""

    account_id: AccountId
    contract_key: ContractKey
    quantity: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class CashTransaction:
    """Money that moved without a trade: a deposit, a dividend, interest, a market-data fee.

    It is kept to be seen beside the trades. Nothing adds it to a fill, a fee or a profit.

    Attributes:
        account_id: Broker account.
        kind: The broker's words ("Deposits/Withdrawals").
        amount: USD, positive where it came in.
    """

    account_id: AccountId
    kind: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountStatement:
    """The statement of one account; amounts in other currencies than USD are left out.

    Attributes:
        account_id: Broker account.
        from_date: First day, ISO text.
        to_date: Last day, ISO text.
        generated_at: When the broker made it (UTC).
        trades: In the broker's order.
        option_events: In the broker's order.
        positions: At the end of the last day.
        cash_transactions: In the broker's order.
    """

    account_id: AccountId
    from_date: str
    to_date: str
    generated_at: datetime
    trades: tuple[StatementTrade, ...] = ()
    option_events: tuple[OptionEvent, ...] = ()
    positions: tuple[StatementPosition, ...] = ()
    cash_transactions: tuple[CashTransaction, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerStatement:
    """What one query told: a statement for each account of the login, in account order."""

    accounts: tuple[AccountStatement, ...]

    def of(self, account_id: AccountId) -> AccountStatement | None:
        """Find an account's statement; None where the broker sent none."""
        return next((one for one in self.accounts if one.account_id == account_id), None)

    def covers(self, session_date: str) -> bool:
        """Tell whether there is an account, and every account's period holds a session."""
        return bool(self.accounts) and all(
            one.from_date <= session_date <= one.to_date for one in self.accounts
        )


def statement_ref_of(login: Login) -> StatementRef | None:
    """Name a login's statement; None where it has no Flex token or no query."""
    if login.flex_token_secret is None or login.flex_query_id is None:
        return None
    return StatementRef(
        login_id=login.login_id,
        token_secret=login.flex_token_secret,
        query_id=login.flex_query_id,
    )
