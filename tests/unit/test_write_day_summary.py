import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.firestore.alerts import FirestoreAlertLog
from shared.adapters.firestore.codec import decode, encode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.followers import FirestoreFollowers
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.outbox import FirestoreOutbox
from shared.adapters.firestore.reports import FirestoreReports
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.settings_book import FirestoreSettings
from shared.adapters.mail_texts import JinjaMailTexts
from shared.adapters.session_table import session_table
from shared.domain.day_summary import DaySummary
from shared.domain.errors import AdapterError
from shared.domain.outbox import MailKind, OutboxRow, OutboxState
from shared.domain.report_link import LinkRefusal
from shared.domain.reports import Report
from shared.ports.documents import Query
from shared.use_cases.make_links import LinkTerms
from shared.use_cases.open_report import open_report
from shared.use_cases.send_mail import MailPorts
from shared.use_cases.write_day_summary import (
    SummaryPorts,
    SummaryWritten,
    write_day_summary,
)
from tests.booked_day import ROLLED_UP_AT, put, put_recipients, put_the_day
from tests.builders import SESSION_DATE
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments
from tests.fakes.files import InMemoryFiles
from tests.fakes.mail import RecordingMailer
from tests.summaries import days, record

KEY = "a key of at least thirty-two bytes"
MACHINE_NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


class TextRenderer:
    """Renders the hash and a release's name: what a file holds is for other tests."""

    def __init__(self, extension: str, content_type: str, release: str = "1") -> None:
        self.extension = extension
        self.content_type = content_type
        self.release = release
        self.rendered = 0

    def render(self, summary: DaySummary, *, figures_sha256: str) -> bytes:
        self.rendered += 1
        return f"{self.extension} {self.release} {figures_sha256}".encode()


class Desk:
    """The booked and rolled-up day over documents and files in memory."""

    def __init__(self, *, emails: tuple[str, ...] = ("ada@example.com", "bob@example.com")) -> None:
        self.documents = InMemoryDocuments()
        self.files = InMemoryFiles()
        self.mailer = RecordingMailer()
        self.machine_now = MACHINE_NOW
        self.renderers = (TextRenderer("pdf", "application/pdf"), TextRenderer("xlsx", "x/excel"))
        put_the_day(self.documents)
        put(self.documents, [(f"sessions/{SESSION_DATE}", encode(record()))])
        FirestoreDailyPnl(self.documents).write(days())
        put_recipients(self.documents, emails=emails)

    def write(self, session_date: str = SESSION_DATE) -> SummaryWritten:
        return write_day_summary(
            SummaryPorts(
                table=session_table(),
                sessions=FirestoreSessions(self.documents),
                daily_pnl=FirestoreDailyPnl(self.documents),
                orders=FirestorePlannedOrders(self.documents),
                followers=FirestoreFollowers(self.documents),
                alerts=FirestoreAlertLog(self.documents),
                settings=FirestoreSettings(self.documents),
                renderers=self.renderers,
                files=self.files,
                reports=FirestoreReports(self.documents),
                mail_texts=JinjaMailTexts(),
                mail=MailPorts(
                    clock=ManualClock(ROLLED_UP_AT + timedelta(minutes=1)),
                    outbox=FirestoreOutbox(self.documents),
                    mailer=self.mailer,
                    sleep=lambda _seconds: None,
                    monotonic=lambda: 0.0,
                ),
                links=LinkTerms(
                    key=KEY,
                    base_url="https://app.example.com/r",
                    hours=24,
                    machine_now=lambda: self.machine_now,
                ),
            ),
            session_date=session_date,
        )

    def written(self) -> Report:
        report = self.write().report
        assert report is not None
        return report

    def open(self, token: str, *, hours: float = 0) -> str | LinkRefusal:
        return open_report(
            token=token,
            key=KEY,
            machine_now=MACHINE_NOW + timedelta(hours=hours),
            reports=FirestoreReports(self.documents),
            files=self.files,
        )

    def tokens(self) -> list[str]:
        return re.findall(r"https://app\.example\.com/r#(\S+)", self.mailer.sent[-1].text)

    def change_a_figure(self) -> None:
        later = ROLLED_UP_AT + timedelta(hours=1)
        FirestoreDailyPnl(self.documents).write([replace(days()[0], trades=5, rolled_up_at=later)])

    def outbox(self, addresses: list[str]) -> list[OutboxRow]:
        found = self.documents.find(Query(collection="emails"))
        rows = {row.to: row for row in (decode(OutboxRow, one.data) for one in found)}
        return [rows[address] for address in addresses]


def test_files_lie_under_the_hash_of_their_figures() -> None:
    desk = Desk()
    report = desk.written()
    folder = f"daily/2026-11-27/{report.figures_sha256[:16]}"
    assert [file.name for file in report.files] == [
        f"{folder}/summary.pdf",
        f"{folder}/summary.xlsx",
    ]
    for file in report.files:
        assert file.sha256 == hashlib.sha256(desk.files.get(file.name)).hexdigest()


def test_one_document_makes_the_files_the_report() -> None:
    desk = Desk()
    report = desk.written()
    assert FirestoreReports(desk.documents).get(report.report_id) == report
    assert (report.report_id, report.as_of) == ("daily-2026-11-27", ROLLED_UP_AT)


def test_every_admin_gets_one_mail_with_the_figures_and_the_links() -> None:
    desk = Desk()
    assert desk.write().mailed == 2
    mail = desk.mailer.sent[0]
    assert mail.subject == "SpreadPilot 2026-11-27: +$986.20 (provisional)"
    for said in ("+$884.00", "$33.80", "$170.56", "3 of 4", "Friday, November 27, 2026"):
        assert said in mail.text
        assert said in mail.html
    assert len(desk.tokens()) == 2
    assert all(f"/r#{token}" in mail.html for token in desk.tokens())


