"""What others did in an account that we trade: the follower himself, or his bank.

None of it is ours to repair. It is kept because it explains what the broker holds: per account
and contract, what the broker holds is what our fills make, and what is written down here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.fills import COMBO_KEY, split_exec_id
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey
from shared.domain.spreads import Side


@dataclass(frozen=True, kw_only=True, slots=True)
class ExternalTrade:
    """A trade that is not ours, or a holding found before anything of ours was in the account.

    Attributes:
        trade_id: The broker's execution id without its correction suffix; of a holding, a name
            made of session, account and contract.
        account_id: Broker account.
        session_date: Session it was seen in, ISO text.
        contract_key: Option, or underlying.
        quantity: Contracts or shares, signed; of a holding, all that is held.
        price: USD per share; 0 for a holding.
        perm_id: The broker's lasting order id; 0 where it told none.
        at: When (UTC, market time).
        is_holding: True for a holding: it starts the count of its contract anew.
        revision: Correction suffix; a higher one replaces a lower.
    """

    trade_id: str
    account_id: AccountId
    session_date: str
    contract_key: ContractKey
    quantity: int
    price: Decimal
    perm_id: int
    at: datetime
    is_holding: bool = False
    revision: str = "01"


def external_trade(
    *,
    broker_exec_id: str,
    account_id: AccountId,
    session_date: str,
    contract_key: ContractKey,
    side: Side,
    quantity: int,
    price: Decimal,
    perm_id: int,
    at: datetime,
) -> ExternalTrade:
    """Keep an execution that belongs to no order of ours."""
    exec_id, revision = split_exec_id(broker_exec_id)
    return ExternalTrade(
        trade_id=exec_id,
        account_id=account_id,
        session_date=session_date,
        contract_key=contract_key,
        quantity=side.sign * quantity,
        price=price,
        perm_id=perm_id,
        at=at,
        revision=revision,
    )


def holding(
    *,
    account_id: AccountId,
    session_date: str,
    contract_key: ContractKey,
    quantity: int,
    at: datetime,
) -> ExternalTrade:
    """Keep what an account held of a contract before anything of ours was in it."""
    return ExternalTrade(
        trade_id=f"holding-{session_date}-{account_id}-{contract_key}",
        account_id=account_id,
        session_date=session_date,
        contract_key=contract_key,
        quantity=quantity,
        price=Decimal(0),
        perm_id=0,
        at=at,
        is_holding=True,
    )


def supersedes(told: ExternalTrade, kept: ExternalTrade | None) -> bool:
    """Tell whether what is told now takes the place of what is kept under the same id."""
    if kept is None:
        return True
    if told.is_holding:
        return told.quantity != kept.quantity
    ranks = [(len(one.revision), one.revision) for one in (told, kept)]
    return ranks[0] > ranks[1]


def held_by_others(
    trades: Iterable[ExternalTrade], account_id: AccountId
) -> dict[ContractKey, int]:
    """What an account holds that is not ours, by contract: the last holding and what followed."""
    ours = [one for one in trades if one.account_id == account_id]
    since: dict[ContractKey, ExternalTrade] = {}
    for one in sorted(ours, key=lambda trade: trade.at):
        if one.is_holding:
            since[one.contract_key] = one
    held = {key: start.quantity for key, start in since.items()}
    for one in ours:
        start = since.get(one.contract_key)
        is_counted = start is not None and one.at <= start.at
        if one.is_holding or is_counted or one.contract_key == COMBO_KEY:
            continue
        held[one.contract_key] = held.get(one.contract_key, 0) + one.quantity
    return held
