"""Import the bank's answer: mark what is paid, and note what it has rejected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.domain.bank_lines import BankLine, Verdict, amount_fault, spread_over
from shared.domain.errors import Conflict, InvalidInput
from shared.domain.money import ZERO
from shared.domain.payment_batches import BatchId, BatchState, LineState, PaymentBatch, decided
from shared.domain.payments import is_statement_number
from shared.domain.statements import Statement, StatementState
from shared.ports.bank_answers import BankAnswers
from shared.ports.clock import Clock
from shared.ports.payment_batches import PaymentBatches
from shared.ports.statement_numbers import StatementNumbers
from shared.ports.statements import Statements
from shared.use_cases.settle_payment import (
    SettlePorts,
    check_date,
    check_not_underway,
    check_payable,
    settle,
)

_BANK = "bank"


class _ImportSource(Protocol):
    """Whatever carries the adapters that importing needs, under these names."""

    @property
    def clock(self) -> Clock: ...

    @property
    def statements(self) -> Statements: ...

    @property
    def statement_numbers(self) -> StatementNumbers: ...

    @property
    def payment_batches(self) -> PaymentBatches: ...

    @property
    def bank_answers(self) -> BankAnswers: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportPorts:
    """What importing reads and writes."""

    settling: SettlePorts
    numbers: StatementNumbers
    answers: BankAnswers

    @classmethod
    def of(cls, source: _ImportSource) -> ImportPorts:
        """Take the ports from whatever carries them."""
        return cls(
            settling=SettlePorts.of(source),
            numbers=source.statement_numbers,
            answers=source.bank_answers,
        )


class Outcome(StrEnum):
    """What a line came to."""

    MARKED = "marked"
    ALREADY = "already_marked"
    REJECTED = "rejected_by_bank"
    PENDING = "pending"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedLine:
    """The answer to one line.

    Attributes:
        where: Its place in the file.
        reference: The statement's number it names; empty where it names something else, which
            may be an IBAN and is not repeated.
        outcome: What it came to.
        words: Why, where it was not marked.
    """

    where: str
    reference: str
    outcome: Outcome
    words: str = ""


def import_payments(ports: ImportPorts, document: bytes) -> tuple[ImportedLine, ...]:
    """Take in a file of the bank; the same file again changes nothing.

    - The whole file is read before anything is written.
    - A line marks a statement only where its reference is ours and its amount is what is due, to
      the cent; partial payments and over-payments are refused.
    - A rejected direct debit frees its statement for the next batch.
    - Every line is answered; each is one conditional write by itself.

    Raises:
        InvalidInput: The file cannot be read; nothing is written.
        AdapterError: The database failed; importing again goes on where it stopped.
    """
    lines = ports.answers.read(document)
    answered: list[ImportedLine] = []
    for line in _spread(ports, lines):
        try:
            answered.append(_take(ports, line))
        except (InvalidInput, Conflict) as error:
            words = error.message if isinstance(error, InvalidInput) else str(error)
            answered.append(_answer(line, Outcome.REFUSED, words))
    return tuple(answered)


def _spread(ports: ImportPorts, lines: Iterable[BankLine]) -> tuple[BankLine, ...]:
    """Give each statement of an answered batch its own line; transfers stay as they are."""
    of_batch: dict[str, list[BankLine]] = {}
    spread: list[BankLine] = []
    for line in lines:
        if line.batch_id:
            of_batch.setdefault(line.batch_id, []).append(line)
        else:
            spread.append(line)
    for batch_id, said in of_batch.items():
        batch = ports.settling.batches.get(BatchId(batch_id))
        spread += said if batch is None else spread_over(said, batch)
    return tuple(spread)


def _take(ports: ImportPorts, line: BankLine) -> ImportedLine:
    # Read anew for every line: the line before may have changed it.
    batch = _batch(ports, line)
    statement = ports.numbers.numbered(line.reference)
    if statement is None:
        raise InvalidInput("reference", "no statement of ours has this number")
    match line.verdict:
        case Verdict.PENDING:
            return _answer(line, Outcome.PENDING, f"no money yet: {line.reason}")
        case Verdict.REJECTED:
            return _reject(ports, line, batch)
        case Verdict.PAID:
            return _mark(ports, line, statement, batch)


def _batch(ports: ImportPorts, line: BankLine) -> PaymentBatch | None:
    if not line.batch_id:
        return None
    batch = ports.settling.batches.get(BatchId(line.batch_id))
    if batch is None:
        raise InvalidInput("batch", "no batch of ours has this id")
    if batch.line(line.reference) is None:
        raise InvalidInput("reference", f"is in no line of batch {batch.batch_id}")
    return batch


def _mark(
    ports: ImportPorts, line: BankLine, statement: Statement, batch: PaymentBatch | None
) -> ImportedLine:
    reference = line.batch_id or line.bank_reference
    is_known = statement.state is StatementState.PAID and statement.payment_reference == reference
    if not is_known:
        check_payable(statement)
    if fault := amount_fault(line, statement.due or ZERO, statement.currency):
        raise InvalidInput("amount", fault)
    if is_known:
        settle(ports.settling, statement, batch, on=line.on, reference=reference, by=_BANK)
        return _answer(line, Outcome.ALREADY)
    check_date(line.on, statement, ports.settling.clock.now(), field="date")
    if batch is None:
        check_not_underway(statement, ports.settling.batches.book().batches)
    else:
        _check_collectable(batch, line)
    settle(ports.settling, statement, batch, on=line.on, reference=reference, by=_BANK)
    return _answer(line, Outcome.MARKED)


def _check_collectable(batch: PaymentBatch, line: BankLine) -> None:
    found = batch.line(line.reference)
    if batch.state is BatchState.CANCELED:
        raise InvalidInput(
            "batch",
            f"{batch.batch_id} was canceled, and the bank collected all the same; see whether the"
            " statement is in a later batch, then mark it by hand",
        )
    if found is not None and found.state is LineState.REJECTED:
        raise InvalidInput(
            "reference",
            f"{line.reference} was rejected before ({found.reason}); ask the bank which holds",
        )


def _reject(ports: ImportPorts, line: BankLine, batch: PaymentBatch | None) -> ImportedLine:
    found = None if batch is None else batch.line(line.reference)
    if batch is None or found is None:
        raise InvalidInput("batch", "is missing; only direct debits are rejected")
    if found.state is LineState.COLLECTED:
        raise InvalidInput(
            "reference",
            f"{line.reference} was collected, and the bank gives it back ({line.reason}); the"
            " statement stays paid: settle it with the follower",
        )
    if found.state is LineState.UNDECIDED:
        after = decided(batch, line.reference, LineState.REJECTED, reason=line.reason)
        ports.settling.batches.replace(after, before=batch)
    return _answer(line, Outcome.REJECTED, line.reason)


def _answer(line: BankLine, outcome: Outcome, words: str = "") -> ImportedLine:
    reference = line.reference if is_statement_number(line.reference) else ""
    return ImportedLine(where=line.where, reference=reference, outcome=outcome, words=words)
