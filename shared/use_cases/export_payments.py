"""Export what statements ask for: as a table, or as direct debits for the bank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Protocol

from shared.domain.creditor import CreditorSettings, faults_of_creditor
from shared.domain.errors import InvalidInput
from shared.domain.months import Month
from shared.domain.payees import masked_iban
from shared.domain.payment_batches import (
    BatchId,
    PaymentBatch,
    batch_id_of,
    is_untouched,
    lines_of,
    undecided,
)
from shared.domain.payments import (
    Debit,
    LeftOut,
    NotDebited,
    Payment,
    debit_of,
    is_bic_of_iban,
    payable,
)
from shared.domain.payments_csv import payments_csv
from shared.domain.target_days import frankfurt_date, target_day_from
from shared.ports.bank_details import BankDetails
from shared.ports.billing import Billing
from shared.ports.clock import Clock
from shared.ports.direct_debit import DirectDebitFile
from shared.ports.payees import Payees
from shared.ports.payment_batches import BatchBook, PaymentBatches
from shared.ports.statements import Statements


class _ExportSource(Protocol):
    """Whatever carries the adapters that exporting needs, under these names."""

    @property
    def clock(self) -> Clock: ...

    @property
    def statements(self) -> Statements: ...

    @property
    def payees(self) -> Payees: ...

    @property
    def billing(self) -> Billing: ...

    @property
    def bank_details(self) -> BankDetails: ...

    @property
    def payment_batches(self) -> PaymentBatches: ...

    @property
    def direct_debits(self) -> DirectDebitFile: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportPorts:
    """What exporting reads and writes."""

    clock: Clock
    statements: Statements
    payees: Payees
    billing: Billing
    bank_details: BankDetails
    batches: PaymentBatches
    direct_debits: DirectDebitFile

    @classmethod
    def of(cls, source: _ExportSource) -> ExportPorts:
        """Take the ports from whatever carries them."""
        return cls(
            clock=source.clock,
            statements=source.statements,
            payees=source.payees,
            billing=source.billing,
            bank_details=source.bank_details,
            batches=source.payment_batches,
            direct_debits=source.direct_debits,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was exported.

    Attributes:
        data: The file; empty where there is nothing to collect.
        payments: How many payments are in it.
        batch: The batch, where they are direct debits.
        is_new: True where this call made the batch.
        left_out: Who is not in it, in order of the numbers.
    """

    data: bytes
    payments: int
    batch: PaymentBatch | None = None
    is_new: bool = False
    left_out: tuple[LeftOut, ...] = ()


def export_table(ports: ExportPorts, month: Month) -> Exported:
    """Write a month's payable statements as CSV; the columns stand in `payments_csv`.

    A table is for reading: it makes no batch, and holds what is in one too.

    Raises:
        AdapterError: The database failed.
    """
    payments = _payments(ports, (month,), ports.billing.creditor())
    payees = {one.follower_id: one for one in ports.payees.all()}
    return Exported(data=payments_csv(payments, payees), payments=len(payments))


def export_debits(ports: ExportPorts, month: Month) -> Exported:
    """Make a batch of a month's payable statements, and its file.

    - What is on its way in an open batch is left out; a new batch holds the others.
    - The same payable set gives the same batch and, byte for byte, the same file, until the bank
      has said something of it or it was canceled.
    - The collection is on the first TARGET day at least `notice_days` ahead.

    Raises:
        InvalidInput: `settings/billing` is not complete.
        Conflict: Another batch was made meanwhile; export again.
        AdapterError: The database failed, or the file would not be valid.
    """
    creditor = _checked_creditor(ports)
    book = ports.batches.book()
    debits, left_out = _sorted_out(ports, _payments(ports, (month,), creditor))
    underway = undecided(book.batches)
    fresh = [one for one in debits if one.payment.statement_number not in underway]
    chosen = fresh or debits
    batch_id, batch = _place(chosen, creditor, book)
    if batch is None and fresh:
        batch = _new_batch(ports, batch_id, fresh, creditor, book)
        # The file first: what cannot be written must not be on its way.
        data = ports.direct_debits.render(batch, fresh, creditor)
        ports.batches.open(batch, seen=book.made)
    elif batch is not None:
        data = ports.direct_debits.render(batch, chosen, creditor)
    else:
        data = b""
    in_others = [
        _in_batch(one.payment, underway[one.payment.statement_number])
        for one in debits
        if one.payment.statement_number in underway
        and underway[one.payment.statement_number] != (batch and batch.batch_id)
    ]
    return Exported(
        data=data,
        payments=len(batch.lines) if batch else 0,
        batch=batch,
        is_new=bool(fresh),
        left_out=_by_number([*left_out, *in_others]),
    )


