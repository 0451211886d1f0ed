"""A broker's statement as JSON, rendered as IBKR's Flex XML.

    {"session_date": "2026-11-27", "when_generated": "2026-11-28T07:10:00+00:00",
     "accounts": [{"account_id": "DU1", "trades": [...], "option_events": [...],
                   "positions": [...], "cash_transactions": [...]}]}

    trade: exec_id, trade_id, order_id, contract, side, quantity, price, commission, at; and, where
        they apply, order_ref, kind (ExchTrade), notes, level (EXECUTION), canceled_trade_id, date
    option event: contract, kind (Assignment, Exercise, Expiration), quantity (signed); date
    position: contract, quantity (signed)
    cash transaction: kind, amount

Contracts are OCC symbols or a ticker; numbers are decimal text; commissions are positive where they
cost; instants are ISO 8601. Names and forms of attributes are those of real statements:
https://github.com/csingley/ibflex/blob/master/tests/test_types.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from tests.sandbox.control import Json

Document = Mapping[str, Json]
_NEW_YORK = ZoneInfo("America/New_York")
_MULTIPLIER = "100"


def render(statement: Document, query_name: str = "SpreadPilot") -> bytes:
    """Render one session's statement of every account."""
    accounts = [_account(one, statement) for one in documents(statement, "accounts")]
    lines = [
        f'<FlexQueryResponse queryName={quoteattr(query_name)} type="AF">',
        f'<FlexStatements count="{len(accounts)}">',
        *accounts,
        "</FlexStatements>",
        "</FlexQueryResponse>",
    ]
    return "\n".join(lines).encode()


def documents(parent: Document, name: str) -> list[Document]:
    """The objects of a list; none where it is left out."""
    rows = parent.get(name, [])
    if not isinstance(rows, list):
        raise TypeError(f"{name} is no list")
    return [row for row in rows if isinstance(row, dict)]


def _account(account: Document, statement: Document) -> str:
    account_id, day = str(account["account_id"]), str(statement["session_date"])
    sections = {
        "Trades": [
            _element("Trade" if _level(row) == "EXECUTION" else "Order", _trade(row, account_id))
            for row in documents(account, "trades")
        ],
        "OptionEAE": [
            _element("OptionEAE", _event(row, account_id, day))
            for row in documents(account, "option_events")
        ],
        "OpenPositions": [
            _element("OpenPosition", _position(row, account_id, day, level))
            for row in documents(account, "positions")
            for level in ("SUMMARY", "LOT")
        ],
        "CashTransactions": [
            _element("CashTransaction", _cash(row, account_id, day))
            for row in documents(account, "cash_transactions")
        ],
    }
    head = {
        "accountId": account_id,
        "fromDate": _date(day),
        "toDate": _date(day),
        "period": "LastBusinessDay",
        "whenGenerated": _local(str(statement["when_generated"])),
    }
    body = "\n".join(_section(name, rows) for name, rows in sections.items())
    return f"<FlexStatement{_attributes(head)}>\n{body}\n</FlexStatement>"


def _section(name: str, rows: Sequence[str]) -> str:
    return "\n".join([f"<{name}>", *rows, f"</{name}>"]) if rows else f"<{name} />"


def _level(row: Document) -> str:
    return str(row.get("level", "EXECUTION"))


def _trade(row: Document, account_id: str) -> dict[str, str]:
    canceled = str(row.get("canceled_trade_id", ""))
    side, quantity = str(row["side"]), Decimal(str(row["quantity"]))
    signed = quantity * (1 if side == "BUY" else -1) * (-1 if canceled else 1)
    local = _local(str(row["at"]))
    kind = "TradeCancel" if canceled else str(row.get("kind", "ExchTrade"))
    return {
        **_contract(str(row["contract"]), account_id),
        "tradeID": str(row["trade_id"]),
        "dateTime": local,
        "tradeDate": _date(str(row.get("date", ""))) or local.partition(";")[0],
        "transactionType": kind,
        "exchange": "--" if kind != "ExchTrade" else "CBOE",
        "quantity": f"{signed:f}",
        "tradePrice": str(row["price"]),
        "ibCommission": f"{-Decimal(str(row['commission'])):f}",
        "ibCommissionCurrency": "USD",
        "notes": "Ca" if canceled else str(row.get("notes", "")),
        "buySell": f"{side} (Ca.)" if canceled else side,
        "ibOrderID": str(row["order_id"]),
        "ibExecID": str(row["exec_id"]),
        "orderReference": str(row.get("order_ref", "")),
        "origTradeID": canceled,
        "levelOfDetail": _level(row),
    }


def _event(row: Document, account_id: str, day: str) -> dict[str, str]:
    return {
        **_contract(str(row["contract"]), account_id),
        "date": _date(str(row.get("date", day))),
        "transactionType": str(row["kind"]),
        "quantity": str(row["quantity"]),
        "tradePrice": "0.0000",
        "commisionsAndTax": "0.00",
        "tradeID": "",
    }


def _position(row: Document, account_id: str, day: str, level: str) -> dict[str, str]:
    return {
        **_contract(str(row["contract"]), account_id),
        "reportDate": _date(day),
        "position": str(row["quantity"]),
        "levelOfDetail": level,
    }


def _cash(row: Document, account_id: str, day: str) -> dict[str, str]:
    return {
        "accountId": account_id,
        "currency": str(row.get("currency", "USD")),
        "type": str(row["kind"]),
        "amount": str(row["amount"]),
        "dateTime": _date(day),
        "levelOfDetail": "DETAIL",
    }


def _contract(name: str, account_id: str) -> dict[str, str]:
    whose = {"accountId": account_id, "currency": "USD", "fxRateToBase": "1"}
    root, terms = name[:6].strip(), name[6:]
    if not terms:
        stock = {"assetCategory": "STK", "symbol": name, "underlyingSymbol": name}
        return {**whose, **stock, "multiplier": "1", "strike": "", "expiry": "", "putCall": ""}
    return {
        **whose,
        "assetCategory": "OPT",
        "symbol": name,
        "underlyingSymbol": root,
        "multiplier": _MULTIPLIER,
        "strike": f"{(Decimal(terms[7:]) / 1000).normalize():f}",
        "expiry": f"20{terms[:6]}",
        "putCall": terms[6],
    }


def _date(iso: str) -> str:
    return iso.replace("-", "")


def _local(iso: str) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(_NEW_YORK):%Y%m%d;%H%M%S}"


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in values.items())


def _element(tag: str, values: Mapping[str, str]) -> str:
    return f"<{tag}{_attributes(values)} />"
