"""The messages of the Gateway by name, as faults are told of them."""

from gateway.simulator.frames import Field

# Ids and names: the decoder and wrapper of ib_insync 0.9.86.
KIND_OF_MESSAGE = {
    1: "tickPrice",
    2: "tickSize",
    3: "orderStatus",
    4: "error",
    5: "openOrder",
    6: "updateAccountValue",
    7: "updatePortfolio",
    8: "updateAccountTime",
    9: "nextValidId",
    10: "contractDetails",
    11: "execDetails",
    15: "managedAccounts",
    21: "tickOptionComputation",
    45: "tickGeneric",
    46: "tickString",
    49: "currentTime",
    52: "contractDetailsEnd",
    53: "openOrderEnd",
    54: "accountDownloadEnd",
    55: "execDetailsEnd",
    57: "tickSnapshotEnd",
    58: "marketDataType",
    59: "commissionReport",
    61: "position",
    62: "positionEnd",
    63: "accountSummary",
    64: "accountSummaryEnd",
    73: "accountUpdateMulti",
    74: "accountUpdateMultiEnd",
    75: "securityDefinitionOptionParameter",
    76: "securityDefinitionOptionParameterEnd",
    81: "tickReqParams",
    93: "marketRule",
    94: "pnl",
    95: "pnlSingle",
    101: "completedOrder",
    102: "completedOrdersEnd",
}
MESSAGE_KINDS = tuple(KIND_OF_MESSAGE.values())
TERMINATORS = tuple(name for name in MESSAGE_KINDS if name.endswith("End"))
ACKNOWLEDGEMENTS = ("openOrder", "orderStatus")
TICKS = ("tickPrice", "tickSize", "tickOptionComputation", "tickGeneric", "tickString")

_ORDER_ID_AT = {"openOrder": 1, "orderStatus": 1, "execDetails": 2, "error": 2}


def kind_of(row: list[Field]) -> str:
    """Return the name of a message; one that faults do not know has none."""
    message_id = row[0]
    return KIND_OF_MESSAGE.get(message_id, "") if isinstance(message_id, int) else ""


def order_id_of(row: list[Field]) -> int | None:
    """Return the order id that a message of an order carries; an error's may be a request's."""
    at = _ORDER_ID_AT.get(kind_of(row))
    order_id = None if at is None else row[at]
    return order_id if isinstance(order_id, int) else None
