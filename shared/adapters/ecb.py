"""Euro reference rates, as the European Central Bank publishes them.

One XML file holds the last 90 days, newest first:
https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html
("For developers", "Time series"). It is renewed at about 16:00 in Frankfurt on TARGET days.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import requests
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from shared.adapters.retry import repeat_safely
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.fx import FxRate, RateSource

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ECB_URL = "https://www.ecb.europa.eu"
PATH = "/stats/eurofxref/eurofxref-hist-90d.xml"

_SERVICE = "ecb"
_TIMEOUT_SECONDS = (5.0, 15.0)
_ENVELOPE = "{http://www.gesmes.org/xml/2002-08-01}Envelope"
_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_RATE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,8})?")


class EcbReferenceRates:
    """Reads the bank's file of the last 90 days.

    Args:
        base_url: Where the bank answers, without a trailing slash.
        sleep: Waits between repeated reads, in machine seconds.
    """

    def __init__(
        self, *, base_url: str = ECB_URL, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = base_url + PATH
        self._session = requests.Session()
        self._sleep = sleep

    def published(self) -> tuple[FxRate, ...]:
        """Read the USD rates of the last 90 days, oldest first.

        Raises:
            AdapterError: No answer, or a failure of the bank's, three times (retryable); or an
                answer that is no list of rates, naming what is wrong with it.
        """
        return rates_in(repeat_safely(self._fetch, sleep=self._sleep))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _fetch(self) -> bytes:
        try:
            response = self._session.get(self._url, timeout=_TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise AdapterError(
                _SERVICE, f"no answer: {type(error).__name__}", retryable=True
            ) from error
        if response.status_code != requests.codes.ok:
            raise AdapterError(
                _SERVICE,
                f"{response.status_code} for {PATH}",
                retryable=response.status_code >= requests.codes.server_error
                or response.status_code == requests.codes.too_many_requests,
            )
        return response.content


def rates_in(document: bytes) -> tuple[FxRate, ...]:
    """Read the USD rates out of the bank's XML, oldest first.

    Raises:
        AdapterError: It is not the bank's document, a day has no USD rate or more than one, or a
            day comes twice; never retryable.
    """
    try:
        root = fromstring(document)
    except (ParseError, DefusedXmlException) as error:
        raise _malformed(f"no readable XML ({type(error).__name__})") from error
    if root.tag != _ENVELOPE:
        raise _malformed(f"the root is {root.tag!r}, not gesmes:Envelope")
    rates = tuple(_rate_of(day) for day in _days(root))
    if not rates:
        raise _malformed("it has no day")
    if len({rate.rate_date for rate in rates}) < len(rates):
        raise _malformed("a day comes twice")
    return tuple(sorted(rates, key=lambda rate: rate.rate_date))


def _days(root: Element) -> Iterator[Element]:
    outer = root.findall(_CUBE)
    if len(outer) != 1:
        raise _malformed(f"{len(outer)} outer Cubes, not one")
    yield from outer[0].findall(_CUBE)


def _rate_of(day: Element) -> FxRate:
    date = day.get("time", "")
    found = [one.get("rate", "") for one in day.findall(_CUBE) if one.get("currency") == "USD"]
    if len(found) != 1:
        raise _malformed(f"{date or 'a day without a date'} has {len(found)} USD rates, not one")
    if not _RATE.fullmatch(found[0]):
        raise _malformed(f"the USD rate of {date} is {found[0][:20]!r}, no decimal number")
    try:
        return FxRate(rate_date=date, usd_per_eur_ratio=Decimal(found[0]), source=RateSource.ECB)
    except InvalidInput as error:
        raise _malformed(str(error)) from error


def _malformed(why: str) -> AdapterError:
    return AdapterError(_SERVICE, f"the answer is no list of rates: {why}", retryable=False)
