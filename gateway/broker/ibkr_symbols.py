"""IBKR's own spelling of a contract, read as our name of it; the library is not needed.

An option that has expired cannot be looked up any more, and is listed until the night's clearing:
its local symbol, the one of the Options Clearing Corporation, still names it completely.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from shared.domain.options import ContractKey, OptionContract, Right, underlying_key

_OCC = re.compile(r"(?P<root>[A-Z]{1,6}) *(?P<day>\d{6})(?P<right>[CP])(?P<strike>\d{8})")
"""Root, date as YYMMDD, C or P, strike in thousandths of a dollar."""


def key_of_symbols(security_type: str, symbol: str, local_symbol: str) -> ContractKey:
    """Name a contract by its symbols.

    An option whose root is not its underlying's symbol delivers something else than shares
    (it was adjusted): it keeps the broker's own symbol, like everything that is not read.
    """
    if security_type == "STK":
        return underlying_key(symbol)
    read = _OCC.fullmatch(local_symbol) if security_type == "OPT" else None
    if read is None or read["root"] != symbol:
        return ContractKey(local_symbol)
    try:
        day = date.fromisoformat(f"20{read['day'][:2]}-{read['day'][2:4]}-{read['day'][4:]}")
    except ValueError:
        return ContractKey(local_symbol)
    strike = Decimal(read["strike"]) / 1000
    contract = OptionContract(
        symbol=symbol, expiry=day.isoformat(), strike=strike, right=Right(read["right"])
    )
    return contract.key
