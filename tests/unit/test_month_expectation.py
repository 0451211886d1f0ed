"""The independent expectation of a month, against one that is computed by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.sandbox.month.expectation import ExpectedDay, expected_days, expected_month
from tests.sandbox.month.ledger import Entry, Option, Person, What

DATES = ("2026-10-27", "2026-10-28", "2026-10-29", "2026-10-30")
MORNING = datetime(2026, 10, 27, 13, 30, tzinfo=UTC)


def put(strike: int, expiry: str) -> Option:
    return Option(expiry=expiry, right="P", strike=strike)


def entry(
    who: str,
    number: int,
    option: Option | None,
    quantity: int,
    price: str,
    fee: str = "0",
    *,
    minutes: int = 0,
) -> Entry:
    """What happened to a follower in the session of a number."""
    return Entry(
        follower_id=who,
        date=DATES[number],
        at=MORNING + timedelta(days=number, minutes=minutes),
        what=What.OPEN,
        deal=DATES[number],
        option=option,
        quantity=quantity,
        price=Decimal(price),
        fee=Decimal(fee),
    )


def person(who: str, rate: str | None = "0.20", *, currency: str = "USD") -> Person:
    return Person(
        follower_id=who,
        name=who,
        account_id=f"DU-{who}",
        login_id="login-1",
        rate=None if rate is None else Decimal(rate),
        currency=currency,
    )


# By hand, USD. 100 shares a contract; fees are what stands at each entry.
#
# anna, session 0, 2 spreads 585/590: sold at 1.95 and bought at 1.10, both expire worthless:
#   +2 x 195.00 - 2 x 110.00 = +170.00; fees 1.30 + 1.30 = 2.60
#       session 2, 1 spread bought back dearer: 1.80 - 1.00 = +80.00 in, 2.90 - 0.60 = -230.00 out:
#   +80.00 - 230.00 = -150.00; fees 4 x 0.676543 = 2.706172
#   month: gross +20.00, fees 5.306172, net 14.693828; 20 % = 2.9387656, to the cent 2.94
# ben, session 0, 1 spread that expires in session 2; sold at 1.50, bought at 0.50: +100.00 in cash,
#   marked at 0.90 and 0.30 (held: +0.30 - 0.90 = -60.00): open profit +40.00; fees 1.40
#       session 1, marked at 1.10 and 0.20 (-90.00): open profit +10.00, so the day is -30.00
#       session 2, expires worthless: realized +100.00, open profit 0, so -10.00 of it
#   month: gross +100.00, fees 1.40, net 98.60; a loss of 40.25 before: base 58.35
#   17.5 % = 10.21125, to the cent 10.21 USD; at 1.0837 USD a EUR: 9.4214... = 9.42 EUR
# carl, session 2, 1 put 590 sold at 2.00 and assigned in the night, the hedge 585 bought at 0.80
#   expires: marked at 3.00, open profit (2.00 - 3.00) x 100 = -100.00, realized -80.00; fees 1.30
#       session 3: assigned: +200.00 for the put; 100 shares at 590, sold at 587.1234: -287.66
#   realized -87.66, open profit back to 0: +100.00, so the day is +12.34; fees 0.51
#   month: gross -167.66, fees 1.81, no terms
ENTRIES = (
    entry("anna", 0, put(585, DATES[0]), 2, "1.10", "1.30"),
    entry("anna", 0, put(590, DATES[0]), -2, "1.95", "1.30"),
    entry("anna", 0, put(585, DATES[0]), -2, "0", minutes=390),
    entry("anna", 0, put(590, DATES[0]), 2, "0", minutes=390),
    entry("ben", 0, put(560, DATES[2]), 1, "0.50", "0.70"),
    entry("ben", 0, put(565, DATES[2]), -1, "1.50", "0.70"),
    entry("anna", 2, put(585, DATES[2]), 1, "1.00", "0.676543"),
    entry("anna", 2, put(590, DATES[2]), -1, "1.80", "0.676543"),
    entry("carl", 2, put(585, DATES[2]), 1, "0.80", "0.65"),
    entry("carl", 2, put(590, DATES[2]), -1, "2.00", "0.65"),
    entry("anna", 2, put(585, DATES[2]), -1, "0.60", "0.676543", minutes=160),
    entry("anna", 2, put(590, DATES[2]), 1, "2.90", "0.676543", minutes=160),
    entry("ben", 2, put(560, DATES[2]), -1, "0", minutes=390),
    entry("ben", 2, put(565, DATES[2]), 1, "0", minutes=390),
    entry("carl", 2, put(585, DATES[2]), -1, "0", minutes=390),
    entry("carl", 3, put(590, DATES[2]), 1, "0", minutes=-400),
    entry("carl", 3, None, 100, "590", minutes=-400),
    entry("carl", 3, None, -100, "587.1234", "0.51"),
)
LOW, HIGH, ASSIGNED = (put(strike, DATES[2]).key for strike in (560, 565, 590))
MIDS = {
    DATES[0]: {LOW: Decimal("0.30"), HIGH: Decimal("0.90")},
    DATES[1]: {LOW: Decimal("0.20"), HIGH: Decimal("1.10")},
    DATES[2]: {ASSIGNED: Decimal("3.00")},
    DATES[3]: {},
}


def day(realized: str, unrealized: str = "0", fees: str = "0") -> ExpectedDay:
    return ExpectedDay(
        realized=Decimal(realized), unrealized=Decimal(unrealized), fees=Decimal(fees)
    )


def test_every_day_is_the_cash_that_flowed_and_what_is_held_at_the_middle() -> None:
    assert expected_days(DATES, ENTRIES, MIDS) == {
        (DATES[0], "anna"): day("170", fees="2.60"),
        (DATES[0], "ben"): day("0", "40", "1.40"),
        (DATES[1], "ben"): day("0", "-30"),
        (DATES[2], "anna"): day("-150", fees="2.706172"),
        (DATES[2], "ben"): day("100", "-10"),
        (DATES[2], "carl"): day("-80", "-100", "1.30"),
        (DATES[3], "carl"): day("-87.66", "100", "0.51"),
    }


BEN = replace(person("ben", "0.175", currency="EUR"), has_mark=True, net_before=Decimal("-40.25"))


@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        (person("anna"), ("20", "5.306172", "14.693828", "2.94", "2.94")),
        (BEN, ("100", "1.40", "58.35", "10.21", "9.42")),
        (person("carl", None), ("-167.66", "1.81", "0", None, None)),
    ],
    ids=["usual", "mark in EUR", "without terms"],
)
def test_a_month_takes_its_share_once(who: Person, wanted: tuple[str | None, ...]) -> None:
    days = expected_days(DATES, ENTRIES, MIDS)
    his = [one for (_, name), one in days.items() if name == who.follower_id]
    month = expected_month(who, his, Decimal("1.0837"))
    assert (month.gross, month.fees, month.base, month.commission, month.due) == tuple(
        None if amount is None else Decimal(amount) for amount in wanted
    )


def test_without_a_rate_only_who_owes_euros_waits_for_it() -> None:
    profit, loss = [day("100")], [day("-100")]
    assert expected_month(person("ben", currency="EUR"), profit, None).due is None
    assert expected_month(person("ben", currency="EUR"), loss, None).due == 0
    assert expected_month(person("anna"), profit, None).due == 20


def test_what_is_held_without_a_market_is_refused() -> None:
    with pytest.raises(KeyError):
        expected_days(DATES[:1], ENTRIES[4:6], {DATES[0]: {}})
