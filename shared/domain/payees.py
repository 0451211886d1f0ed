"""What only admins may see of a follower: where his mail goes and how he pays."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.followers import FollowerId


@dataclass(frozen=True, kw_only=True, slots=True)
class Mandate:
    """A SEPA direct-debit mandate.

    Attributes:
        mandate_id: At most 35 characters, unique with us.
        signed_on: ISO date.
        holder: Name of the account's holder.
        bic: Of the account's bank.
    """

    mandate_id: str
    signed_on: str
    holder: str
    bic: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Payee:
    """A follower's private data: `followers_private/{follower_id}`.

    Attributes:
        follower_id: Whose.
        email: Where his reports go; empty where unknown.
        telegram_chat_id: His own chat; empty where unknown.
        iban: His bank account; empty where unknown.
        mandate: His direct-debit mandate, if he gave one.
    """

    follower_id: FollowerId
    email: str = ""
    telegram_chat_id: str = ""
    iban: str = field(default="", repr=False)
    mandate: Mandate | None = None


def masked_iban(iban: str) -> str:
    """Show country and last four characters of an IBAN; nothing where there is none."""
    compact = iban.replace(" ", "").upper()
    return f"{compact[:2]}\N{HORIZONTAL ELLIPSIS}{compact[-4:]}" if len(compact) > 8 else ""
