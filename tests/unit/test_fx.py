"""Rates: which one a month ends with, who may enter one, when the bank is closed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.firestore.fx_rates import FirestoreFxRates
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError, Conflict, InvalidInput
from shared.domain.fx import FxRate, RateSource, month_end_rate, to_eur
from shared.domain.months import Month, last_day
from shared.domain.target_days import (
    easter_sunday,
    frankfurt_date,
    is_target_day,
    target_day_from,
    target_day_until,
)
from shared.use_cases.enter_fx_rate import EntryPorts, enter_fx_rate
from shared.use_cases.fetch_fx_rates import FetchPorts, fetch_fx_rates
from tests.fakes.alarm import RecordingAlarm
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments

NOVEMBER, MARCH = Month("2026-11"), Month("2024-03")
RATE = Decimal("1.0712")


def a_rate(
    rate_date: str, ratio: Decimal = RATE, *, persons: tuple[str, str] | None = None
) -> FxRate:
    if persons is None:
        return FxRate(rate_date=rate_date, usd_per_eur_ratio=ratio)
    return FxRate(
        rate_date=rate_date,
        usd_per_eur_ratio=ratio,
        source=RateSource.PERSONS,
        entered_by=persons[0],
        confirmed_by=persons[1],
    )


class Bank:
    """`ReferenceRates` that answers what a test says."""

    def __init__(self, *rates: FxRate, error: AdapterError | None = None) -> None:
        self.rates = rates
        self.error = error

    def published(self) -> tuple[FxRate, ...]:
        if self.error is not None:
            raise self.error
        return self.rates


class Desk:
    """Rates in memory, at 18:00 in New York of a day."""

    def __init__(self, today: str, bank: Bank | None = None) -> None:
        self.clock = ManualClock(datetime.fromisoformat(f"{today}T23:00:00+00:00"))
        self.reference_rates = bank or Bank()
        self.fx_rates = FirestoreFxRates(InMemoryDocuments())
        self.alarm = RecordingAlarm()

    def enter(
        self, rate_date: str = "2026-11-30", rate: str = "1.0712", by: str = "Ada", reason: str = ""
    ) -> FxRate:
        return enter_fx_rate(
            EntryPorts.of(self), rate_date=rate_date, ratio=Decimal(rate), by=by, reason=reason
        )


@pytest.mark.parametrize(
    "sunday",
    # https://www.census.gov/data/software/x13as/genhol/easter-dates.html; 2008 and 2038 are the
    # earliest and the latest of the century's first half.
    [
        "1961-04-02",
        "2000-04-23",
        "2008-03-23",
        "2011-04-24",
        "2024-03-31",
        "2025-04-20",
        "2026-04-05",
        "2027-03-28",
        "2028-04-16",
        "2029-04-01",
        "2030-04-21",
        "2035-03-25",
        "2038-04-25",
        "2076-04-19",
    ],
)
def test_easter_is_where_everybody_else_has_it(sunday: str) -> None:
    assert easter_sunday(int(sunday[:4])).isoformat() == sunday


@pytest.mark.parametrize(
    "closed",
    ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25", "2026-12-26"],
)
def test_target_is_closed_on_its_six_holidays(closed: str) -> None:
    assert not is_target_day(date.fromisoformat(closed))


@given(st.dates(date(1999, 1, 1), date(2199, 12, 31)))
def test_target_is_open_on_all_but_a_few_weekdays(day: date) -> None:
    assert is_target_day(target_day_from(day))
    assert is_target_day(target_day_until(day))
    # The longest closure: Good Friday to Easter Monday, or Christmas with a weekend.
    assert target_day_from(day) - target_day_until(day) <= timedelta(days=5)


def test_the_bank_lives_in_frankfurt() -> None:
    assert frankfurt_date(datetime(2026, 11, 30, 23, 30, tzinfo=UTC)) == date(2026, 12, 1)


def test_a_month_ends_with_the_rate_of_its_last_working_day() -> None:
    rates = [a_rate("2026-11-27", Decimal("1.08")), a_rate("2026-11-30")]
    assert month_end_rate(rates, NOVEMBER) == rates[1]


def test_without_the_last_days_rate_the_month_is_undecided() -> None:
    assert month_end_rate([a_rate("2026-11-27")], NOVEMBER) is None
    assert month_end_rate([], NOVEMBER) is None


def test_a_later_publication_of_the_bank_proves_that_the_last_day_had_none() -> None:
    rates = [a_rate("2026-11-27"), a_rate("2026-12-01")]
    assert month_end_rate(rates, NOVEMBER) == rates[0]


def test_a_later_rate_of_persons_proves_nothing() -> None:
    rates = [a_rate("2026-11-27"), a_rate("2026-12-01", persons=("Ada", "Bob"))]
    assert month_end_rate(rates, NOVEMBER) is None


def test_a_month_that_ends_with_easter_ends_with_maundy_thursday() -> None:
    # 2024: Good Friday 29 March, Easter Sunday 31 March.
    assert month_end_rate([a_rate("2024-03-28")], MARCH) == a_rate("2024-03-28")


def test_one_person_under_two_spellings_is_one_person() -> None:
    assert not a_rate("2026-11-30", persons=("Ada Byron", "ada  byron")).is_usable
    assert a_rate("2026-11-30", persons=("Ada", "Bob")).is_usable


@pytest.mark.parametrize("ratio", ["0", "-1.07", "NaN", "Infinity"])
def test_what_is_no_rate_is_refused(ratio: str) -> None:
    with pytest.raises(InvalidInput, match="usd_per_eur_ratio"):
        a_rate("2026-11-30", Decimal(ratio))


def test_usd_become_eur_rounded_once() -> None:
    # 174.80 / 1.0712 = 163.18147...
    assert to_eur(Decimal("174.80"), a_rate("2026-11-30")) == Decimal("163.18")


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_whole_month_of_publications_is_always_decided(day: date) -> None:
    month = Month(f"{day:%Y-%m}")
    days = (last_day(month) - timedelta(days=back) for back in range(31))
    rates = [a_rate(one.isoformat()) for one in days if is_target_day(one)]
    found = month_end_rate(rates, month)
    assert found is not None
    assert found.rate_date == target_day_until(last_day(month)).isoformat()


def test_fetching_writes_what_is_new_and_a_repeat_writes_nothing() -> None:
    desk = Desk("2026-12-02", Bank(a_rate("2026-11-30"), a_rate("2026-12-01")))
    first = fetch_fx_rates(FetchPorts.of(desk))
    assert (first.publication.written, first.missing) == (2, None)
    assert fetch_fx_rates(FetchPorts.of(desk)).publication.written == 0
    assert desk.alarm.raised == []


@pytest.mark.parametrize(
    ("today", "alerts"),
    [
        ("2026-12-01", 0),  # Tuesday, the first weekday
        ("2026-12-02", 1),
        ("2026-08-02", 0),  # Sunday: August 2026 begins on a Saturday
        ("2026-08-03", 0),  # Monday, its first weekday
        ("2026-08-04", 1),
    ],
)
def test_a_missing_month_end_is_told_from_the_second_weekday_on(today: str, alerts: int) -> None:
    desk = Desk(today)
    fetch_fx_rates(FetchPorts.of(desk))
    assert desk.alarm.types == [AlertType.FX_RATE_MISSING] * alerts


def test_the_alert_names_the_day_and_the_way_out() -> None:
    desk = Desk("2026-12-02")
    assert fetch_fx_rates(FetchPorts.of(desk)).missing == NOVEMBER
    (alert,) = desk.alarm.raised
    assert "2026-11-30" in alert.message
    assert "enter-fx-rate" in alert.message
    assert alert.key == "FX_RATE_MISSING~2026-12-02~2026-11"


def test_a_bank_that_cannot_be_read_is_told_too_where_its_rate_is_due() -> None:
    desk = Desk("2026-12-02", Bank(error=AdapterError("ecb", "503", retryable=True)))
    with pytest.raises(AdapterError, match="503"):
        fetch_fx_rates(FetchPorts.of(desk))
    assert desk.alarm.types == [AlertType.FX_RATE_MISSING]


def test_a_rate_that_changed_at_the_bank_fails_the_fetch() -> None:
    desk = Desk("2026-12-02", Bank(a_rate("2026-11-30")))
    fetch_fx_rates(FetchPorts.of(desk))
    desk.reference_rates.rates = (a_rate("2026-11-30", Decimal("1.0799")),)
    with pytest.raises(Conflict, match="2026-11-30"):
        fetch_fx_rates(FetchPorts.of(desk))


def test_two_persons_stand_in_for_the_bank() -> None:
    desk = Desk("2026-12-02")
    desk.enter(by="  Ada   Byron ")
    assert desk.enter(by="Bob").entered_by == "Ada Byron"
    assert fetch_fx_rates(FetchPorts.of(desk)).missing is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rate_date": "2026-12-03"}, "date: 2026-12-03 is in the future"),
        ({"rate_date": "2026-11-28"}, "date: 2026-11-28 has no rate"),
        ({"rate_date": "2026-05-01"}, "date: 2026-05-01 has no rate"),
        ({"rate_date": "30.11.2026"}, "date"),
        ({"by": "  "}, "by"),
        ({"rate": "0.4999"}, "rate: .* other way round"),
        ({"rate": "2.5001"}, "rate: .* other way round"),
        ({"rate": "-1"}, "rate: is a positive"),
        ({"rate": "NaN"}, "rate: is a positive"),
        ({"rate": "1.07123456"}, "rate: has at most 6"),
    ],
)
def test_an_impossible_entry_names_its_field(wrong: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        Desk("2026-12-01").enter(**wrong)


def test_an_unheard_of_rate_needs_a_reason() -> None:
    assert Desk("2026-12-01").enter(rate="2.6", reason="checked at the bank").entered_by == "Ada"
