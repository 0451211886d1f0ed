"""What a statement says an account holds at the day's end, against our books and others' trades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from shared.domain.broker_statement import AccountStatement
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO
from shared.domain.options import ContractKey
from shared.domain.orders import Order, OrderId
from shared.domain.statement_mismatch import Mismatch, MismatchKind
from shared.domain.statement_settlements import events_of, is_settlement


class PositionCheck:
    """Compares one account's holdings at the end of one session.

    Args:
        account: What the broker says.
        session_date: ISO text.
        orders: Orders of ours, by id.
        held_by_others: What others' trades made, contracts signed by contract.
        follower_id: Whose account it is.
    """

    def __init__(
        self,
        account: AccountStatement,
        *,
        session_date: str,
        orders: Mapping[OrderId, Order],
        held_by_others: Mapping[ContractKey, int],
        follower_id: FollowerId | None,
    ) -> None:
        self._account = account
        self._session_date = session_date
        self._orders = orders
        self._others = held_by_others
        self._follower_id = follower_id
        self._held: dict[ContractKey, Decimal] = {}
        for one in account.positions:
            self._held[one.contract_key] = self._held.get(one.contract_key, ZERO) + one.quantity
        self._ended = {event.contract_key for event in events_of(account)}

    def mismatches(self, fills: Sequence[Fill]) -> Iterator[Mismatch]:
        """Compare every contract of these fills: all that make up what we hold in the account."""
        legs = [fill for fill in fills if not fill.is_combo]
        for key in sorted({fill.contract_key for fill in legs}):
            found = self._mismatch(key, [fill for fill in legs if fill.contract_key == key])
            if found is not None:
                yield found

    def _mismatch(self, key: ContractKey, fills: Sequence[Fill]) -> Mismatch | None:
        others = self._others.get(key, 0)
        held = self._held.get(key, ZERO) - others
        booked = sum(fill.signed_quantity for fill in fills if self._is_of_that_day(fill))
        if held == booked or held in self._after_the_night(booked, fills):
            return None
        before_clearing = sum(
            fill.signed_quantity
            for fill in fills
            if self._is_of_that_day(fill) and not self._is_of_the_night(fill)
        )
        end = f"at the end of {self._session_date}"
        if held == before_clearing and not self._may_be_cleared(fills):
            return self._of(
                MismatchKind.NOT_CLEARED,
                key,
                f"the broker still holds {held:+f} of {key} {end}, which we booked as ended; its "
                "clearing comes with a later statement",
            )
        theirs = f" and trades of others {others:+d}" if others else ""
        return self._of(
            MismatchKind.POSITION,
            key,
            f"the broker holds {held + others:+f} of {key} {end}, our books {booked:+d}{theirs}: "
            "compare the account's trades with our fills, and book or tag what is missing",
        )

    def _after_the_night(self, booked: int, fills: Sequence[Fill]) -> set[int]:
        """What is held after each booking of the night: the broker dates it the day before.

        Bookings of later sessions follow where a statement is matched again.
        """
        reached: set[int] = set()
        for fill in sorted(fills, key=lambda one: (one.at, one.exec_id)):
            is_later = is_settlement(fill) and not self._is_of_that_day(fill)
            if is_later and self._options_of(fill) & self._ended_by_then(fill):
                booked += fill.signed_quantity
                reached.add(booked)
        return reached

    def _is_of_that_day(self, fill: Fill) -> bool:
        return fill.session_date <= self._session_date

    def _is_of_the_night(self, fill: Fill) -> bool:
        return is_settlement(fill) and fill.session_date >= self._session_date

    def _may_be_cleared(self, fills: Sequence[Fill]) -> bool:
        """Tell whether the statement has the end of an option that these bookings are of."""
        nightly = [fill for fill in fills if self._is_of_the_night(fill)]
        return any(self._options_of(fill) & self._ended for fill in nightly)

    def _options_of(self, fill: Fill) -> set[ContractKey]:
        """The options that a booking may be of: shares come of either leg."""
        order = self._orders.get(fill.order_id)
        if order is None or fill.multiplier != 1:
            return {fill.contract_key}
        return {order.spread.long_contract.key, order.spread.short_contract.key}

    def _ended_by_then(self, fill: Fill) -> set[ContractKey]:
        """Options whose end the statement tells, or that expired by its day."""
        order = self._orders.get(fill.order_id)
        if order is None or order.spread.expiry > self._session_date:
            return self._ended
        legs = {order.spread.long_contract.key, order.spread.short_contract.key}
        return self._ended | legs

    def _of(self, kind: MismatchKind, key: ContractKey, words: str) -> Mismatch:
        return Mismatch(
            kind=kind,
            account_id=self._account.account_id,
            follower_id=self._follower_id,
            contract_key=key,
            words=words,
        )
