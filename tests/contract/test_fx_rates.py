"""Exchange rates, over memory and over Firestore."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.adapters.firestore.fx_rates import FirestoreFxRates
from shared.domain.errors import Conflict, InvalidInput
from shared.domain.fx import FxRate, RateSource
from shared.ports.documents import Documents
from shared.ports.fx_rates import Publication

DAY, NEXT = "2026-11-27", "2026-11-30"
RATE, OTHER = Decimal("1.0712"), Decimal("1.0720")


def _of_bank(rate_date: str = DAY, ratio: Decimal = RATE) -> FxRate:
    return FxRate(rate_date=rate_date, usd_per_eur_ratio=ratio)


@pytest.fixture
def rates(documents: Documents) -> FirestoreFxRates:
    return FirestoreFxRates(documents)


def test_rates_are_read_between_two_days_oldest_first(rates: FirestoreFxRates) -> None:
    days = [f"2026-11-{day:02d}" for day in (30, 27, 26, 25)]
    assert rates.publish([_of_bank(day) for day in days]) == Publication(written=4)
    assert [one.rate_date for one in rates.between("2026-11-26", "2026-11-29")] == [days[2], DAY]


def test_publishing_the_same_again_writes_nothing(rates: FirestoreFxRates) -> None:
    rates.publish([_of_bank()])
    assert rates.publish([_of_bank(), _of_bank(NEXT)]) == Publication(written=1)


def test_a_rate_of_the_bank_never_changes_and_the_other_days_are_written(
    rates: FirestoreFxRates,
) -> None:
    rates.publish([_of_bank()])
    with pytest.raises(Conflict, match=DAY):
        rates.publish([_of_bank(ratio=OTHER), _of_bank(NEXT)])
    assert rates.between(DAY, NEXT) == (_of_bank(), _of_bank(NEXT))


def test_the_banks_rate_takes_the_place_of_one_persons_entry(rates: FirestoreFxRates) -> None:
    rates.enter(DAY, OTHER, by="Ada")
    assert rates.publish([_of_bank()]) == Publication(written=1)
    assert rates.between(DAY, DAY) == (_of_bank(),)


def test_what_two_persons_confirmed_stands_against_another_rate_and_is_named(
    rates: FirestoreFxRates,
) -> None:
    rates.enter(DAY, OTHER, by="Ada")
    confirmed = rates.enter(DAY, OTHER, by="Bob")
    assert rates.publish([_of_bank()]) == Publication(written=0, kept=(DAY,))
    assert rates.between(DAY, DAY) == (confirmed,)


def test_an_equal_rate_of_the_bank_takes_the_place_of_two_persons(rates: FirestoreFxRates) -> None:
    rates.enter(DAY, RATE, by="Ada")
    rates.enter(DAY, RATE, by="Bob")
    assert rates.publish([_of_bank()]) == Publication(written=1)
    assert rates.between(DAY, DAY)[0].source is RateSource.ECB


def test_two_persons_make_a_rate_one_does_not(rates: FirestoreFxRates) -> None:
    first = rates.enter(DAY, RATE, by="Ada")
    assert not first.is_usable
    assert not rates.enter(DAY, RATE, by=" ada ").is_usable
    second = rates.enter(DAY, RATE, by="Bob")
    assert second.is_usable
    assert (second.entered_by, second.confirmed_by) == ("Ada", "Bob")
    assert rates.enter(DAY, RATE, by="Eve") == second
    assert rates.between(DAY, DAY) == (second,)


def test_the_first_person_may_change_his_entry_until_it_is_confirmed(
    rates: FirestoreFxRates,
) -> None:
    rates.enter(DAY, OTHER, by="Ada")
    assert rates.enter(DAY, RATE, by="Ada").usd_per_eur_ratio == RATE
    rates.enter(DAY, RATE, by="Bob")
    with pytest.raises(InvalidInput, match="settled by two persons"):
        rates.enter(DAY, OTHER, by="Ada")


def test_another_person_with_another_rate_is_refused(rates: FirestoreFxRates) -> None:
    first = rates.enter(DAY, OTHER, by="Ada")
    with pytest.raises(InvalidInput, match="Ada entered"):
        rates.enter(DAY, RATE, by="Bob")
    assert rates.between(DAY, DAY) == (first,)


def test_the_banks_rate_cannot_be_entered_over(rates: FirestoreFxRates) -> None:
    rates.publish([_of_bank()])
    assert rates.enter(DAY, RATE, by="Ada") == _of_bank()
    with pytest.raises(InvalidInput, match="settled by the bank"):
        rates.enter(DAY, OTHER, by="Ada")
