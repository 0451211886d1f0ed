"""The month's money: exported for the bank, accepted by it, and taken in once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

from shared.adapters.firestore.payment_batches import FirestorePaymentBatches
from shared.domain.sessions import session_date_at
from shared.domain.statements import StatementState
from tests.payments import report, said
from tests.sandbox.checks import Check
from tests.sandbox.month.expectation import ExpectedMonth
from tests.sandbox.month.ledger import Draw, Person
from tests.sandbox.month.readings import read_left
from tests.sandbox.month.scene import Scene


async def collect(scene: Scene, months: dict[str, ExpectedMonth]) -> AsyncIterator[Check]:
    """Export the month as direct debits, let the bank collect them, and import its answer twice."""
    drawn, month = scene.drawn, scene.drawn.month
    path = scene.stack.folder / "payments.xml"
    exported = await scene.run_job(
        *("export-payments", "--month", month, "--format", "sepa", "--out", str(path))
    )
    wanted = {one.follower_id: _due(months, one) for one in drawn.people if _can_be_debited(one)}
    wanted = {who: due for who, due in wanted.items() if due}
    batches = FirestorePaymentBatches(scene.stack.documents).book().batches
    lines = {str(one.follower_id): one.amount for batch in batches for one in batch.lines}
    faults = [] if exported.code == 0 or not wanted else [exported.said]
    if lines != wanted:
        faults.append(f"exported {lines}, and not {wanted}")
    yield Check(
        name="the export debits whoever has to pay and may be debited", faults=tuple(faults)
    )
    for batch in batches:
        today = session_date_at(scene.stack.conductor.now())
        answers = [
            said(one.statement_number, "ACSC", amount=f"{one.amount:.2f}") for one in batch.lines
        ]
        document = report(batch, *answers, created=f"{today}T03:00:00+01:00")
        file = scene.stack.folder / f"answer-{batch.batch_id}.xml"
        file.write_text(document)
        for _ in range(2):
            await scene.run_job("import-payments", "--file", str(file))
    yield Check(
        name="the bank's answer, taken in twice, pays each once", faults=_paid(scene, wanted)
    )


def _can_be_debited(person: Person) -> bool:
    return bool(person.currency == "EUR" and person.iban and person.bic and person.rate)


def _due(months: dict[str, ExpectedMonth], person: Person) -> Decimal:
    return months[person.follower_id].due or Decimal(0)


def _paid(scene: Scene, wanted: dict[str, Decimal]) -> tuple[str, ...]:
    drawn: Draw = scene.drawn
    statements = read_left(drawn, scene.stack).statements
    paid = {who for who, one in statements.items() if one.state is StatementState.PAID}
    return tuple(
        f"{who} is {'paid' if who in paid else 'not paid'}" for who in sorted(paid ^ set(wanted))
    )
