"""Who trades in a drawn month: six people with something of their own each, then ordinary ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from tests.sandbox.month.dice import Dice
from tests.sandbox.month.ledger import Person

ADVISOR, INDIVIDUAL = "login-1", "login-2"
LOGINS = (ADVISOR, INDIVIDUAL)
# Examples that the registry of IBANs publishes:
# https://www.swift.com/standards/data-standards/iban-international-bank-account-number
_GERMAN, _COBA = "DE89370400440532013000", "COBADEFFXXX"
_DUTCH, _ABNA = "NL91ABNA0417164300", "ABNANL2A"
_FORMULA = '=HYPERLINK("http://x.example","O\'Brien & <b>Søns</b>")'
_LEAST_LOSS, _MOST_LOSS = 10_000, 40_000
_CENTS = Decimal(100)


def draw_people(count: int, sessions: int, dice: Dice) -> tuple[Person, ...]:
    """Draw everybody.

    Args:
        count: How many.
        sessions: How many sessions are played; joining and leaving fall into their middle.
        dice: Decides loss of the month before and the rates.
    """
    special = _special(sessions, dice)
    everybody = [*special, *(_person(number) for number in range(len(special) + 1, count + 1))]
    return tuple(everybody[:count])


def _person(number: int, name: str = "") -> Person:
    who = f"f-{number:04d}"
    return Person(
        follower_id=who,
        name=name or f"Follower {number}",
        account_id=f"DU{number:07d}",
        login_id=ADVISOR,
        email=f"{who}@followers.example",
    )


def _special(sessions: int, dice: Dice) -> Sequence[Person]:
    middle = sessions // 2
    loss = -Decimal(dice.between(_LEAST_LOSS, _MOST_LOSS)) / _CENTS
    return (
        replace(_person(1, "Anna Berg"), currency="EUR", iban=_GERMAN, bic=_COBA),
        replace(_person(2, _FORMULA), has_mark=True, net_before=loss),
        replace(_person(3, "Carla Conti"), currency="EUR", first=middle),
        replace(_person(4, "Dan Without-Terms"), rate=None),
        replace(_person(5, "Eva Gone"), email="", last=middle),
        replace(
            _person(6, "\u202eM\u00fcller \u5f35\u0301, Ltd.\u200b"),
            login_id=INDIVIDUAL,
            currency="EUR",
            iban=_DUTCH,
            bic=_ABNA,
            rate=Decimal("0.175"),
        ),
    )
