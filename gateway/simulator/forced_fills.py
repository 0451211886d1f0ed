"""What faults do to the book: fills that cross on the wire, a second order, corrected executions.

These are the only fills away from the simulator's own quote: a fault names the order, and the
price is its limit, or the natural price where that is better for the client.
"""

from dataclasses import replace
from decimal import Decimal

from gateway.simulator.accounts import Account, fee
from gateway.simulator.contracts import Contract
from gateway.simulator.login import GatewayLogin
from gateway.simulator.matching import Natural, NaturalLeg
from gateway.simulator.orders import Execution, Order
from gateway.simulator.tickets import Ticket

# Far above any id that a client has used, and different for every order that is doubled.
_TWIN_IDS_FROM = 1_000_000


def fill(login: GatewayLogin, order: Order, units: int) -> None:
    """Fill so many units of an order, also of one that was cancelled."""
    units = min(units, order.remaining)
    if units > 0:
        found = _at_limit(login, order, units)
        login.book.fill_by_fault(order, found, units, login.clock.now())


def place_again(
    login: GatewayLogin, order: Order, *, ticket: Ticket | None = None, has_same_id: bool
) -> None:
    """Hold an order twice: a second one of its own permId with the same reference.

    The second is placed by ``ticket``, or as the first was.
    """
    key = (order.client_id, order.order_id + _TWIN_IDS_FROM)
    while key in login.book.orders:
        key = (key[0], key[1] + _TWIN_IDS_FROM)
    twin_ids = key[1] - order.order_id if has_same_id else 0
    at = login.clock.now()
    again = ticket or order.ticket
    twin = login.book.accept(key, order.contract, again, at, twin_ids=twin_ids)
    twin.doubles = order.order_id


def correct(
    login: GatewayLogin, order: Order, rows: list[Execution], price: Decimal, fewer: int
) -> list[Execution]:
    """Correct a fill by a net price per share and by units taken back; return the new rows.

    The price difference falls on the first leg. The fee of what is taken back is refunded.
    """
    account = login.accounts[order.ticket.account]
    units = _units(order, rows)
    fewer = min(fewer, units)
    order.paid += price * (units - fewer) - rows[0].price * fewer
    order.filled -= fewer
    corrected: list[Execution] = []
    left = price
    for row in rows:
        if row.contract.sec_type == "BAG" and len(rows) > 1:
            corrected.append(_changed(row, price, fewer))
            continue
        sign = _leg_sign(order, row)
        change = left * sign
        left = Decimal(0)
        removed = row.shares * fewer // units
        _rebook(account, row, change, removed)
        corrected.append(_changed(row, change, removed))
    login.book.executions += corrected
    return corrected


def _at_limit(login: GatewayLogin, order: Order, units: int) -> Natural:
    """Return legs whose net price is the limit; the natural ones where they are better."""
    at, contract = login.clock.now(), order.contract
    legs: list[NaturalLeg] = []
    net = Decimal(0)
    for leg in contract.parts():
        quote = login.market.quote(leg.contract, at)
        side = order.ticket.sign * leg.sign
        price = max(quote.ask if side > 0 else quote.bid, Decimal(0))
        net += leg.sign * contract.weight(leg) * price
        legs.append(NaturalLeg(leg=leg, quantity=side * leg.ratio, price=price))
    limit = order.ticket.worked_limit
    if limit is not None and (limit - net) * order.ticket.sign < 0:
        legs = _moved(contract, legs, limit - net)
        net = limit
    return Natural(price=net, size=units, legs=tuple(legs))


def _moved(contract: Contract, legs: list[NaturalLeg], by: Decimal) -> list[NaturalLeg]:
    """Move one leg so that the net price moves; no leg's price falls below nothing."""
    for number, leg in enumerate(legs):
        price = leg.price + by / (leg.leg.sign * contract.weight(leg.leg))
        if price >= 0:
            return [*legs[:number], replace(leg, price=price), *legs[number + 1 :]]
    return legs


def _units(order: Order, rows: list[Execution]) -> int:
    """Return the units of the order that the rows of one fill stand for."""
    first = rows[0]
    if first.contract.sec_type == "BAG" or len(rows) > 1:
        return first.shares
    return first.shares // order.contract.parts()[0].ratio


def _leg_sign(order: Order, row: Execution) -> int:
    """Return +1 if a dearer leg makes the net price higher, -1 if lower."""
    side = 1 if row.side == "BOT" else -1
    return side * order.ticket.sign


def _changed(row: Execution, price: Decimal, removed: int) -> Execution:
    """Return the corrected row: the same id but for its last group."""
    identity, _, number = row.exec_id.rpartition(".")
    shares = row.shares - removed
    return replace(
        row,
        exec_id=f"{identity}.{int(number) + 1:02}",
        price=row.price + price,
        shares=shares,
        cumulative=row.cumulative - removed,
        commission=None if row.commission is None else _fee(row.contract, shares),
    )


def _rebook(account: Account, row: Execution, change: Decimal, removed: int) -> None:
    """Change cash, cost and holding by a corrected leg."""
    contract, side = row.contract, 1 if row.side == "BOT" else -1
    kept = side * (row.shares - removed)
    value = kept * change * contract.multiplier
    position = account.positions.get(contract.con_id)
    account.cash -= value
    if position is not None and position.quantity * kept > 0:
        position.average_cost += value / position.quantity
    else:
        account.realized -= value
    if removed:
        refund = _fee(contract, row.shares) - _fee(contract, row.shares - removed)
        account.move(contract, -side * removed, row.price * contract.multiplier, -refund)


def _fee(contract: Contract, shares: int) -> Decimal:
    return fee(contract, shares) if shares else Decimal(0)
