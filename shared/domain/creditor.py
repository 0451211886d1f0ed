"""Who collects commissions: us, as the banks know us; kept in `settings/billing`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.domain.errors import InvalidInput

_CREDITOR_ID = re.compile(r"([A-Z]{2})([0-9]{2})[A-Z0-9]{3}([A-Z0-9]{1,28})")
_PAYMENT_DAYS = range(1, 91)
_NOTICE_DAYS = range(5, 31)


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditorSettings:
    """What direct debits and due dates are made with: `settings/billing`.

    Attributes:
        name: Our name on the follower's bank statement, at most 70 characters.
        iban: Our account, to which the money goes.
        bic: Of our bank.
        creditor_id: SEPA creditor identifier, given by the national bank.
        payment_days: Days from a statement's issue until it is due, 1 to 90.
        notice_days: Calendar days from an export to the collection, 5 to 30.
    """

    name: str = ""
    iban: str = ""
    bic: str = ""
    creditor_id: str = ""
    payment_days: int = 14
    notice_days: int = 5

    def __post_init__(self) -> None:
        """Refuse terms that nobody can keep.

        Raises:
            InvalidInput: Naming the field.
        """
        if self.payment_days not in _PAYMENT_DAYS:
            raise InvalidInput("payment_days", "is from 1 to 90")
        if self.notice_days not in _NOTICE_DAYS:
            raise InvalidInput("notice_days", "is from 5 to 30")


def faults_of_creditor(creditor: CreditorSettings) -> tuple[str, ...]:
    """Say what is wrong with the settings themselves; IBAN and BIC are checked by `BankDetails`."""
    faults = []
    if not creditor.name.strip():
        faults.append("name is missing")
    if not is_creditor_id(creditor.creditor_id):
        faults.append("creditor_id is no SEPA creditor identifier, such as DE98ZZZ09999999999")
    return tuple(faults)


def is_creditor_id(text: str) -> bool:
    """Check a creditor identifier: its form and its check digits.

    Country, two check digits, a business code of three that the check leaves out, and the national
    part; ISO 7064 mod 97-10 as in an IBAN ("Creditor Identifier Overview", EPC262-08:
    https://www.europeanpaymentscouncil.eu/document-library/guidance-documents/creditor-identifier-overview).
    """
    match = _CREDITOR_ID.fullmatch(text.replace(" ", "").upper())
    if match is None:
        return False
    country, digits, national = match.groups()
    return int("".join(str(int(one, 36)) for one in national + country + digits)) % 97 == 1
