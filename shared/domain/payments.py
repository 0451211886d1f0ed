"""Payments that statements ask for, and which of them can be collected by direct debit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.errors import InvariantBroken
from shared.domain.followers import FollowerId
from shared.domain.months import Month
from shared.domain.payees import Mandate, Payee, masked_iban
from shared.domain.sessions import session_date_at
from shared.domain.statements import Statement, StatementNumber
from shared.domain.terms import BillingCurrency

LONGEST_MANDATE_ID = 35
"""Max35Text of the messages, and the scheme's own limit (AT-01)."""

# The characters every bank accepts in an identifier; no slash at its ends and no two together:
# https://www.europeanpaymentscouncil.eu/document-library/guidance-documents/sepa-requirements-extended-character-set-unicode-subset-best
_IDENTIFIER = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9+?/:().,' -]+(?<!/)")

_STATEMENT_NUMBER = re.compile(r"SP-[0-9]{4}-[0-9]{6,}")

# Places whose banks have a country code of their own in the BIC while their accounts carry the
# IBAN of another: https://www.europeanpaymentscouncil.eu/document-library/other/epc-list-sepa-scheme-countries
_IBAN_COUNTRY_OF = {
    **dict.fromkeys(("GG", "IM", "JE"), "GB"),
    **dict.fromkeys(("BL", "GF", "GP", "MF", "MQ", "PM", "RE", "YT"), "FR"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """What a statement asks for.

    Attributes:
        statement_number: `SP-2026-000017`.
        follower_id: Whose.
        name: His name on the statement.
        month: The billed month.
        amount: In the currency, to the cent, positive.
        currency: Of the statement.
        due_date: ISO date (New York).
        reference: What a transfer has to quote: the statement's number.
    """

    statement_number: StatementNumber
    follower_id: FollowerId
    name: str
    month: Month
    amount: Decimal
    currency: BillingCurrency
    due_date: str
    reference: str


class NotDebited(StrEnum):
    """Why a payment is not collected by direct debit."""

    NOT_EUR = "NOT_EUR"
    NO_IBAN = "NO_IBAN"
    IBAN_WRONG = "IBAN_WRONG"
    NOT_SEPA = "NOT_SEPA"
    NO_MANDATE = "NO_MANDATE"
    MANDATE_INCOMPLETE = "MANDATE_INCOMPLETE"
    MANDATE_WRONG = "MANDATE_WRONG"
    MANDATE_SHARED = "MANDATE_SHARED"
    BIC_WRONG = "BIC_WRONG"
    BIC_ELSEWHERE = "BIC_ELSEWHERE"
    IN_BATCH = "IN_BATCH"


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A payment that is not collected.

    Attributes:
        payment: Which.
        reason: Why.
        words: Why, and what to do, without an IBAN.
    """

    payment: Payment
    reason: NotDebited
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BankFacts:
    """What banks' registers say of an account, whatever way it was written down.

    Attributes:
        iban: Compact; empty where it is wrong.
        iban_fault: What is wrong with it, in words without the IBAN; empty where nothing is.
        iban_country: Country of the account.
        is_sepa: True where that country takes part in SEPA.
        bic: Compact; empty where it is wrong.
        bic_country: Country of the bank.
        holder: The holder's name in the characters every bank accepts.
    """

    iban: str = field(repr=False)
    iban_fault: str
    iban_country: str
    is_sepa: bool
    bic: str
    bic_country: str
    holder: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Debit:
    """A payment that can be collected.

    Attributes:
        payment: Which.
        iban: The follower's account, compact.
        bic: Of its bank.
        holder: Name of its holder, in SEPA's characters, at most 70.
        mandate_id: His mandate.
        signed_on: ISO date of its signature.
    """

    payment: Payment
    iban: str = field(repr=False)
    bic: str
    holder: str
    mandate_id: str
    signed_on: str


def payable(statements: Iterable[Statement], *, payment_days: int) -> tuple[Payment, ...]:
    """Select the payments that statements ask for, in order of their numbers.

    Args:
        statements: Of any state; only issued or sent ones that ask for money count.
        payment_days: Days from the issue until a payment is due.
    """
    payments = [_payment(one, payment_days) for one in statements if one.is_payable]
    return tuple(sorted(payments, key=lambda one: one.statement_number))


def debit_of(
    payment: Payment, payee: Payee | None, facts: BankFacts, today: str
) -> Debit | LeftOut:
    """Decide whether a payment can be collected.

    Args:
        payment: Which.
        payee: The follower's private data; None where there are none.
        facts: What registers say of his account.
        today: ISO date.

    Returns:
        The debit, or why there is none: the first reason that holds.
    """
    if fault := _account_fault(payment, payee, facts):
        return LeftOut(payment=payment, reason=fault[0], words=fault[1])
    mandate = None if payee is None else payee.mandate
    if mandate is None:
        return LeftOut(
            payment=payment,
            reason=NotDebited.NO_MANDATE,
            words="gave no direct-debit mandate; he pays by transfer",
        )
    if fault := _mandate_fault(mandate, facts, today):
        return LeftOut(payment=payment, reason=fault[0], words=fault[1])
    return Debit(
        payment=payment,
        iban=facts.iban,
        bic=facts.bic,
        holder=facts.holder,
        mandate_id=mandate.mandate_id,
        signed_on=mandate.signed_on,
    )


def is_identifier(text: str) -> bool:
    """True where every bank takes a text as an identifier: characters and slashes, not length."""
    return _IDENTIFIER.fullmatch(text) is not None


def is_statement_number(text: str) -> bool:
    """True where a text has the form of a statement's number."""
    return _STATEMENT_NUMBER.fullmatch(text) is not None


def is_bic_of_iban(bic_country: str, iban_country: str) -> bool:
    """True where a bank of the first country may keep an account of the second."""
    return _IBAN_COUNTRY_OF.get(bic_country, bic_country) == iban_country


def _payment(statement: Statement, payment_days: int) -> Payment:
    issued_at, due = statement.issued_at, statement.due
    if issued_at is None or due is None or not statement.number:
        raise InvariantBroken(f"{statement.statement_id} is {statement.state} without its number")
    issued_on = date.fromisoformat(session_date_at(issued_at))
    return Payment(
        statement_number=StatementNumber(statement.number),
        follower_id=statement.follower_id,
        name=statement.name,
        month=statement.month,
        amount=due,
        currency=statement.currency,
        due_date=(issued_on + timedelta(days=payment_days)).isoformat(),
        reference=statement.number,
    )


_Fault = tuple[NotDebited, str]


def _account_fault(payment: Payment, payee: Payee | None, facts: BankFacts) -> _Fault | None:
    if payment.currency is not BillingCurrency.EUR:
        return NotDebited.NOT_EUR, f"is billed in {payment.currency}; SEPA collects EUR alone"
    if payee is None or not payee.iban.strip():
        return NotDebited.NO_IBAN, "has no IBAN on record"
    if not facts.iban:
        shown = masked_iban(payee.iban)
        return NotDebited.IBAN_WRONG, f"IBAN {shown} is wrong: {facts.iban_fault}; ask him for it"
    if not facts.is_sepa:
        return NotDebited.NOT_SEPA, f"account in {facts.iban_country}, which is outside of SEPA"
    return None


def _mandate_fault(mandate: Mandate, facts: BankFacts, today: str) -> _Fault | None:
    missing = [
        name
        for name, value in (
            ("mandate_id", mandate.mandate_id),
            ("signed_on", mandate.signed_on),
            ("holder", facts.holder),
            ("bic", mandate.bic),
        )
        if not value.strip()
    ]
    if missing:
        return NotDebited.MANDATE_INCOMPLETE, f"mandate lacks {', '.join(missing)}"
    if wrong := _mandate_id_fault(mandate.mandate_id) or _date_fault(mandate.signed_on, today):
        return NotDebited.MANDATE_WRONG, wrong
    if not facts.bic:
        return NotDebited.BIC_WRONG, "the mandate's bic is no BIC; it has 8 or 11 characters"
    if not is_bic_of_iban(facts.bic_country, facts.iban_country):
        return (
            NotDebited.BIC_ELSEWHERE,
            f"the mandate's bic is of a bank in {facts.bic_country}, the account is in"
            f" {facts.iban_country}",
        )
    return None


def _mandate_id_fault(mandate_id: str) -> str:
    if len(mandate_id) > LONGEST_MANDATE_ID:
        return f"mandate_id has {len(mandate_id)} characters; {LONGEST_MANDATE_ID} at most"
    return "" if is_identifier(mandate_id) else "mandate_id has characters that banks refuse"


def _date_fault(signed_on: str, today: str) -> str:
    try:
        day = date.fromisoformat(signed_on)
    except ValueError:
        return "signed_on is no date; write YYYY-MM-DD"
    return "" if day.isoformat() <= today else "signed_on is in the future"
