"""The European Central Bank: the stand-in against the table, the adapter against the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest
import requests

from shared.adapters.ecb import EcbReferenceRates, rates_in
from shared.domain.errors import AdapterError
from shared.domain.fx import RateSource
from tests.sandbox import ecb
from tests.sandbox.conformance import Row, check
from tests.sandbox.control import Json
from tests.sandbox.ecb_conformance import CONFORMANCE
from tests.sandbox.serving import serve_in_thread

_NAMESPACES = (
    'xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
    ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"'
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve_in_thread(ecb.create_app()) as base_url:
        yield base_url


@pytest.fixture
def base_url(server: str) -> str:
    _tell(server, "POST", "reset")
    return server


@pytest.fixture
def bank(base_url: str) -> Iterator[EcbReferenceRates]:
    with closing(EcbReferenceRates(base_url=base_url, sleep=lambda _seconds: None)) as opened:
        yield opened


def _tell(base_url: str, method: str, path: str, document: Json = None) -> None:
    requests.request(
        method, f"{base_url}/_sandbox/{path}", json=document, timeout=5
    ).raise_for_status()


def _asked(base_url: str) -> int:
    counted: dict[str, int] = requests.get(f"{base_url}/_sandbox/counters", timeout=5).json()
    return counted[f"GET {ecb.NINETY_DAYS}"]


def _document(*days: str) -> bytes:
    return f"<gesmes:Envelope {_NAMESPACES}><Cube>{''.join(days)}</Cube></gesmes:Envelope>".encode()


def _day(rate: str = "1.0712", *, time: str = "2026-11-27", currency: str = "USD") -> str:
    return f'<Cube time="{time}"><Cube currency="{currency}" rate="{rate}"/></Cube>'


@pytest.mark.parametrize("row", CONFORMANCE, ids=lambda row: row.name)
def test_the_stand_in_answers_as_the_bank_does(row: Row, base_url: str) -> None:
    check(row, base_url)


def test_the_stand_in_publishes_nothing_on_a_holiday(base_url: str) -> None:
    with pytest.raises(requests.HTTPError):
        _tell(base_url, "PUT", "rates", {"2026-04-03": "1.0700"})  # Good Friday


def test_the_rates_of_90_days_are_read_oldest_first(bank: EcbReferenceRates, base_url: str) -> None:
    # Good Friday and Easter Monday (3 and 6 April) and the weekend between have no rates.
    _tell(base_url, "PUT", "rates", dict(ecb.ordinary_rates(date(2026, 4, 8))))
    rates = bank.published()
    days = [rate.rate_date for rate in rates]
    assert days == sorted(days)
    assert days[-3:] == ["2026-04-02", "2026-04-07", "2026-04-08"]
    assert {rate.source for rate in rates} == {RateSource.ECB}
    assert all(Decimal("1.07") < rate.usd_per_eur_ratio < Decimal("1.10") for rate in rates)


def test_a_passing_failure_is_asked_through(bank: EcbReferenceRates, base_url: str) -> None:
    _tell(base_url, "PUT", "rates", {"2026-11-27": "1.0712"})
    _tell(base_url, "POST", "failures", {"status": 503, "times": 2})
    assert bank.published()[0].usd_per_eur_ratio == Decimal("1.0712")
    assert _asked(base_url) == 3


def test_three_failures_end_the_asking_and_may_be_tried_again_later(
    bank: EcbReferenceRates, base_url: str
) -> None:
    _tell(base_url, "POST", "failures", {"status": 500, "times": 5})
    with pytest.raises(AdapterError, match="500") as caught:
        bank.published()
    assert caught.value.retryable
    assert _asked(base_url) == 3


def test_a_moved_file_is_not_asked_for_again(bank: EcbReferenceRates, base_url: str) -> None:
    _tell(base_url, "POST", "failures", {"status": 404})
    with pytest.raises(AdapterError, match="404") as caught:
        bank.published()
    assert not caught.value.retryable
    assert _asked(base_url) == 1


def test_nobody_listening_is_retryable() -> None:
    bank = EcbReferenceRates(base_url="http://127.0.0.1:9", sleep=lambda _seconds: None)
    with closing(bank), pytest.raises(AdapterError, match="no answer") as caught:
        bank.published()
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<html><body>Maintenance</body></html>", "root"),
        (b"rates", "no readable XML"),
        (b'<!DOCTYPE x [<!ENTITY e "1">]><x>&e;</x>', "no readable XML"),
        (_document(), "no day"),
        (_document().replace(b"<Cube></Cube>", b""), "0 outer Cubes"),
        (_document(_day(), _day()), "twice"),
        (_document(_day(currency="GBP")), "0 USD rates"),
        (_document(_day("1.07,12")), "no decimal number"),
        (_document(_day("0")), "positive"),
        (_document(_day("NaN")), "no decimal number"),
        (_document(_day(time="27.11.2026")), "no date"),
        (_document(_day(time="")), "no date"),
    ],
)
def test_what_is_no_list_of_rates_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(AdapterError, match=why) as caught:
        rates_in(document)
    assert not caught.value.retryable
