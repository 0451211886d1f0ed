"""IBANs and BICs, checked with schwifty; names, in the characters that every bank accepts."""

from __future__ import annotations

import re

from schwifty import BIC, IBAN
from schwifty.exceptions import (
    InvalidChecksumDigits,
    InvalidCountryCode,
    InvalidLength,
    SchwiftyException,
)
from text_unidecode import unidecode

from shared.domain.payments import BankFacts

LONGEST_NAME = 70
"""Max70Text: the scheme's limit of names (AT-14)."""

# Where a conversion is usual; what else is left over becomes a full stop. The same rules as
# https://www.europeanpaymentscouncil.eu/document-library/guidance-documents/sepa-requirements-extended-character-set-unicode-subset-best
_CONVERTED = str.maketrans({"&": "+", "_": "-", ";": ",", "[": "(", "]": ")", "{": "(", "}": ")"})
_REFUSED = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
_BLANKS = re.compile(r"\s+")


class RegisteredBankDetails:
    """`BankDetails` from the registers that schwifty carries."""

    def facts(self, *, iban: str, bic: str, holder: str) -> BankFacts:
        """Check an account as somebody wrote it down; any of the three may be empty."""
        account, fault = _account(iban)
        bank = _bank(bic)
        return BankFacts(
            iban="" if account is None else account.compact,
            iban_fault=fault,
            iban_country="" if account is None else account.country_code,
            is_sepa=account is not None and account.in_sepa_zone,
            bic="" if bank is None else bank.compact,
            bic_country="" if bank is None else bank.country_code,
            holder=sepa_text(holder, longest=LONGEST_NAME),
        )


def sepa_text(text: str, *, longest: int) -> str:
    """Write a text in the characters that every bank accepts.

    Letters of other alphabets and accented ones become plain Latin letters, other characters the
    nearest accepted one or a full stop. A text without a letter or a digit becomes empty.
    """
    latin = unidecode(_BLANKS.sub(" ", text)).translate(_CONVERTED)
    plain = _BLANKS.sub(" ", _REFUSED.sub(".", latin)).strip()[:longest].strip()
    return plain if any(one.isalnum() for one in plain) else ""


def _account(text: str) -> tuple[IBAN | None, str]:
    # The library's messages may quote the IBAN; only the kind of error leaves this function.
    try:
        return IBAN(text), ""
    except InvalidLength:
        return None, "its length is not that of its country"
    except InvalidChecksumDigits:
        return None, "its check digits do not agree with the rest"
    except InvalidCountryCode:
        return None, "its country has no IBANs"
    except SchwiftyException:
        return None, "it has characters where they do not belong"


def _bank(text: str) -> BIC | None:
    try:
        return BIC(text)
    except SchwiftyException:
        return None
