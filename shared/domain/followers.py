"""Followers, the logins that carry their accounts, and the terms they trade and pay under."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NewType

FollowerId = NewType("FollowerId", str)
LoginId = NewType("LoginId", str)
AccountId = NewType("AccountId", str)


class FollowerState(StrEnum):
    """Whether a follower trades."""

    ACTIVE = "active"
    CLOSE_ONLY = "close_only"
    PAUSED = "paused"
    DISABLED = "disabled"
    ARCHIVED = "archived"


class MarginPolicy(StrEnum):
    """What to do where the margin does not carry the planned quantity."""

    REJECT = "reject"
    REDUCE = "reduce"


class OnBreach(StrEnum):
    """What happens once a follower's daily loss limit is reached; he opens nothing either way."""

    BAR = "bar"
    CLOSE = "close"
    """What he holds is closed as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Follower:
    """A person whose account copies the signal.

    Attributes:
        follower_id: Our id.
        name: As the person writes it.
        state: Whether he trades.
        login_id: The broker login that carries his account.
        account_id: The broker account, unique among followers that are not archived.
        multiplier_ratio: Share of the sheet's quantity he takes.
        max_contracts: Most spreads in one order; None for no cap.
        max_loss: Most USD one trade may lose at expiry, fees counted; None for no cap.
        margin_policy: Reject or reduce.
        agreement_version: The agreement on record; None means he does not trade.
        daily_loss_limit: Most USD he may lose in a session, positive; None for no limit.
        on_breach: What happens once he has lost as much.
    """

    follower_id: FollowerId
    name: str
    state: FollowerState
    login_id: LoginId
    account_id: AccountId
    multiplier_ratio: Decimal = Decimal(1)
    max_contracts: int | None = None
    max_loss: Decimal | None = None
    margin_policy: MarginPolicy = MarginPolicy.REJECT
    agreement_version: str | None = None
    daily_loss_limit: Decimal | None = None
    on_breach: OnBreach = OnBreach.BAR


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """One IBKR username: one IB Gateway endpoint.

    Attributes:
        login_id: Our id.
        host: Host of its IB Gateway.
        port: API port.
        client_id: The one API client id that may trade on it.
        shard: Which gateway serves it.
        two_factor_due: Date (ISO text, New York) from whose night on signing in needs its
            owner's second factor; None where nobody keeps the date.
        flex_token_secret: Name of the secret that holds its Flex Web Service token, never the
            token; None where no statement is fetched.
        flex_query_id: Id of the Flex query of its statement; None where there is none.
    """

    login_id: LoginId
    host: str
    port: int
    client_id: int
    shard: int = 0
    two_factor_due: str | None = None
    flex_token_secret: str | None = None
    flex_query_id: str | None = None