def export_batch_again(ports: ExportPorts, batch_id: BatchId) -> Exported:
    """Write the file of an open batch once more, byte for byte.

    Raises:
        InvalidInput: There is no such batch, the bank has answered it, it was canceled, or bank
            details have changed since: then cancel it and export the month again.
        AdapterError: The database failed.
    """
    creditor = _checked_creditor(ports)
    book = ports.batches.book()
    batch = next((one for one in book.batches if one.batch_id == batch_id), None)
    if batch is None or not is_untouched(batch):
        raise InvalidInput("batch", f"{batch_id} is no open batch that the bank has not answered")
    numbers = {line.statement_number for line in batch.lines}
    months = sorted({line.month for line in batch.lines})
    payments = _payments(ports, months, creditor)
    debits, _ = _sorted_out(ports, [one for one in payments if one.statement_number in numbers])
    if _place(debits, creditor, book)[0] != batch_id:
        raise InvalidInput(
            "batch", f"{batch_id}: bank details have changed since; cancel it and export again"
        )
    data = ports.direct_debits.render(batch, debits, creditor)
    return Exported(data=data, payments=len(debits), batch=batch)


def _payments(
    ports: ExportPorts, months: Iterable[Month], creditor: CreditorSettings
) -> tuple[Payment, ...]:
    statements = [one for month in months for one in ports.statements.of_month(month)]
    return payable(statements, payment_days=creditor.payment_days)


def _checked_creditor(ports: ExportPorts) -> CreditorSettings:
    creditor = ports.billing.creditor()
    facts = ports.bank_details.facts(iban=creditor.iban, bic=creditor.bic, holder=creditor.name)
    faults = [*faults_of_creditor(creditor)]
    if not facts.iban:
        faults.append(f"iban {masked_iban(creditor.iban)} is wrong: {facts.iban_fault}")
    elif not facts.is_sepa:
        faults.append("iban is outside of SEPA")
    if not facts.bic:
        faults.append("bic is no BIC; it has 8 or 11 characters")
    elif facts.iban and not is_bic_of_iban(facts.bic_country, facts.iban_country):
        faults.append("bic and iban are of different countries")
    if faults:
        raise InvalidInput("settings/billing", "; ".join(faults))
    creditor_id = "".join(creditor.creditor_id.split()).upper()
    return replace(
        creditor, name=facts.holder, iban=facts.iban, bic=facts.bic, creditor_id=creditor_id
    )


def _sorted_out(
    ports: ExportPorts, payments: Iterable[Payment]
) -> tuple[list[Debit], list[LeftOut]]:
    payees = {one.follower_id: one for one in ports.payees.all()}
    owners = Counter(one.mandate.mandate_id for one in payees.values() if one.mandate)
    today = frankfurt_date(ports.clock.now()).isoformat()
    debits: list[Debit] = []
    left_out: list[LeftOut] = []
    for payment in payments:
        payee = payees.get(payment.follower_id)
        mandate = None if payee is None else payee.mandate
        facts = ports.bank_details.facts(
            iban="" if payee is None else payee.iban,
            bic="" if mandate is None else mandate.bic,
            holder="" if mandate is None else mandate.holder,
        )
        outcome = debit_of(payment, payee, facts, today)
        if isinstance(outcome, LeftOut):
            left_out.append(outcome)
        elif owners[outcome.mandate_id] > 1:
            left_out.append(_shared(payment))
        else:
            debits.append(outcome)
    return debits, left_out


def _place(
    debits: Sequence[Debit], creditor: CreditorSettings, book: BatchBook
) -> tuple[BatchId, PaymentBatch | None]:
    """Find the batch of these debits that still counts, or the id of the one to be made."""
    known = {one.batch_id: one for one in book.batches}
    for attempt in count():
        batch_id = batch_id_of(debits, creditor, attempt=attempt)
        batch = known.get(batch_id)
        if batch is None or is_untouched(batch):
            return batch_id, batch
    raise AssertionError  # count() has no end


def _new_batch(
    ports: ExportPorts,
    batch_id: BatchId,
    debits: Sequence[Debit],
    creditor: CreditorSettings,
    book: BatchBook,
) -> PaymentBatch:
    now = ports.clock.now()
    earliest = frankfurt_date(now) + timedelta(days=creditor.notice_days)
    return PaymentBatch(
        batch_id=batch_id,
        made_at=now,
        collection_date=target_day_from(earliest).isoformat(),
        lines=lines_of(debits, book.batches),
    )


def _in_batch(payment: Payment, batch_id: BatchId) -> LeftOut:
    return LeftOut(
        payment=payment,
        reason=NotDebited.IN_BATCH,
        words=f"is on its way in batch {batch_id}; import the bank's answer, or cancel the batch",
    )


def _shared(payment: Payment) -> LeftOut:
    return LeftOut(
        payment=payment,
        reason=NotDebited.MANDATE_SHARED,
        words="mandate_id stands at another follower too; each mandate is one follower's",
    )


def _by_number(left_out: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    return tuple(sorted(left_out, key=lambda one: one.payment.statement_number))
