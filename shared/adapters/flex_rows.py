"""Attributes of a Flex statement's rows, read one by one; errors name section and attribute.

IBKR writes a value that does not apply as empty text or "--", decimals with a point and, in old
statements, commas between thousands, and times without a zone: those of New York. How dates and
times are written is a setting of the query: 20261123 or 2026-11-23, 093003 or 09:30:03, with a
semicolon, comma, blank or T between
(https://github.com/csingley/ibflex/blob/master/ibflex/parser.py); what could be read in two ways
is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from shared.domain.errors import InvalidInput
from shared.domain.fills import COMBO_KEY
from shared.domain.money import round_to_micros
from shared.domain.options import ContractKey, OptionContract, Right, underlying_key

_NEW_YORK = ZoneInfo("America/New_York")
_NOTHING = frozenset({"", "--"})
_DATE = r"(?P<year>\d{4})-?(?P<month>\d{2})-?(?P<day>\d{2})"
_TIME = r"(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2})"
_DATE_ALONE = re.compile(_DATE)
_DATE_TIME = re.compile(rf"{_DATE}[;, T]\s?{_TIME}(?: (?P<zone>E[SD]T))?")
_ISO = r"\g<year>-\g<month>-\g<day>T\g<hour>:\g<minute>:\g<second>"
_OCC = re.compile(r"(?P<root>[A-Z0-9]{1,6}) *\d{6}[CP]\d{8}")
"""Root, date as YYMMDD, C or P, strike in thousandths of a dollar."""


class FlexRow:
    """One element of a section.

    Args:
        section: Its section, for errors.
        attributes: As the broker wrote them.
    """

    def __init__(self, section: str, attributes: Mapping[str, str]) -> None:
        self._section = section
        self._attributes = attributes

    def told(self, name: str) -> str:
        """Read an attribute that must be there and may be empty."""
        value = self._attributes.get(name)
        if value is None:
            raise self.wrong(name, "is missing: add it to this section of the Flex query")
        return "" if value.strip() in _NOTHING else value.strip()

    def optional(self, name: str) -> str:
        """Read an attribute that may be missing."""
        return self.told(name) if name in self._attributes else ""

    def text(self, name: str) -> str:
        """Read an attribute that must have a value."""
        value = self.told(name)
        if not value:
            raise self.wrong(name, "is empty, and cannot be")
        return value

    def number(self, name: str) -> Decimal:
        """Read a decimal as it stands."""
        value = self.text(name).replace(",", "")
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise self.wrong(name, f"{value!r} is no number")
        return number

    def amount(self, name: str) -> Decimal:
        """Read USD, rounded half up to the micro: IBKR writes fees with up to eight places."""
        return round_to_micros(self.number(name))

    def whole(self, name: str) -> int:
        """Read a whole number above 0."""
        number = self.number(name)
        if number < 1 or number != number.to_integral_value():
            raise self.wrong(name, f"{number:f} is no whole number above 0")
        return int(number)

    def day(self, name: str) -> str:
        """Read a date as ISO text; of a date and time, its date."""
        value = self.text(name)
        found = _DATE_ALONE.match(value)
        try:
            day = date.fromisoformat("" if found is None else "-".join(found.groups()))
        except ValueError:
            raise self.wrong(
                name, f"{value!r} is no date; set the query's date format to yyyyMMdd"
            ) from None
        return day.isoformat()

    def instant(self, name: str) -> datetime:
        """Read a time of New York as UTC; in the hour that comes twice, the first."""
        value = self.text(name)
        found = _DATE_TIME.fullmatch(value)
        try:
            local = datetime.fromisoformat("" if found is None else found.expand(_ISO))
        except ValueError:
            raise self.wrong(
                name,
                f"{value!r} is no date and time; set the query's formats to yyyyMMdd and HHmmss",
            ) from None
        fold = int(found is not None and found["zone"] == "EST")
        return local.replace(tzinfo=_NEW_YORK, fold=fold).astimezone(UTC)

    def contract(self) -> tuple[ContractKey, OptionContract | None]:
        """Name the row's contract, and an option's terms.

        An option whose root is not its underlying's symbol delivers something else than shares
        (it was adjusted): it keeps the broker's symbol, like everything that we do not trade.
        """
        category, symbol = self.text("assetCategory"), self.text("symbol")
        if category == "STK":
            return underlying_key(symbol), None
        if category == "BAG":
            return COMBO_KEY, None
        if category != "OPT":
            return ContractKey(symbol), None
        underlying, occ = self.text("underlyingSymbol"), _OCC.fullmatch(symbol)
        if occ is not None and occ["root"] != underlying:
            return ContractKey(symbol), None
        option = OptionContract(
            symbol=underlying,
            expiry=self.day("expiry"),
            strike=self.number("strike"),
            right=self._right(),
            multiplier=self.whole("multiplier"),
        )
        return option.key, option

    def _right(self) -> Right:
        letter = self.text("putCall")
        if letter not in ("P", "C"):
            raise self.wrong("putCall", f"{letter!r} is neither P nor C")
        return Right(letter)

    def wrong(self, name: str, message: str) -> InvalidInput:
        """Make an error that names section and attribute."""
        return InvalidInput(f"{self._section}.{name}", message)
