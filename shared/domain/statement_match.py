"""Match a broker's statement with our fills: correct fees, add what is missing, name the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.domain.broker_statement import AccountStatement, BrokerStatement
from shared.domain.external_trades import (
    ExternalTrade,
    external_trade,
    held_by_others,
    supersedes,
)
from shared.domain.fills import ExecId, Fill
from shared.domain.followers import AccountId, FollowerId
from shared.domain.options import ContractKey, underlying_key
from shared.domain.orders import Order
from shared.domain.statement_attribution import Attribution, Owner
from shared.domain.statement_executions import (
    StatedExecution,
    executions_of,
    revision_rank,
)
from shared.domain.statement_mismatch import Mismatch, MismatchKind
from shared.domain.statement_positions import PositionCheck
from shared.domain.statement_settlements import check_settlements, is_settlement


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementMatch:
    """What a statement changes in our books, and what it leaves open.

    Attributes:
        fee_corrections: Fills of ours whose fee was not known, or differs.
        corrections: Fills of ours whose quantity or price the broker corrected; with its fee.
        missing: Fills of ours that we did not have.
        external: Trades of others that are not tagged yet.
        mismatches: What nothing explains.
    """

    fee_corrections: tuple[Fill, ...] = ()
    corrections: tuple[Fill, ...] = ()
    missing: tuple[Fill, ...] = ()
    external: tuple[ExternalTrade, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Every fill to record."""
        return self.fee_corrections + self.corrections + self.missing

    @property
    def has_changes(self) -> bool:
        """True where something is to be recorded."""
        return bool(self.fills or self.external)


def match_statement(
    fills: Sequence[Fill],
    statement: BrokerStatement,
    *,
    session_date: str,
    order_of_ref: Mapping[str, Order],
    external_trades: Sequence[ExternalTrade],
) -> StatementMatch:
    """Match a statement of one session with our fills.

    Applying what it says to record, and matching again, finds nothing more to record.

    Args:
        fills: Of the login's accounts: every fill that makes up what they held of ours at the
            session's end, those of the session among them, and bookings of assignments and
            exercises of the night after.
        statement: What the broker says.
        session_date: ISO text.
        order_of_ref: Our orders by every reference they had at the broker.
        external_trades: Trades and holdings of others in these accounts, so far tagged.
    """
    whole = _Matching()
    for account in statement.accounts:
        own = [fill for fill in fills if fill.account_id == account.account_id]
        orders = {
            ref: order
            for ref, order in order_of_ref.items()
            if order.account_id == account.account_id
        }
        tagged = [one for one in external_trades if one.account_id == account.account_id]
        _AccountMatch(account, own, orders, tagged, session_date, whole).run()
    whole.mismatches += _missing_accounts(fills, statement, session_date)
    return StatementMatch(
        fee_corrections=tuple(whole.fee_corrections),
        corrections=tuple(whole.corrections),
        missing=tuple(whole.missing),
        external=tuple(whole.external),
        mismatches=tuple(whole.mismatches),
    )


def _missing_accounts(
    fills: Sequence[Fill], statement: BrokerStatement, session_date: str
) -> Iterator[Mismatch]:
    of_session = [fill for fill in fills if fill.session_date == session_date]
    followers = {fill.account_id: fill.follower_id for fill in of_session}
    for account_id, follower_id in sorted(followers.items()):
        if statement.of(account_id) is None:
            yield Mismatch(
                kind=MismatchKind.ACCOUNT_MISSING,
                account_id=account_id,
                follower_id=follower_id,
                contract_key=None,
                words=f"we have fills of account {account_id} on {session_date}, and the broker's "
                "statement does not have that account: add it to the Flex query",
            )


@dataclass(kw_only=True, slots=True)
class _Matching:
    """What was found so far."""

    fee_corrections: list[Fill] = field(default_factory=list)
    corrections: list[Fill] = field(default_factory=list)
    missing: list[Fill] = field(default_factory=list)
    external: list[ExternalTrade] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)


