"""Statements of a month: golden figures of many followers, computed by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Conflict, InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO
from shared.domain.months import Month
from shared.domain.session_record import Finality
from shared.domain.statements import (
    TRANSITIONS,
    Adjustment,
    AdjustmentKind,
    HeldReason,
    StatementState,
    moved_to,
    paid,
)
from shared.domain.terms import BillingCurrency
from tests.billing import ISSUED_AT, BillingDesk
from tests.months import NOVEMBER, a_month, terms

EUR = BillingCurrency.EUR


def a_desk_of_five() -> BillingDesk:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.agree("bruno", terms("0.25", currency=EUR))
    desk.agree("carla", terms(mark=True))
    desk.agree("dora", terms())
    desk.agree("emil", terms("0.15", since="2026-01"), terms("0.10", since="2026-11"))
    desk.publish(("2026-11-27", "1.0500"), ("2026-11-30", "1.0625"))
    desk.roll_up(
        a_month("1000.25", who="anna", fees="29.90"),
        a_month("850.10", who="bruno", fees="26"),
        a_month("-200", month="2026-10", who="carla"),
        a_month("350", who="carla", fees="13"),
        a_month("-75.40", who="dora", fees="13"),
        a_month("333.33", who="emil"),
    )
    return desk


def test_five_followers_owe_what_was_computed_by_hand() -> None:
    # anna   20 % of 1,000.25                              = 200.05 USD
    # bruno  25 % of 850.10 = 212.525 -> 212.53 USD, / 1.0625 = 200.0282 -> 200.03 EUR
    # carla  mark: C -200 + 350 = 150 over H 0, 20 % of 150 =  30.00 USD
    # dora   a loss                                         =   0.00 USD
    # emil   10 % since November, of 333.33 = 33.333        =  33.33 USD
    desk = a_desk_of_five()
    done = desk.issue()
    assert (done.issued, done.held, done.provisional) == (5, (), 0)
    due = {one.follower_id: (one.due, one.currency) for one in desk.statements.of_month(NOVEMBER)}
    assert due == {
        "anna": (Decimal("200.05"), BillingCurrency.USD),
        "bruno": (Decimal("200.03"), EUR),
        "carla": (Decimal(30), BillingCurrency.USD),
        "dora": (ZERO, BillingCurrency.USD),
        "emil": (Decimal("33.33"), BillingCurrency.USD),
    }
    assert desk.numbers() == [f"SP-2026-00000{n}" for n in range(1, 6)]
    bruno = desk.of("bruno")
    assert bruno.fx is not None
    assert (bruno.fx.rate_date, bruno.fx.usd_per_eur_ratio) == ("2026-11-30", Decimal("1.0625"))
    assert bruno.waterfall is not None
    assert bruno.waterfall.gross == Decimal("876.10")
    assert desk.of("carla").waterfall == replace(
        desk.of("carla").waterfall or bruno.waterfall,
        carried_forward=Decimal(-200),
        base=Decimal(150),
    )
    assert desk.of("dora").is_payable is False


def test_a_repeat_issues_nothing_twice_and_changes_nothing() -> None:
    desk = a_desk_of_five()
    desk.issue()
    before = desk.statements.of_month(NOVEMBER)
    again = desk.issue()
    assert (again.issued, again.unchanged, again.adjusted) == (0, 5, 0)
    assert desk.statements.of_month(NOVEMBER) == before
    assert list(desk.told()) == []


def test_nobodys_statement_holds_a_figure_of_anybody_else() -> None:
    desk = a_desk_of_five()
    desk.issue()
    alone = BillingDesk()
    alone.agree("anna", terms())
    alone.roll_up(a_month("1000.25", who="anna", fees="29.90"))
    alone.issue()
    assert replace(desk.of("anna"), number="") == replace(alone.of("anna"), number="")


def test_a_provisional_month_is_computed_and_not_issued() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.roll_up(a_month("100", finality=Finality.PROVISIONAL))
    assert desk.issue().provisional == 1
    draft = desk.of("anna")
    assert (draft.state, draft.number, draft.due) == (
        StatementState.PROVISIONAL,
        "",
        Decimal(20),
    )
    assert not draft.is_payable
    desk.roll_up(a_month("150"))
    assert desk.issue().issued == 1
    assert desk.of("anna").due == Decimal(30)


def test_without_terms_a_final_month_is_held_and_told_while_the_others_are_issued() -> None:
    desk = BillingDesk()
    desk.agree("anna")
    desk.agree("berta", terms())
    desk.roll_up(a_month("100"), a_month("50", who="berta"))
    done = desk.issue()
    assert done.held == (("anna", HeldReason.NO_TERMS),)
    assert done.issued == 1
    assert desk.of("anna").state is StatementState.HELD
    (told,) = desk.told()
    assert told.startswith("STATEMENT_HELD: 1 statement of 2026-11 not issued: anna (NO_TERMS)")
    desk.clock.advance(86_400)
    desk.issue()
    assert len({alert.key for alert in desk.alarm.raised}) == 1, "the same fact is one alert"
    desk.agree("anna", terms())
    assert desk.issue().issued == 1
    assert desk.of("anna").number == "SP-2026-000002"


def test_without_the_months_rate_euros_are_held_until_it_is_published() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms(currency=EUR))
    desk.agree("berta", terms(currency=EUR))
    desk.publish(("2026-11-27", "1.05"))
    desk.roll_up(a_month("100"), a_month("-5", who="berta"))
    assert desk.issue().held == (("anna", HeldReason.NO_FX_RATE),)
    assert desk.of("anna").due is None
    assert desk.of("berta").due == ZERO, "nothing is owed in any currency"
    desk.publish(("2026-11-30", "1.25"))
    assert desk.issue().issued == 1
    assert desk.of("anna").due == Decimal(16), "20 USD / 1.25"


def test_a_month_waits_for_the_months_before_it() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms(mark=True))
    desk.roll_up(a_month("-500", month="2026-10", finality=Finality.PROVISIONAL), a_month("600"))
    assert desk.issue().held == (("anna", HeldReason.EARLIER_MONTH_NOT_FINAL),)
    desk.roll_up(a_month("-500", month="2026-10"))
    desk.issue()
    assert desk.of("anna").due == Decimal(20)


def test_figures_that_change_after_issue_become_a_dated_adjustment_on_the_next_statement() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.roll_up(a_month("100", month="2026-10"))
    desk.issue("2026-10")
    issued = desk.of("anna", "2026-10")
    # The broker's later statement says 130: the commission would be 26 instead of 20.
    desk.roll_up(a_month("130", month="2026-10"))
    assert desk.issue("2026-10").adjusted == 1
    assert desk.of("anna", "2026-10") == issued, "what is issued is frozen"
    assert desk.issue("2026-10").adjusted == 0, "noted once"
    (told,) = desk.told()
    assert "+6.00 USD" in told
    assert issued.number in told
    desk.roll_up(a_month("50"))
    desk.issue()
    november = desk.of("anna")
    assert (november.commission_billed, november.due) == (Decimal(10), Decimal(16))
    (line,) = november.adjustments
    assert (line.month, line.amount, line.noted_on) == ("2026-10", Decimal(6), "2026-12-02")
    assert line.applied_to == november.number
    desk.roll_up(a_month("10", month="2026-12"))
    desk.issue("2026-12")
    assert desk.of("anna", "2026-12").adjustments == (), "carried once"


def test_a_second_change_notes_only_what_has_changed_since() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.roll_up(a_month("100", month="2026-10"))
    desk.issue("2026-10")
    for net, amount in (("130", "6"), ("120", "-2"), ("120", None)):
        desk.roll_up(a_month(net, month="2026-10"))
        assert desk.issue("2026-10").adjusted == (amount is not None)
    noted = desk.adjustments.of_follower(FollowerId("anna"))
    assert [one.amount for one in noted] == [Decimal(6), Decimal(-2)]


def test_a_correction_in_his_favor_larger_than_the_month_leaves_a_credit() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.roll_up(a_month("100", month="2026-10"))
    desk.issue("2026-10")
    desk.roll_up(a_month("0", month="2026-10"))
    desk.issue("2026-10")
    desk.roll_up(a_month("25"))
    desk.issue()
    november = desk.of("anna")
    assert (november.due, november.credit) == (ZERO, Decimal(15)), "5 owed, 20 too much billed"
    desk.roll_up(a_month("100", month="2026-12"))
    desk.issue("2026-12")
    december = desk.of("anna", "2026-12")
    assert (december.due, december.credit) == (Decimal(5), ZERO)
    assert december.adjustments[0].kind is AdjustmentKind.CREDIT


def test_a_change_in_an_earlier_month_moves_the_mark_of_the_later_ones_too() -> None:
    # October 100, November 50: billed 20 and 10. October was really -50:
    # October owes 0 (-20); November: C 0 over H 0, so 0 (-10).
    desk = BillingDesk()
    desk.agree("anna", terms(mark=True))
    desk.roll_up(a_month("100", month="2026-10"), a_month("50"))
    desk.issue("2026-10")
    desk.issue()
    desk.roll_up(a_month("-50", month="2026-10"))
    desk.issue("2026-10")
    desk.issue()
    noted = desk.adjustments.of_follower(FollowerId("anna"))
    assert {one.month: one.amount for one in noted} == {
        "2026-10": Decimal(-20),
        "2026-11": Decimal(-10),
    }


def test_an_adjustment_waits_for_a_statement_in_its_own_currency() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms(), terms(since="2026-11", currency=EUR))
    desk.publish(("2026-11-30", "1.25"))
    desk.roll_up(a_month("100", month="2026-10"))
    desk.issue("2026-10")
    desk.roll_up(a_month("130", month="2026-10"), a_month("50"))
    desk.issue("2026-10")
    desk.issue()
    assert desk.of("anna").adjustments == ()
    assert desk.of("anna").due == Decimal(8)
    (waiting,) = desk.adjustments.waiting()
    assert waiting.amount == Decimal(6)


def test_who_has_left_still_gets_a_statement_of_what_he_owes() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.agree("berta", terms())
    desk.roll_up(a_month("100", month="2026-10"), a_month("10", who="berta"))
    desk.issue("2026-10")
    desk.roll_up(a_month("130", month="2026-10"))
    desk.issue("2026-10")
    desk.issue()
    anna = desk.of("anna")
    assert (anna.commission_billed, anna.due) == (ZERO, Decimal(6))
    desk.issue("2026-11")
    assert len(desk.statements.of_follower(FollowerId("anna"))) == 2


def test_who_has_left_is_billed_under_his_name() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms(), name="Anna Ångström")
    stored = desk.documents.get("followers/anna")
    assert stored is not None
    desk.put("followers/anna", {**stored.data, "state": "archived"})
    desk.roll_up(a_month("100"))
    desk.issue()
    assert desk.of("anna").name == "Anna Ångström"


def test_an_adjustment_is_never_carried_by_two_statements() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    adjustment = Adjustment(
        month=Month("2026-10"),
        follower_id=FollowerId("anna"),
        number=1,
        kind=AdjustmentKind.CORRECTION,
        noted_on="2026-12-01",
        amount=Decimal(6),
        currency=BillingCurrency.USD,
        reason="corrected",
        applied_to="SP-2026-000099",
    )
    desk.adjustments.note(adjustment)
    desk.roll_up(a_month("100"))
    desk.issue()
    draft = replace(
        desk.of("anna"),
        month=Month("2026-12"),
        number="",
        adjustments=(replace(adjustment, applied_to=""),),
    )
    with pytest.raises(Conflict, match="another statement"):
        desk.statements.issue(draft)
    assert desk.statements.get(Month("2026-12"), FollowerId("anna")) is None


def test_a_statement_is_paid_once_and_only_after_issue() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.roll_up(a_month("100"))
    desk.issue()
    issued = desk.of("anna")
    done = paid(issued, on="2026-12-10", reference="BANK-1", by="ada")
    assert (done.state, done.paid_on) == (StatementState.PAID, "2026-12-10")
    assert paid(done, on="2026-12-11", reference="BANK-1", by="ada") == done
    with pytest.raises(InvalidInput, match="cannot become paid"):
        paid(done, on="2026-12-11", reference="BANK-2", by="ada")
    with pytest.raises(InvalidInput, match="cannot become paid"):
        paid(replace(issued, state=StatementState.HELD), on="2026-12-11", reference="X", by="ada")


def test_no_statement_goes_back_once_it_is_issued() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.roll_up(a_month("100"))
    desk.issue()
    for state in (StatementState.PROVISIONAL, StatementState.HELD):
        with pytest.raises(InvalidInput):
            moved_to(desk.of("anna"), state)
    assert set(TRANSITIONS) == set(StatementState)
    assert TRANSITIONS[StatementState.PAID] == frozenset()


def test_a_draft_never_overwrites_what_was_issued() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.roll_up(a_month("100"))
    desk.issue()
    issued = desk.of("anna")
    assert desk.statements.draft([replace(issued, state=StatementState.PROVISIONAL)]) == 0
    assert desk.of("anna") == issued


def test_numbers_start_anew_with_the_year() -> None:
    desk = BillingDesk()
    desk.agree("anna", terms())
    desk.roll_up(a_month("100"), a_month("100", month="2026-12"))
    desk.issue()
    desk.clock.set(ISSUED_AT.replace(year=2027, month=1, day=5))
    desk.issue("2026-12")
    assert (desk.of("anna").number, desk.of("anna", "2026-12").number) == (
        "SP-2026-000001",
        "SP-2027-000001",
    )


NETS = st.integers(min_value=-200_000, max_value=200_000).map(lambda cents: Decimal(cents) / 100)


@given(
    first=NETS,
    corrected=st.lists(NETS, max_size=4),
    later=NETS,
    mark=st.booleans(),
)
def test_issued_amounts_and_adjustments_always_add_up_to_todays_commission(
    first: Decimal, corrected: list[Decimal], later: Decimal, mark: bool
) -> None:
    desk = BillingDesk()
    desk.agree("anna", terms(mark=mark))
    desk.roll_up(a_month(str(first), month="2026-10"))
    desk.issue("2026-10")
    for net in corrected:
        desk.roll_up(a_month(str(net), month="2026-10"))
        desk.issue("2026-10")
    desk.roll_up(a_month(str(later)))
    desk.issue()
    fresh = BillingDesk()
    fresh.agree("anna", terms(mark=mark))
    fresh.roll_up(a_month(str(([first, *corrected])[-1]), month="2026-10"), a_month(str(later)))
    fresh.issue("2026-10")
    fresh.issue()
    billed_now = (
        sum((one.due or ZERO) for one in desk.statements.of_follower(FollowerId("anna")))
        - desk.of("anna").credit
    )
    billed_fresh = sum(
        (one.due or ZERO) for one in fresh.statements.of_follower(FollowerId("anna"))
    )
    assert billed_now == billed_fresh
