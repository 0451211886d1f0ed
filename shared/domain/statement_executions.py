"""Executions as a statement tells them, after everything the broker took back or corrected.

IBKR corrects an execution in three rows: the first telling, its cancellation (no execution id,
the trade id of what it takes back) and the correction, under the same trade id and an execution
id that differs after the last dot. Each may carry a part of the fee: what was really charged is
their sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.broker_statement import AccountStatement, StatementTrade
from shared.domain.fills import ExecId, split_exec_id
from shared.domain.money import ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedExecution:
    """One execution as it stands in the end.

    Attributes:
        exec_id: Execution id without its correction suffix.
        revision: Correction suffix.
        trade: The row that stands, or the last one that did.
        quantity: Contracts or shares; 0 where it was taken back altogether.
        fee: Everything charged for it less everything paid back, USD.
    """

    exec_id: ExecId
    revision: str
    trade: StatementTrade
    quantity: Decimal
    fee: Decimal

    @property
    def is_whole(self) -> bool:
        """True unless it is of a fraction of a share."""
        return self.quantity == self.quantity.to_integral_value()


def executions_of(
    account: AccountStatement,
) -> tuple[tuple[StatedExecution, ...], tuple[StatementTrade, ...]]:
    """Read the executions of an account; what the broker booked of options is none.

    Returns:
        The executions, in the order of their first row, and cancellations of what is not in
        this statement.
    """
    rows = [one for one in account.trades if one.is_counted and one.event is None]
    told = [one for one in rows if not one.canceled_trade_id]
    is_standing = [True] * len(told)
    canceled_fees: dict[ExecId, Decimal] = {}
    strays: list[StatementTrade] = []
    for cancel in rows:
        if not cancel.canceled_trade_id:
            continue
        place = _taken_back(cancel, told, is_standing)
        if place is None:
            strays.append(cancel)
            continue
        is_standing[place] = False
        exec_id, _ = _ids_of(told[place])
        canceled_fees[exec_id] = canceled_fees.get(exec_id, ZERO) + cancel.fee
    by_id: dict[ExecId, list[int]] = {}
    for place, trade in enumerate(told):
        by_id.setdefault(_ids_of(trade)[0], []).append(place)
    stated = tuple(
        _stated(
            exec_id,
            [told[place] for place in places],
            [told[place] for place in places if is_standing[place]],
            canceled_fees.get(exec_id, ZERO),
        )
        for exec_id, places in by_id.items()
    )
    return stated, tuple(strays)


def revision_rank(revision: str) -> tuple[int, str]:
    """Order correction suffixes: a later one is greater."""
    return len(revision), revision


def family_of(exec_id: str) -> str:
    """What the executions of one fill share: a combo and its legs differ in the last group.

    `00020057.69b23d39.02` and `00020057.69b23d39.03` are legs of the same fill; empty where an
    id does not have three groups.
    """
    family, _, _ = exec_id.rpartition(".")
    return family if "." in family else ""


def _taken_back(
    cancel: StatementTrade, told: list[StatementTrade], is_standing: list[bool]
) -> int | None:
    """Find the first standing row that a cancellation takes back; its correction comes later."""
    return next(
        (
            place
            for place, one in enumerate(told)
            if is_standing[place]
            and one.trade_id == cancel.canceled_trade_id
            and one.contract_key == cancel.contract_key
            and one.quantity == cancel.quantity
        ),
        None,
    )


def _stated(
    exec_id: ExecId,
    rows: list[StatementTrade],
    standing: list[StatementTrade],
    canceled_fee: Decimal,
) -> StatedExecution:
    fee = _fees(rows) + canceled_fee
    trade = max(standing or rows, key=lambda one: revision_rank(_ids_of(one)[1]))
    revision = _ids_of(trade)[1]
    if standing:
        return StatedExecution(
            exec_id=exec_id, revision=revision, trade=trade, quantity=trade.quantity, fee=fee
        )
    # What was taken back outranks its own telling: told again, it must not come back to life.
    return StatedExecution(
        exec_id=exec_id, revision=_next(revision), trade=trade, quantity=ZERO, fee=fee
    )


def _fees(rows: Iterable[StatementTrade]) -> Decimal:
    return sum((one.fee for one in rows), ZERO)


def _ids_of(trade: StatementTrade) -> tuple[ExecId, str]:
    if trade.broker_exec_id:
        return split_exec_id(trade.broker_exec_id)
    return ExecId(f"statement-{trade.account_id}-{trade.trade_id}"), "01"


def _next(revision: str) -> str:
    return f"{int(revision) + 1:0{len(revision)}d}" if revision.isdecimal() else f"{revision}1"
