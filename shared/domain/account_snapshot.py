"""What a broker account held when it was last compared with the books, and whether they agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.options import ContractKey

REPEAT = timedelta(seconds=60)
"""What has not changed is written again after this long, so that its age can be told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountSnapshot:
    """One account, as one complete reading of its login showed it.

    Readings that are not complete leave none: `checked_at` says how old the last one is.

    Attributes:
        account_id: Broker account.
        login_id: Login that carries it.
        follower_id: Whose it is; None where nothing was ever planned for it.
        session_date: Session whose books were compared, ISO text: the one that is open or was
            open last.
        checked_at: Market time of the reading (UTC).
        quantities: What the broker holds of the contracts that we trade there, signed, by
            contract key; what is not held is left out.
        equity_with_loan: Equity with loan value after the last opening of the session that was
            asked about, in the account's base currency; None where none was.
        currency: The base currency; None where `equity_with_loan` is.
        agrees: True only where a complete reading is explained by our leg fills, what we booked
            of expiries, assignments and exercises, and trades that are tagged as others'.
        why: What does not agree, in words; empty where it does.
    """

    account_id: AccountId
    login_id: LoginId
    follower_id: FollowerId | None
    session_date: str
    checked_at: datetime
    quantities: Mapping[ContractKey, int]
    agrees: bool
    why: str = ""
    equity_with_loan: Decimal | None = None
    currency: str | None = None


def is_worth_writing(told: AccountSnapshot, written: AccountSnapshot | None) -> bool:
    """Tell whether a snapshot says something that the written one does not, its age included."""
    if written is None or told.checked_at - written.checked_at >= REPEAT:
        return True
    return replace(told, checked_at=written.checked_at) != written
