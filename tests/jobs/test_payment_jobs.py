"""The payment jobs: what reaches standard output, the file, and the person on standard error."""

from __future__ import annotations

import argparse
import json
import stat
from pathlib import Path

import pytest

from jobs import cancel_payment_batch
from jobs.__main__ import main
from shared.domain.statements import StatementState
from tests.payments import IBAN, PaymentDesk, a_desk, a_statement, number, report, said


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> PaymentDesk:
    """Two followers who may be debited and one who may not; the jobs' services are this desk's."""
    desk = a_desk(2)
    desk.put_statement(a_statement(3))
    for job in ("export_payments", "mark_paid", "import_payments", "cancel_payment_batch"):
        monkeypatch.setattr(f"jobs.{job}.Services", lambda *_groups: desk)
    return desk


def test_a_table_on_standard_output_is_nothing_but_the_table(
    desk: PaymentDesk, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["export-payments", "--month", "2026-11", "--out", "-"]) == 0
    shown = capfdbinary.readouterr()
    assert shown.out.startswith(b"\xef\xbb\xbfstatement_number,")
    assert shown.out.count(b"\r\n") == 4
    assert b"3 payments exported, 0 left out" in shown.err
    assert desk.payment_batches.book().batches == ()


def test_direct_debits_go_to_a_file_that_only_its_owner_reads(
    desk: PaymentDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "debits.xml"
    arguments = ["export-payments", "--month", "2026-11", "--format", "sepa", "--out"]
    assert main([*arguments, str(out)]) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    shown = capsys.readouterr()
    (event,) = map(json.loads, shown.out.splitlines())
    assert (event["event"], event["payments"], event["left_out"]) == ("payments_exported", 2, 1)
    assert f"left out: {number(3)} of f-0003, 163.18 EUR: NO_IBAN: has no IBAN" in shown.err
    assert "326.36 EUR, to be collected on 2026-12-08" in shown.err
    assert IBAN not in shown.out + shown.err

    # The same file is not written over, and the same export gives the same bytes.
    assert main([*arguments, str(out)]) == 2
    assert main([*arguments, str(tmp_path / "again.xml")]) == 0
    assert (tmp_path / "again.xml").read_bytes() == out.read_bytes()
    assert "the same file as before" in capsys.readouterr().err


def test_the_file_of_a_batch_is_written_again_on_its_own(
    desk: PaymentDesk, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    exported = desk.export()
    assert exported.batch is not None
    arguments = ["export-payments", "--batch", exported.batch.batch_id, "--out", "-"]
    assert main(arguments) == 2  # a table of a batch there is not
    capfdbinary.readouterr()
    assert main([*arguments, "--format", "sepa"]) == 0
    assert capfdbinary.readouterr().out == exported.data


def test_the_banks_answer_is_answered_line_by_line(
    desk: PaymentDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = desk.batch()
    desk.clock.set(desk.clock.now().replace(day=10))
    answer = tmp_path / "answer.xml"
    answer.write_text(
        report(batch, said(number(1), "ACSC"), said(number(2), "RJCT", code="MD01")), "utf-8"
    )
    assert main(["import-payments", "--file", str(answer)]) == 0
    shown = capsys.readouterr()
    assert f"{number(1)}: marked" in shown.err
    assert f"{number(2)}: rejected_by_bank: MD01: no valid mandate" in shown.err
    assert (json.loads(shown.out)["marked"], desk.state(1)) == (1, StatementState.PAID)

    answer.write_text(report(batch, said(number(2), "ACSC")), "utf-8")
    assert main(["import-payments", "--file", str(answer)]) == 2
    assert "refused: " in capsys.readouterr().err
    assert main(["import-payments", "--file", str(tmp_path / "none")]) == 2


def test_a_person_marks_a_statement(desk: PaymentDesk, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["mark-paid", "--month", "2026-11", "--follower", "f-0001", "--reference", "B-77"]
    arguments += ["--by", "Ada", "--date"]
    assert main([*arguments, "2026-13-01"]) == 2
    assert main([*arguments, "2026-12-03"]) == 0
    event = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (event["event"], event["number"]) == ("statement_paid", number(1))
    assert desk.state(1) is StatementState.PAID


def test_a_batch_is_let_go_by_a_person_with_a_reason(
    desk: PaymentDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    cancel_payment_batch.arguments(parser)
    batch = desk.batch()
    told = ["--batch", batch.batch_id, "--by", "Ada", "--reason", "wrong account"]
    cancel_payment_batch.run(parser.parse_args(told))
    event = json.loads(capsys.readouterr().out)
    assert (event["event"], event["canceled_by"]) == ("payment_batch_canceled", "Ada")
    assert desk.batch().batch_id != batch.batch_id