class _AccountMatch:
    """The match of one account; what it is given is that account's alone."""

    def __init__(
        self,
        account: AccountStatement,
        fills: Sequence[Fill],
        orders: Mapping[str, Order],
        tagged: Sequence[ExternalTrade],
        session_date: str,
        found: _Matching,
    ) -> None:
        self._account = account
        self._account_id: AccountId = account.account_id
        self._fills = {fill.exec_id: fill for fill in fills}
        self._tagged = {one.trade_id: one for one in tagged}
        self._session_date = session_date
        self._found = found
        self._by_id = {order.order_id: order for order in orders.values()}
        self._keys = _contracts_of(fills, self._by_id.values())
        self._attribution = Attribution(account, fills=fills, orders=orders)
        followers = [one.follower_id for one in fills]
        followers += [one.follower_id for one in self._by_id.values()]
        self._follower_id: FollowerId | None = followers[0] if followers else None

    def run(self) -> None:
        """Match executions first, for settlements and positions are read from the new books."""
        stated, strays = executions_of(self._account)
        of_earlier_days = {stray.canceled_trade_id for stray in strays}
        for one in stated:
            # Only a part of its fee is here: the rest was charged with what it corrects.
            if one.trade.trade_id not in of_earlier_days:
                self._execution(one)
        for stray in strays:
            if stray.contract_key in self._keys:
                self._tell(
                    MismatchKind.TRADE_UNEXPLAINED,
                    stray.contract_key,
                    f"the broker took back or corrected trade {stray.canceled_trade_id} of "
                    f"{stray.contract_key} of an earlier day: match the statement of that day "
                    "again, or correct its fill and fee by hand",
                )
        self._unknown({one.exec_id for one in stated})
        self._settlements()
        others = [one for one in self._tagged.values() if one.session_date <= self._session_date]
        check = PositionCheck(
            self._account,
            session_date=self._session_date,
            orders=self._by_id,
            held_by_others=held_by_others(others, self._account_id),
            follower_id=self._follower_id,
        )
        self._found.mismatches += check.mismatches([*self._fills.values()])

    def _execution(self, stated: StatedExecution) -> None:
        trade, fill = stated.trade, self._fills.get(stated.exec_id)
        if fill is not None:
            self._correct(fill, stated)
        elif stated.exec_id in self._tagged:
            self._tagged_before(self._tagged[stated.exec_id], stated)
        elif (owner := self._attribution.owner_of(stated)) is not None:
            self._add(owner, stated)
        elif trade.contract_key in self._keys or self._attribution.may_be_ours(trade):
            self._foreign(stated)

    def _correct(self, fill: Fill, stated: StatedExecution) -> None:
        trade = stated.trade
        price = trade.price if stated.quantity else fill.price
        if (fill.contract_key, fill.side) != (trade.contract_key, trade.side):
            self._differs(fill, stated, "another contract or side")
        elif not stated.is_whole:
            self._differs(fill, stated, "no whole number")
        elif (fill.quantity, fill.price) == (int(stated.quantity), price):
            if stated.fee != fill.fee:
                self._change(replace(fill, fee=stated.fee), self._found.fee_corrections)
        elif revision_rank(stated.revision) < revision_rank(fill.revision):
            self._differs(fill, stated, f"an older version than our {fill.revision}")
        else:
            corrected = replace(
                fill,
                quantity=int(stated.quantity),
                price=price,
                fee=stated.fee,
                revision=stated.revision,
            )
            self._change(corrected, self._found.corrections)

    def _change(self, fill: Fill, changes: list[Fill]) -> None:
        changes.append(fill)
        self._fills[fill.exec_id] = fill

    def _differs(self, fill: Fill, stated: StatedExecution, why: str) -> None:
        trade = stated.trade
        self._tell(
            MismatchKind.TRADE_DIFFERS,
            fill.contract_key,
            f"execution {fill.exec_id}: the broker has {trade.side} {stated.quantity:f} "
            f"{trade.contract_key} at {trade.price:f}, we have {fill.side} {fill.quantity} "
            f"{fill.contract_key} at {fill.price:f}; it is {why}: ask the broker which holds",
        )

    def _add(self, owner: Owner, stated: StatedExecution) -> None:
        if not stated.is_whole or not owner.may_trade(stated.trade):
            trade = stated.trade
            self._tell(
                MismatchKind.TRADE_UNEXPLAINED,
                trade.contract_key,
                f"execution {stated.exec_id} ({trade.side} {stated.quantity:f} "
                f"{trade.contract_key}) points to order {owner.order_id}, which does not trade "
                "that: find out whose it is, and book or tag it",
            )
        elif stated.quantity or stated.fee:
            self._change(owner.fill_of(stated), self._found.missing)

    def _foreign(self, stated: StatedExecution) -> None:
        """Judge an execution in a contract of ours that leads to no order of ours."""
        trade = stated.trade
        if stated.is_whole and not self._attribution.may_be_ours(trade):
            if stated.quantity:
                self._tag(stated, session_date=self._session_date, perm_id=0)
            return
        self._tell(
            MismatchKind.TRADE_UNEXPLAINED,
            trade.contract_key,
            f"the broker has an execution {stated.exec_id} ({trade.side} {stated.quantity:f} "
            f"{trade.contract_key} at {trade.price:f}, reference {trade.order_ref!r}) that "
            "leads to no order of ours: find out whose it is, and book or tag it",
        )

    def _tagged_before(self, kept: ExternalTrade, stated: StatedExecution) -> None:
        """Follow a correction of another's trade; what carries our reference is no other's."""
        trade = stated.trade
        if self._attribution.owner_by_reference(trade) is not None:
            self._tell(
                MismatchKind.TRADE_UNEXPLAINED,
                trade.contract_key,
                f"execution {stated.exec_id} is tagged as another's, and the broker tells our "
                f"reference {trade.order_ref} with it: remove the tag and match again",
            )
        elif stated.is_whole:
            self._tag(stated, session_date=kept.session_date, perm_id=kept.perm_id)

    def _tag(self, stated: StatedExecution, *, session_date: str, perm_id: int) -> None:
        trade = stated.trade
        told = external_trade(
            broker_exec_id=f"{stated.exec_id}.{stated.revision}",
            account_id=self._account_id,
            session_date=session_date,
            contract_key=trade.contract_key,
            side=trade.side,
            quantity=int(stated.quantity),
            price=trade.price,
            perm_id=perm_id,
            at=trade.executed_at,
        )
        if supersedes(told, self._tagged.get(told.trade_id)):
            self._found.external.append(told)
            self._tagged[told.trade_id] = told

    def _unknown(self, stated: set[ExecId]) -> None:
        for fill in list(self._fills.values()):
            is_asked = fill.session_date == self._session_date and fill.quantity > 0
            if fill.is_combo or is_settlement(fill) or not is_asked or fill.exec_id in stated:
                continue
            self._tell(
                MismatchKind.FILL_UNKNOWN,
                fill.contract_key,
                f"our fill {fill.exec_id} ({fill.side} {fill.quantity} {fill.contract_key} at "
                f"{fill.price:f}) is not in the broker's statement: ask the broker for it",
            )

    def _settlements(self) -> None:
        check = check_settlements(
            self._account,
            [*self._fills.values()],
            held_by_others=held_by_others(self._tagged.values(), self._account_id),
            follower_id=self._follower_id,
        )
        self._found.fee_corrections += check.fee_corrections
        self._found.mismatches += check.mismatches

    def _tell(self, kind: MismatchKind, key: ContractKey, words: str) -> None:
        self._found.mismatches.append(
            Mismatch(
                kind=kind,
                account_id=self._account_id,
                follower_id=self._follower_id,
                contract_key=key,
                words=words,
            )
        )


def _contracts_of(fills: Iterable[Fill], orders: Iterable[Order]) -> set[ContractKey]:
    """Contracts that we trade in an account: what others do in any other is not our concern."""
    keys = {fill.contract_key for fill in fills if not fill.is_combo}
    for order in orders:
        spread = order.spread
        keys |= {spread.long_contract.key, spread.short_contract.key}
        keys.add(underlying_key(spread.symbol))
    return keys