def test_a_link_opens_its_file() -> None:
    desk = Desk()
    report = desk.written()
    opened = [desk.open(token) for token in desk.tokens()]
    assert opened == [f"https://files.test/{file.name}?signed" for file in report.files]
    assert {lifetime for _, lifetime in desk.files.signed} == {15 * 60}


def test_a_link_ends_after_its_hours() -> None:
    desk = Desk()
    desk.write()
    token = desk.tokens()[0]
    assert isinstance(desk.open(token, hours=23.99), str)
    assert desk.open(token, hours=24) is LinkRefusal.EXPIRED


def test_a_link_is_revoked_by_another_nonce() -> None:
    desk = Desk()
    report = desk.written()
    FirestoreReports(desk.documents).switch_to(replace(report, link_nonce="withdrawn"))
    assert desk.open(desk.tokens()[0]) is LinkRefusal.REVOKED


def test_a_link_that_was_tampered_with_signs_nothing() -> None:
    desk = Desk()
    desk.write()
    assert desk.open(desk.tokens()[0][:-1] + "!") is LinkRefusal.ALTERED
    assert desk.files.signed == []


def test_a_repeat_writes_nothing_and_mails_nobody() -> None:
    desk = Desk()
    first = desk.written()
    stored = dict(desk.files.stored)
    assert desk.write() == SummaryWritten(report=first)
    assert desk.files.stored == stored
    assert len(desk.mailer.sent) == 2
    assert [one.rendered for one in desk.renderers] == [1, 1]


def test_a_repeat_does_not_bring_a_revoked_link_back() -> None:
    desk = Desk()
    report = desk.written()
    FirestoreReports(desk.documents).switch_to(replace(report, link_nonce="withdrawn"))
    desk.write()
    assert desk.open(desk.tokens()[0]) is LinkRefusal.REVOKED


def test_new_figures_make_a_new_version_and_end_the_old_links() -> None:
    desk = Desk()
    old = desk.written()
    token = desk.tokens()[0]
    desk.change_a_figure()
    written = desk.write()
    assert written.report is not None
    assert written.mailed == 2
    assert written.report.figures_sha256 != old.figures_sha256
    assert desk.open(token) is LinkRefusal.REVOKED
    assert isinstance(desk.open(desk.tokens()[0]), str)
    assert {file.name for file in old.files} < set(desk.files.stored)


def test_a_crash_between_files_and_switch_is_made_good_by_the_repeat() -> None:
    desk = Desk()
    desk.files.failures = 1
    with pytest.raises(AdapterError):
        desk.write()
    assert desk.mailer.sent == []
    assert desk.write().mailed == 2


def test_files_of_an_earlier_release_are_kept() -> None:
    desk = Desk()
    old = desk.written()
    FirestoreReports(desk.documents).switch_to(replace(old, figures_sha256="forgotten"))
    desk.renderers[0].release = "2"
    assert desk.written().files == old.files
    assert desk.files.get(old.files[0].name).startswith(b"pdf 1 ")


def test_a_refused_mail_is_tried_again_and_the_others_are_not() -> None:
    desk = Desk()
    desk.mailer.refused = {"ada@example.com"}
    with pytest.raises(AdapterError, match="1 of 2 not accepted"):
        desk.write()
    assert desk.mailer.recipients == ["bob@example.com"]
    desk.mailer.refused = set()
    assert desk.write().mailed == 1
    assert desk.mailer.recipients == ["bob@example.com", "ada@example.com"]


def test_a_mail_whose_answer_was_lost_is_never_sent_again() -> None:
    desk = Desk()
    desk.mailer.lost = {"ada@example.com"}
    assert (desk.write().unconfirmed, desk.write().unconfirmed) == (1, 0)
    assert desk.mailer.recipients == ["ada@example.com", "bob@example.com"]
    assert [row.state for row in desk.outbox(desk.mailer.recipients)] == [
        OutboxState.SENDING,
        OutboxState.SENT,
    ]


def test_the_outbox_holds_what_became_of_each_mail() -> None:
    desk = Desk()
    desk.write()
    assert [(row.to, row.state, row.message_id) for row in desk.outbox(desk.mailer.recipients)] == [
        ("ada@example.com", OutboxState.SENT, "message-1"),
        ("bob@example.com", OutboxState.SENT, "message-2"),
    ]


def test_the_outbox_says_what_a_mail_is_about() -> None:
    desk = Desk(emails=("ada@example.com",))
    desk.write()
    (row,) = desk.outbox(["ada@example.com"])
    assert (row.kind, row.about, row.period) == (
        MailKind.DAY_SUMMARY,
        "daily-2026-11-27",
        SESSION_DATE,
    )
    assert row.follower_id is None


def test_a_refused_mails_words_are_kept_for_people() -> None:
    desk = Desk(emails=("ada@example.com",))
    desk.mailer.refused = {"ada@example.com"}
    with pytest.raises(AdapterError):
        desk.write()
    (row,) = desk.outbox(["ada@example.com"])
    assert (row.state, row.error) == (OutboxState.REFUSED, "sendgrid: 503: try again")


def test_without_admins_the_report_is_written_all_the_same() -> None:
    desk = Desk(emails=())
    written = desk.write()
    assert written.report is not None
    assert written.mailed == 0


def test_a_date_without_a_session_has_no_report() -> None:
    desk = Desk()
    assert desk.write("2026-11-26") == SummaryWritten()
    assert desk.files.stored == {}
