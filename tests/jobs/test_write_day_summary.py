"""`python -m jobs` as deployed: a process of its own, against emulators and stand-ins."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from jobs.__main__ import main
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.reports import FirestoreReports
from shared.domain.reports import daily_report_id
from tests.booked_day import put_recipients, put_the_day
from tests.builders import SESSION_DATE
from tests.functions.outside import Outside
from tests.summaries import days

_ROOT = Path(__file__).parents[2]


def run_job(world: Outside, *arguments: str) -> tuple[int, list[dict[str, object]]]:
    """Run a job to its end; its exit code and the events it logged."""

    async def run() -> tuple[int, bytes]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "jobs",
            *arguments,
            cwd=_ROOT,
            env={"PATH": os.environ["PATH"], **world.environment},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output

    code, output = asyncio.run(run())
    return code, [json.loads(line) for line in output.splitlines()]


def test_the_job_writes_the_files_switches_the_report_and_mails_once(world: Outside) -> None:
    put_the_day(world.documents)
    FirestoreDailyPnl(world.documents).write(days())
    put_recipients(world.documents, emails=("ada@spreadpilot.example",))
    arguments = ("write-day-summary", "--date", SESSION_DATE)

    code, events = run_job(world, *arguments)
    assert (code, events[-1]["event"], events[-1]["mailed"]) == (0, "day_summary_written", 1)
    report = FirestoreReports(world.documents).get(daily_report_id(SESSION_DATE))
    assert report is not None
    assert [file.name.rpartition("/")[2] for file in report.files] == [
        "summary.pdf",
        "summary.xlsx",
    ]
    (mail,) = world.messages("sendgrid")
    assert "https://app.spreadpilot.example/r#" in json.dumps(mail)

    # Once more, with another admin whose mail is refused: nobody else is mailed again.
    world.tell("sendgrid", "POST", "failures", {"status": 403})
    put_recipients(world.documents, emails=("ada@spreadpilot.example", "bob@spreadpilot.example"))
    code, events = run_job(world, *arguments)
    assert (code, events[-1]["event"]) == (1, "job_failed")
    assert len(world.messages("sendgrid")) == 1
    (alert,) = world.published("alerts", 1)
    assert (alert["alert_type"], alert["subject"]) == ("REPORT_FAILED", "daily-2026-11-27")


def test_a_wrong_verb_names_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["dance"])
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert "roll-up" in shown
    assert "write-day-summary" in shown


def test_a_wrong_option_names_those_of_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["write-day-summary", "--when", "now"])
    assert ended.value.code == 2
    assert "[--date DATE]" in capsys.readouterr().err


def test_an_impossible_date_is_refused_before_anything_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["write-day-summary", "--date", "2026-11-31"]) == 2
    assert "--date" in capsys.readouterr().out


def test_missing_settings_are_all_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ENVIRONMENT", "REPORTS_BUCKET", "MAIL_FROM"):
        monkeypatch.delenv(name, raising=False)
    assert main(["write-day-summary", "--date", "2026-11-27"]) == 2
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("ENVIRONMENT", "REPORTS_BUCKET", "MAIL_FROM"))
