"""What a broker's statement and our books say differently, and nothing explains."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.followers import AccountId, FollowerId
from shared.domain.options import ContractKey


class MismatchKind(StrEnum):
    """What differs."""

    ACCOUNT_MISSING = "account_missing"
    """We have fills of an account, and the broker sent no statement of it."""
    FILL_UNKNOWN = "fill_unknown"
    """A fill of ours that the broker does not have."""
    TRADE_UNEXPLAINED = "trade_unexplained"
    """A trade of the broker's that nothing explains."""
    TRADE_DIFFERS = "trade_differs"
    """The same execution, told differently in a way that no correction explains."""
    OPTION_EVENT = "option_event"
    """An assignment, exercise or expiration that our bookings do not show."""
    POSITION = "position"
    """What the broker holds at the day's end is not what our books make."""
    NOT_CLEARED = "not_cleared"
    """An option that we booked as ended, and that the statement still holds: the clearing of
    the night is not in it yet. A later statement settles it; nobody has to act before that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mismatch:
    """One difference.

    Attributes:
        kind: What differs.
        account_id: Broker account.
        follower_id: Whose, where that is known.
        contract_key: Contract; None where it is about a whole account.
        words: What is wrong and what to do, for people.
    """

    kind: MismatchKind
    account_id: AccountId
    follower_id: FollowerId | None
    contract_key: ContractKey | None
    words: str
