"""Whatever a statement says of ours, what it changes is changed once, and every fee is in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.firestore.external_trades import FirestoreExternalTrades
from shared.adapters.firestore.fills import FirestoreFillCorrections, FirestoreFills
from shared.domain.broker_statement import BrokerStatement, StatementTrade
from shared.domain.external_trades import ExternalTrade
from shared.domain.fills import Fill, split_exec_id
from shared.domain.money import ZERO
from shared.domain.spreads import Side
from shared.domain.statement_attribution import OUR_REFERENCES
from shared.domain.statement_match import StatementMatch, match_statement
from tests.builders import SESSION_DATE
from tests.fakes.documents import InMemoryDocuments
from tests.statements_of_broker import (
    ACCOUNT,
    LONG_LEG,
    ORDERS,
    SHORT_LEG,
    a_cancellation,
    a_statement,
    a_trade,
    held,
    leg_fills,
)

MICROS = st.integers(-2_000_000, 9_000_000).map(lambda micros: Decimal(micros).scaleb(-6))
LEGS = ((LONG_LEG, Side.BUY), (SHORT_LEG, Side.SELL))


@dataclass(frozen=True, kw_only=True)
class Told:
    """One execution: what the broker says of it at last, and what we booked."""

    trades: tuple[StatementTrade, ...]
    fill: Fill | None
    quantity: int

    @property
    def leg(self) -> str:
        return self.trades[0].contract_key


@st.composite
def executions(draw: st.DrawFn, number: int) -> Told:
    """An execution of ours or another's, corrected or not, known to us or not."""
    contract, side = draw(st.sampled_from(LEGS))
    quantity = draw(st.integers(1, 9))
    is_ours = draw(st.booleans())
    first = a_trade(
        f"0002{number:04x}.69b23d39.{number % 90 + 10}",
        side,
        str(quantity),
        f"{draw(st.integers(1, 400))}e-2",
        contract=contract,
        fee=str(draw(MICROS)),
        order_ref=a_trade().order_ref if is_ours else "by hand",
        broker_order_id=f"{1000 + number}",
    )
    trades = [first]
    match draw(st.sampled_from(["as told", "as told", "corrected", "taken back"])):
        case "corrected":
            quantity = draw(st.integers(1, 9))
            corrected = replace(
                first,
                broker_exec_id=first.broker_exec_id[:-1] + "2",
                quantity=Decimal(quantity),
                fee=draw(MICROS),
            )
            trades += [a_cancellation(first, fee=str(draw(MICROS))), corrected]
        case "taken back":
            quantity = 0
            trades.append(a_cancellation(first, fee=str(draw(MICROS))))
        case _:
            pass
    known = _booked(first, draw(st.none() | MICROS)) if is_ours and draw(st.booleans()) else None
    return Told(trades=tuple(trades), fill=known, quantity=side.sign * quantity)


def _booked(trade: StatementTrade, fee: Decimal | None) -> Fill:
    """The fill that the gateway made of an execution's first telling."""
    exec_id, revision = split_exec_id(trade.broker_exec_id)
    return replace(
        leg_fills()[0],
        exec_id=exec_id,
        revision=revision,
        contract_key=trade.contract_key,
        side=trade.side,
        quantity=int(trade.quantity),
        price=trade.price,
        fee=fee,
        at=trade.executed_at,
    )


@st.composite
def days(draw: st.DrawFn) -> list[Told]:
    return [draw(executions(number)) for number in range(draw(st.integers(0, 6)))]


class Books:
    """Our fills and tags in a database, and the broker's statement beside them."""

    def __init__(self, told: Sequence[Told]) -> None:
        documents = InMemoryDocuments()
        self._corrections = FirestoreFillCorrections(documents)
        self._fills = FirestoreFills(documents)
        self._tags = FirestoreExternalTrades(documents)
        self._corrections.record([one.fill for one in told if one.fill is not None])
        self.statement = _statement(told)

    def match(self) -> StatementMatch:
        return match_statement(
            self.fills(),
            self.statement,
            session_date=SESSION_DATE,
            order_of_ref=ORDERS,
            external_trades=self.tags(),
        )

    def apply(self, found: StatementMatch) -> None:
        self._corrections.record(found.fills)
        self._tags.record(found.external)

    def fills(self) -> tuple[Fill, ...]:
        return self._fills.of_session(SESSION_DATE)

    def tags(self) -> tuple[ExternalTrade, ...]:
        return self._tags.of_accounts([ACCOUNT])


def _statement(told: Iterable[Told]) -> BrokerStatement:
    told = list(told)
    totals = {
        contract.key: sum(one.quantity for one in told if one.leg == contract.key)
        for contract, _ in LEGS
    }
    return a_statement(
        [trade for one in told for trade in one.trades],
        [held(key, str(total)) for key, total in totals.items() if total],
    )


@given(days())
def test_applied_once_and_matched_again_nothing_is_left_to_record(told: list[Told]) -> None:
    books = Books(told)
    first = books.match()
    books.apply(first)
    second = books.match()
    assert not second.has_changes
    assert second.mismatches == first.mismatches
    before = (books.fills(), books.tags())
    books.apply(first)
    assert (books.fills(), books.tags()) == before


@given(days())
def test_every_execution_that_tells_its_reference_is_explained(told: list[Told]) -> None:
    assert Books(told).match().mismatches == ()


@given(days())
def test_every_fee_of_our_executions_is_in_our_books_in_the_end(told: list[Told]) -> None:
    books = Books(told)
    books.apply(books.match())
    charged = sum(
        (
            trade.fee
            for one in told
            if one.trades[0].order_ref.startswith(OUR_REFERENCES)
            for trade in one.trades
        ),
        ZERO,
    )
    fees = [fill.fee for fill in books.fills()]
    assert None not in fees
    assert sum((fee for fee in fees if fee is not None), ZERO) == charged


@given(days())
def test_our_books_and_the_tags_make_what_the_broker_holds(told: list[Told]) -> None:
    books = Books(told)
    books.apply(books.match())
    for contract, _ in LEGS:
        ours = sum(
            fill.signed_quantity for fill in books.fills() if fill.contract_key == contract.key
        )
        theirs = sum(one.quantity for one in books.tags() if one.contract_key == contract.key)
        assert ours + theirs == sum(one.quantity for one in told if one.leg == contract.key)
