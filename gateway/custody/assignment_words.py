"""What people are told of assignments and of positions that do not add up."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.assignment import Life, Settled
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey, strike_text
from shared.domain.positions import Position


def settlement_words(position: Position, settled: Settled, life: Life) -> str:
    """Say what became of a follower's options, and what is done about it."""
    spread, who = position.spread, position.follower_id
    told = (
        f"{who}: {settled.assigned} short {spread.short_contract.key} assigned at "
        f"{strike_text(spread.short_strike)} (account {position.account_id})"
    )
    if settled.exercised == settled.assigned:
        return f"{told}; the long leg was exercised too, the width is booked, nothing is left"
    if settled.exercised:
        told += f"; {settled.exercised} long contracts were exercised"
    shares = (settled.assigned - settled.exercised) * spread.multiplier
    verb = "bought" if spread.right == "P" else "sold short"
    told += f"; {shares} {spread.symbol} were {verb}"
    if life is Life.ALIVE:
        return f"{told}; they are flattened while the session is open, the long leg last"
    return (
        f"{told}; the long leg has expired, so they are UNHEDGED until they are flattened "
        "from the open by marketable limits"
    )


def mismatch_words(
    account_id: AccountId, names: Mapping[AccountId, str], differences: Mapping[ContractKey, int]
) -> str:
    """Say by how much broker and books differ."""
    if not differences:
        return (
            f"{names.get(account_id, account_id)} (account {account_id}): the broker still lists "
            "options that have expired, as our books do; nothing was touched"
        )
    told = "; ".join(f"{key} {count:+d}" for key, count in sorted(differences.items())[:6])
    return (
        f"{names.get(account_id, account_id)} (account {account_id}): the broker holds something "
        f"else than our books explain, twice ten seconds apart: {told}; nothing was touched"
    )


def disagreement(
    differences: Mapping[ContractKey, int], *, is_whole: bool, awaits_clearing: bool
) -> str:
    """Say why an account's books do not agree; empty where they do.

    Args:
        differences: What the broker holds less what is explained, by contract.
        is_whole: Whether the broker's books showed what we know of the same login.
        awaits_clearing: Whether our books still hold options that have expired.
    """
    told = []
    if not is_whole:
        told.append("the broker's books show less than we know of")
    if differences:
        left = "; ".join(f"{key} {count:+d}" for key, count in sorted(differences.items())[:6])
        told.append(f"the broker holds something else than our books explain: {left}")
    if awaits_clearing:
        told.append("options that have expired are still in the books")
    return ", and ".join(told)
