"""Builders of payments: statements that ask for money, payees, and a desk in memory to settle them.

All IBANs, BICs and the creditor id are the examples that registries publish.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from shared.adapters.bank_answers import BankFiles
from shared.adapters.bank_details import RegisteredBankDetails
from shared.adapters.firestore.billing import FirestoreBilling
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.payees import FirestorePayees
from shared.adapters.firestore.payment_batches import FirestorePaymentBatches
from shared.adapters.firestore.statement_numbers import FirestoreStatementNumbers
from shared.adapters.firestore.statements import FirestoreStatements
from shared.adapters.sepa import SepaDirectDebits
from shared.domain.creditor import CreditorSettings
from shared.domain.followers import FollowerId
from shared.domain.months import Month
from shared.domain.payees import Mandate, Payee
from shared.domain.payment_batches import PaymentBatch
from shared.domain.statements import Statement, StatementNumber, StatementState
from shared.domain.terms import BillingCurrency
from shared.ports.documents import Replace
from shared.use_cases.export_payments import Exported, ExportPorts, export_debits
from shared.use_cases.import_payments import ImportedLine, ImportPorts, import_payments
from shared.use_cases.mark_paid import mark_paid
from shared.use_cases.settle_payment import SettlePorts
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments

NOVEMBER = Month("2026-11")
ISSUED_AT = datetime(2026, 12, 2, 5, 10, tzinfo=UTC)
"""00:10 in New York on Wednesday 2026-12-02."""
EXPORTED_AT = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
ANSWERED_AT = datetime(2026, 12, 10, 18, 0, tzinfo=UTC)
IBAN, BIC = "DE89370400440532013000", "COBADEFFXXX"
DUTCH_IBAN, DUTCH_BIC = "NL91ABNA0417164300", "ABNANL2A"
CREDITOR = CreditorSettings(
    name="SpreadPilot GmbH", iban=IBAN, bic=BIC, creditor_id="DE98ZZZ09999999999"
)


def a_statement(
    count: int = 1,
    due: str = "163.18",
    *,
    month: Month = NOVEMBER,
    currency: BillingCurrency = BillingCurrency.EUR,
    state: StatementState = StatementState.SENT,
    name: str = "Anna Berg",
) -> Statement:
    return Statement(
        month=month,
        follower_id=FollowerId(f"f-{count:04d}"),
        name=name,
        state=state,
        as_of=ISSUED_AT,
        currency=currency,
        commission_billed=Decimal(due),
        due=Decimal(due),
        number=f"SP-2026-{int(month[-2:]) * 1000 + count:06d}",
        issued_at=ISSUED_AT,
    )


def a_payee(count: int = 1, *, iban: str = IBAN, mandate: Mandate | None = None) -> Payee:
    return Payee(
        follower_id=FollowerId(f"f-{count:04d}"),
        email=f"f{count}@followers.example",
        iban=iban,
        mandate=mandate or a_mandate(count),
    )


def a_mandate(
    count: int = 1,
    *,
    mandate_id: str | None = None,
    signed_on: str = "2026-01-15",
    holder: str = "Anna Berg",
    bic: str = BIC,
) -> Mandate:
    return Mandate(
        mandate_id=f"SPM-{count:04d}" if mandate_id is None else mandate_id,
        signed_on=signed_on,
        holder=holder,
        bic=bic,
    )


class PaymentDesk:
    """Everything that payments need, over documents in memory and real adapters otherwise."""

    def __init__(
        self, *statements: Statement, creditor: CreditorSettings | None = CREDITOR
    ) -> None:
        self.documents = InMemoryDocuments()
        self.clock = ManualClock(EXPORTED_AT)
        self.statements = FirestoreStatements(self.documents)
        self.statement_numbers = FirestoreStatementNumbers(self.documents)
        self.payees = FirestorePayees(self.documents)
        self.billing = FirestoreBilling(self.documents)
        self.payment_batches = FirestorePaymentBatches(self.documents)
        self.bank_details = RegisteredBankDetails()
        self.direct_debits = SepaDirectDebits()
        self.bank_answers = BankFiles()
        if creditor is not None:
            self.put("settings/billing", encode(creditor))
        for statement in statements:
            self.put_statement(statement)

    def put(self, path: str, data: dict[str, object]) -> None:
        self.documents.commit([Replace(path=path, data=data)])

    def put_statement(self, statement: Statement) -> None:
        self.put(f"commission_monthly/{statement.statement_id}", encode(statement))

    def put_payees(self, *payees: Payee) -> None:
        for payee in payees:
            self.put(f"followers_private/{payee.follower_id}", encode(payee))

    def export(self, month: Month = NOVEMBER) -> Exported:
        return export_debits(ExportPorts.of(self), month)

    def batch(self, month: Month = NOVEMBER) -> PaymentBatch:
        exported = self.export(month).batch
        assert exported is not None
        return exported

    def bank_says(self, document: str | bytes) -> tuple[ImportedLine, ...]:
        """Import a file on the evening of its day at the latest."""
        self.clock.set(max(self.clock.now(), ANSWERED_AT))
        given = document.encode() if isinstance(document, str) else document
        return import_payments(ImportPorts.of(self), given)

    def mark(
        self, *, reference: str = "B-77", on: str = "2026-12-03", by: str = "Ada"
    ) -> Statement:
        return mark_paid(
            SettlePorts.of(self),
            month=NOVEMBER,
            follower_id=FollowerId("f-0001"),
            reference=reference,
            on=on,
            by=by,
        )

    def state(self, count: int = 1) -> StatementState:
        return self.statement(count).state

    def statement(self, count: int = 1) -> Statement:
        found = self.statements.get(NOVEMBER, FollowerId(f"f-{count:04d}"))
        assert found is not None
        return found


def a_desk(followers: int = 1) -> PaymentDesk:
    """A desk at which that many followers owe 163.18 EUR each, and may be debited."""
    desk = PaymentDesk(*(a_statement(count + 1) for count in range(followers)))
    desk.put_payees(*(a_payee(count + 1) for count in range(followers)))
    return desk


def number(count: int = 1) -> StatementNumber:
    return StatementNumber(a_statement(count).number)


def report(
    batch: PaymentBatch,
    *payments: str,
    group: str = "",
    parts: dict[str, str] | None = None,
    version: str = "001.10",
    created: str = "2026-12-10T07:00:00+01:00",
) -> str:
    """A status report of the bank; `payments` are made with `said`."""
    part_ids = parts or ({"FRST": ""} if payments else {})
    inner = "".join(
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{batch.batch_id}-{name}</OrgnlPmtInfId>"
        + (f"<PmtInfSts>{status}</PmtInfSts>" if status else "")
        + ("".join(payments) if place == 0 else "")
        + "</OrgnlPmtInfAndSts>"
        for place, (name, status) in enumerate(part_ids.items())
    )
    group_status = f"<GrpSts>{group}</GrpSts>" if group else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.{version}"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>BANK-1</MsgId><CreDtTm>{created}</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{batch.batch_id}</OrgnlMsgId>"
        f"<OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>{group_status}</OrgnlGrpInfAndSts>"
        f"{inner}</CstmrPmtStsRpt></Document>"
    )


def said(reference: str, status: str, *, amount: str = "", code: str = "") -> str:
    """What a report says of one payment."""
    reason = f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" if code else ""
    original = (
        f'<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt></OrgnlTxRef>'
        if amount
        else ""
    )
    return (
        f"<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        f"{reason}{original}</TxInfAndSts>"
    )


def credited(*lines: str) -> str:
    """A CSV of what was credited."""
    return "\r\n".join(("reference,amount,currency,date,bank_reference,batch", *lines, ""))


def with_mandate(payee: Payee, mandate: Mandate | None) -> Payee:
    return replace(payee, mandate=mandate)
