"""Our wish to exercise long options: written down before it is sent, and sent once.

IBKR confirms no exercise; only what is held proves it. So a wish that may have been sent is
never sent again: it is waited for, and people are told where it does not come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.options import ContractKey
from shared.domain.positions import PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class ExerciseWish:
    """An exercise that we ask for.

    Attributes:
        exercise_id: `{position_id}~exercise~{n}`.
        position_id: Position whose long leg it is.
        follower_id: Whose.
        account_id: Broker account.
        login_id: Login it is sent through.
        session_date: Session in which it is asked, ISO text.
        contract_key: The long option.
        quantity: Contracts.
        asked_at: When it was written down, before the send (UTC, market time).
        is_pending: True until what is held proves it.
        fencing_token: Token of the leader that asked.
    """

    exercise_id: str
    position_id: PositionId
    follower_id: FollowerId
    account_id: AccountId
    login_id: LoginId
    session_date: str
    contract_key: ContractKey
    quantity: int
    asked_at: datetime
    is_pending: bool
    fencing_token: int


def exercise_id(position_id: PositionId, number: int) -> str:
    """Name the n-th exercise of a position."""
    return f"{position_id}~exercise~{number}"
