"""Requests about quotes and contracts."""

from dataclasses import replace

from gateway.simulator import messages, rejections, ticks
from gateway.simulator.clients import ApiClient, Subscription
from gateway.simulator.config import MarketDataAccess
from gateway.simulator.contracts import Contract
from gateway.simulator.frames import FieldReader
from gateway.simulator.login import GatewayLogin
from gateway.simulator.queries import ContractQuery, read_contract, read_legs

_CHAIN_EXCHANGES = ("SMART", "CBOE")


def market_data(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer reqMktData: a snapshot at once, or a stream from now on."""
    reader.skip(1)
    request_id = reader.whole()
    query = read_contract(reader)
    if query.sec_type == "BAG":
        query = replace(query, legs=read_legs(reader, extra_fields=0))
    has_delta_neutral_contract = reader.flag()
    reader.skip((3 if has_delta_neutral_contract else 0) + 1)
    is_snapshot = reader.flag()
    contract = _quoted(login, request_id, query)
    _check_data(login, client, request_id)
    subscription = Subscription(contract)
    first = ticks.quote_changes(request_id, subscription, login.market, login.clock.now())
    client.send_all([*messages.market_data_preamble(request_id), *first])
    if is_snapshot:
        client.send([57, 1, request_id])
        return
    client.subscribed.quotes[request_id] = subscription
    login.wake()


def cancel_market_data(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """End a stream."""
    reader.skip(1)
    client.subscribed.quotes.pop(reader.whole(), None)


def market_data_type(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Take note of the wanted data type; the simulator always has live data."""


def contract_details(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer reqContractDetails with every contract that fits."""
    reader.skip(1)
    request_id = reader.whole()
    query = read_contract(reader)
    if query.sec_type == "BAG":
        cause = (
            "'BAG' isn't supported for contract data request. Please enter a valid security type"
        )
        raise rejections.invalid(request_id, cause)
    found = login.market.contracts.matching(query)
    if not found:
        raise rejections.unknown_contract(request_id)
    at = login.clock.now()
    for contract in found:
        client.send(messages.contract_details(request_id, contract, login.market, at))
    client.send([52, 1, request_id])


def option_parameters(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer reqSecDefOptParams; another symbol has no chain."""
    request_id = reader.whole()
    at = login.clock.now()
    if reader.text() == login.market.contracts.underlying.symbol:
        for exchange in _CHAIN_EXCHANGES:
            client.send(messages.option_chain(request_id, exchange, login.market, at))
    client.send([76, request_id])


def market_rule(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer with the one rule: a cent at every price."""
    client.send([93, reader.whole(), 1, 0.0, 0.01])


def current_time(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer with market time as epoch seconds."""
    client.send([49, 1, int(login.clock.now().timestamp())])


def _check_data(login: GatewayLogin, client: ApiClient, request_id: int) -> None:
    if request_id in client.subscribed.quotes:
        raise rejections.duplicate_ticker_id(request_id)
    if login.lines_used >= login.market_data_lines:
        raise rejections.too_many_tickers(request_id)
    if login.market_data is not MarketDataAccess.LIVE:
        raise rejections.no_market_data(request_id, login.market_data)


def _quoted(login: GatewayLogin, request_id: int, query: ContractQuery) -> Contract:
    table = login.market.contracts
    if query.sec_type != "BAG":
        contract = table.find(query)
    elif not query.legs:
        raise rejections.invalid(request_id, "Security type 'BAG' requires combo leg details.")
    else:
        contract = table.combo(query)
    if contract is None:
        raise rejections.unknown_contract(request_id)
    return contract
