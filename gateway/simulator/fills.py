"""Turning a match into executions: one row for a combo, then one per leg, booked in the account."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.simulator.accounts import Account, Booking
from gateway.simulator.contracts import Contract
from gateway.simulator.draws import digest
from gateway.simulator.matching import Natural, NaturalLeg
from gateway.simulator.orders import Execution, Order

_COMBO_PART = 1
# Executions of orders entered by hand carry Java's unset integer; source: a note in ib_insync.
_UNSET_ORDER_ID = 2_147_483_647


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """What differs between the rows of one fill; shares are signed."""

    contract: Contract
    part: int
    shares: int
    price: Decimal
    cumulative: int
    average_price: Decimal
    booking: Booking | None = None


class Fill:
    """One fill of ``units`` of an order at a natural price."""

    def __init__(
        self, *, seed: int, order: Order, found: Natural, units: int, at: datetime
    ) -> None:
        self._order = order
        self._found = found
        self._units = units
        self._at = at
        key = (order.ticket.account, order.reference, order.sequence, order.fills)
        self._number = digest(seed, "fill", *key) & 0xFFFFFFFF

    def book(self, account: Account) -> list[Execution]:
        """Advance the order, book every leg and return the executions, the combo's first."""
        order, is_combo = self._order, self._order.contract.sec_type == "BAG"
        order.filled += self._units
        order.paid += self._found.price * self._units
        order.last_price = self._found.price
        rows = [self._combo_row()] if is_combo else []
        first_part = _COMBO_PART + len(rows)
        for number, leg in enumerate(self._found.legs):
            rows.append(self._leg_row(account, number, first_part + number, leg))
        order.fills += 1
        return [self._execution(row) for row in rows]

    def _combo_row(self) -> _Row:
        order = self._order
        return _Row(
            contract=order.contract,
            part=_COMBO_PART,
            shares=order.ticket.sign * self._units,
            price=self._found.price,
            cumulative=order.filled,
            average_price=order.average_price,
        )

    def _leg_row(self, account: Account, number: int, part: int, leg: NaturalLeg) -> _Row:
        order, contract = self._order, leg.leg.contract
        shares = leg.quantity * self._units
        account.take(contract.con_id, 1 if shares > 0 else -1, abs(shares))
        paid = order.leg_paid.get(number, Decimal(0)) + abs(shares) * leg.price
        order.leg_paid[number] = paid
        cumulative = order.filled * abs(leg.quantity)
        return _Row(
            contract=contract,
            part=part,
            shares=shares,
            price=leg.price,
            cumulative=cumulative,
            average_price=paid / cumulative,
            booking=account.book(contract, shares, leg.price),
        )

    def _execution(self, row: _Row) -> Execution:
        """Return a row as an execution.

        Ids differ between legs in their third group; a difference after the last dot alone would
        mean a correction of the same execution.
        """
        order = self._order
        return Execution(
            exec_id=f"{order.perm_id:08x}.{self._number:08x}.{row.part:02x}.01",
            contract=row.contract,
            side="BOT" if row.shares > 0 else "SLD",
            shares=abs(row.shares),
            price=row.price,
            cumulative=row.cumulative,
            average_price=row.average_price,
            at=self._at,
            account=order.ticket.account,
            order_id=_UNSET_ORDER_ID if order.is_manual else order.order_id,
            client_id=order.client_id,
            perm_id=order.perm_id,
            order_ref=order.ticket.order_ref,
            commission=row.booking.commission if row.booking else None,
            realized=row.booking.realized if row.booking else None,
        )
