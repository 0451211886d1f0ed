"""placeOrder: what the Gateway checks before an order enters the book, and what-ifs."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from gateway.simulator import order_messages, rejections
from gateway.simulator.accounts import Account, fee, mark_price
from gateway.simulator.clients import ApiClient
from gateway.simulator.contracts import TICK, Contract
from gateway.simulator.login import GatewayLogin
from gateway.simulator.margin import initial_margin
from gateway.simulator.order_messages import MarginState
from gateway.simulator.orders import Order
from gateway.simulator.price_checks import is_riskless
from gateway.simulator.queries import ContractQuery
from gateway.simulator.tickets import Ticket, good_till

_ORDER_TYPES = frozenset({"LMT", "MKT"})
_TIMES_IN_FORCE = frozenset({"DAY", "GTC", "GTD"})
_TOO_MANY = (
    "There are 20 active orders of this side in this contract for the account; "
    "cancel one before placing another."
)
_RISKLESS = "Riskless combination orders are not allowed."


def place(
    login: GatewayLogin, client: ApiClient, order_id: int, query: ContractQuery, ticket: Ticket
) -> None:
    """Answer a what-if, modify the order of this id, or accept a new one.

    Raises:
        Rejected: The Gateway would refuse it.
    """
    at = login.clock.now()
    account = login.order_account(ticket.account, order_id)
    ticket = login.with_account(ticket, account)
    contract = _checked_contract(login, order_id, query, ticket, at)
    if ticket.what_if:
        _answer_what_if(login, client, order_id, contract, ticket)
        return
    key = (client.client_id, order_id)
    order = login.book.orders.get(key)
    if order is not None and order.order_id == order_id:
        login.book.check_modification(order, contract, ticket)
        rest = replace(ticket, quantity=ticket.quantity - order.filled)
        _check_margin(order_id, margin_state(login, account, contract, rest, at))
        login.book.modify(order, ticket, at)
    else:
        login.book.use_id(client.client_id, order_id)
        if login.book.is_full(contract, ticket):
            raise rejections.order_rejected(order_id, _TOO_MANY)
        _check_margin(order_id, margin_state(login, account, contract, ticket, at))
        login.book.accept(key, contract, ticket, at)
    login.wake()


def place_manual(login: GatewayLogin, query: ContractQuery, ticket: Ticket) -> Order:
    """Accept an order entered by hand at the Gateway.

    Raises:
        Rejected: The Gateway would refuse it.
    """
    at = login.clock.now()
    account = login.order_account(ticket.account, 0)
    contract = _checked_contract(login, 0, query, ticket, at)
    _check_margin(0, margin_state(login, account, contract, ticket, at))
    order = login.book.accept_manual(contract, ticket, at)
    login.wake()
    return order


def margin_state(
    login: GatewayLogin, account: Account, contract: Contract, ticket: Ticket, at: datetime
) -> MarginState:
    """Return margins and equity before and after the order fills at its price."""
    market, quantity = login.market, int(ticket.quantity)
    spot = market.spot(at)
    changes = [
        (leg.contract, ticket.sign * leg.sign * leg.ratio * quantity) for leg in contract.parts()
    ]
    commission = sum((fee(leg, change) for leg, change in changes), Decimal(0))
    price = ticket.worked_limit
    if price is None:
        price = _mark(login, contract, at)
    paid = ticket.sign * quantity * contract.multiplier * price
    shares = sum((n * spot for leg, n in changes if leg.sec_type == "STK"), Decimal(0))
    equity = account.equity_with_loan(spot)
    return MarginState(
        margin_before=initial_margin(account.holdings(), spot),
        margin_after=initial_margin(_netted(account, changes), spot),
        equity_before=equity,
        equity_after=equity - paid + shares - commission,
        commission=commission,
    )


def _checked_contract(
    login: GatewayLogin, order_id: int, query: ContractQuery, ticket: Ticket, at: datetime
) -> Contract:
    contract = _contract(login, order_id, query, at)
    _check(order_id, ticket, at)
    if is_riskless(contract, ticket):
        raise rejections.order_rejected(order_id, _RISKLESS)
    return contract


def _contract(login: GatewayLogin, order_id: int, query: ContractQuery, at: datetime) -> Contract:
    table = login.market.contracts
    if query.sec_type == "BAG":
        if not query.legs or any(leg.ratio < 1 for leg in query.legs):
            cause = "Security type 'BAG' requires combo leg details."
            raise rejections.invalid(order_id, cause)
        contract = table.combo(query)
    else:
        contract = table.find(query)
    if contract is None:
        raise rejections.unknown_contract(order_id)
    if any(login.market.is_expired(leg.contract, at) for leg in contract.parts()):
        raise rejections.unknown_contract(order_id)
    return contract


def _check(order_id: int, ticket: Ticket, at: datetime) -> None:
    if ticket.unsupported:
        raise rejections.invalid(order_id, f"An order with {ticket.unsupported} is not simulated.")
    if ticket.order_type not in _ORDER_TYPES:
        raise rejections.unsupported_order_type(order_id)
    whole = ticket.quantity == ticket.quantity.to_integral_value()
    if ticket.quantity <= 0 or not whole:
        raise rejections.invalid(order_id, "The order size must be a positive whole number.")
    if ticket.action not in {"BUY", "SELL"}:
        raise rejections.invalid(order_id, f"Invalid side {ticket.action!r}.")
    if ticket.order_type == "LMT":
        _check_limit(order_id, ticket.limit_price)
    _check_time_in_force(order_id, ticket, at)


def _check_limit(order_id: int, limit: Decimal | None) -> None:
    if limit is None:
        raise rejections.invalid(order_id, "A limit order needs a limit price.")
    if limit % TICK:
        raise rejections.off_tick(order_id)


def _check_time_in_force(order_id: int, ticket: Ticket, at: datetime) -> None:
    if ticket.tif not in _TIMES_IN_FORCE:
        raise rejections.invalid(order_id, f"Invalid time in force:{ticket.tif}.")
    if ticket.tif != "GTD":
        return
    try:
        until = good_till(ticket.good_till_date)
    except ValueError as error:
        raise rejections.invalid(order_id, "The good till date is invalid.") from error
    if until <= at:
        raise rejections.order_rejected(order_id, "the good till date is in the past.")


def _check_margin(order_id: int, state: MarginState) -> None:
    needs_more = state.margin_after > state.margin_before
    if needs_more and state.margin_after > state.equity_after:
        raise rejections.not_enough_margin(order_id, state.equity_after, state.margin_after)


def _answer_what_if(
    login: GatewayLogin, client: ApiClient, order_id: int, contract: Contract, ticket: Ticket
) -> None:
    account = login.accounts[ticket.account]
    state = margin_state(login, account, contract, ticket, login.clock.now())
    order = Order(
        order_id=order_id,
        client_id=client.client_id,
        perm_id=0,
        contract=contract,
        ticket=ticket,
    )
    states = [state.fields()]
    if login.whatif_twice:
        states.insert(0, order_messages.no_margins("Preliminary: margins are being computed."))
    for fields in login.faults.on_what_if(order, states):
        client.send(order_messages.open_order(order, client.server_version, fields))


def _mark(login: GatewayLogin, contract: Contract, at: datetime) -> Decimal:
    """Return the mid of a contract, of a combo that of its legs; USD per share."""
    marks = (
        leg.sign * contract.weight(leg) * mark_price(leg.contract, login.market, at)
        for leg in contract.parts()
    )
    return sum(marks, Decimal(0))


def _netted(account: Account, changes: list[tuple[Contract, int]]) -> list[tuple[Contract, int]]:
    holdings = {contract.con_id: (contract, held) for contract, held in account.holdings()}
    for contract, change in changes:
        _, held = holdings.get(contract.con_id, (contract, 0))
        holdings[contract.con_id] = (contract, held + change)
    return list(holdings.values())
