"""Monthly and weekly mails: the right links to the right person, once each."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from shared.adapters.firestore.outbox import FirestoreOutbox
from shared.domain.errors import NotFound
from shared.domain.outbox import MailEvent, MailEventKind, recipient_key
from shared.domain.report_link import LinkRefusal, linked_file, read_link
from shared.domain.reports import ReportId
from shared.domain.statements import StatementState, paid
from shared.use_cases.make_links import make_links
from shared.use_cases.open_report import open_report
from shared.use_cases.revoke_links import revoke_links
from tests.fakes.dying_documents import Died, DyingDocuments
from tests.months import a_month, terms
from tests.reporting import LINK_KEY, MACHINE_NOW, ReportingDesk


def a_reported_desk() -> ReportingDesk:
    desk = ReportingDesk()
    desk.report()
    return desk


def tokens_in(text: str) -> list[str]:
    return re.findall(r"/r#(\S+)", text)


def test_everybody_is_mailed_links_to_his_own_report_and_only_once() -> None:
    desk = a_reported_desk()
    assert (desk.mail_month().sent, desk.mail_month().already) == (3, 3)
    for mail, who in zip(desk.mailer.sent, ("anna", "berta", "carla"), strict=True):
        assert mail.to == f"{who}@example.com"
        assert mail.cc == ()
        (token,) = set(tokens_in(mail.text))
        opened = open_report(
            token=token,
            key=LINK_KEY,
            machine_now=MACHINE_NOW,
            reports=desk.reports,
            files=desk.files,
        )
        assert f"/{who}/" in opened
        others = {"anna", "berta", "carla"} - {who}
        assert not any(other in mail.text for other in others)


def test_a_link_of_one_follower_opens_nobody_elses_report() -> None:
    desk = a_reported_desk()
    (link,) = make_links(desk.report_of("anna"), desk.links())
    (token,) = tokens_in(link.address)
    read = read_link(token, key=LINK_KEY, now=MACHINE_NOW)
    assert not isinstance(read, LinkRefusal)
    stolen = replace(read, report_id=desk.report_of("berta").report_id)
    assert linked_file(stolen, desk.report_of("berta")) is LinkRefusal.REVOKED


def test_revoked_links_open_nothing_and_new_ones_do() -> None:
    desk = a_reported_desk()
    (before,) = make_links(desk.report_of("anna"), desk.links())
    revoked = revoke_links(desk.reports, desk.report_of("anna").report_id)
    assert revoked.revocations == 1
    (after,) = make_links(desk.report_of("anna"), desk.links())

    def opens(address: str) -> bool:
        (token,) = tokens_in(address)
        opened = open_report(
            token=token,
            key=LINK_KEY,
            machine_now=MACHINE_NOW,
            reports=desk.reports,
            files=desk.files,
        )
        return not isinstance(opened, LinkRefusal)

    assert (opens(before.address), opens(after.address)) == (False, True)
    with pytest.raises(NotFound):
        revoke_links(desk.reports, ReportId("monthly-2026-11-nobody"))


def test_who_had_nothing_is_left_in_peace() -> None:
    desk = ReportingDesk()
    desk.agree("dora", terms())
    quiet = replace(a_month("0", who="dora"), active_days=0, trades=0)
    desk.roll_up(quiet)
    desk.issue()
    desk.report()
    sent = desk.mail_month()
    assert (sent.sent, sent.quiet) == (3, 1)


def test_who_has_no_address_or_is_refused_is_named_and_stops_nobody() -> None:
    desk = a_reported_desk()
    desk.write_to("anna", "")
    desk.mailer.refused.add("berta@example.com")
    sent = desk.mail_month()
    assert sent.sent == 1
    assert [who for who, _ in sent.failed] == ["anna", "berta"]
    assert {alert.follower_id for alert in desk.alarm.raised} == {"anna", "berta"}
    assert any("no address is on record" in alert.message for alert in desk.alarm.raised)
    assert not any("@" in alert.message for alert in desk.alarm.raised)
    desk.write_to("anna", "anna@example.com")
    desk.mailer.refused.clear()
    assert desk.mail_month().sent == 2


def test_a_report_that_is_not_issued_is_not_mailed() -> None:
    desk = ReportingDesk()
    assert desk.mail_month().sent == 0


def test_payable_statements_are_mailed_on_monday_with_the_admins_in_copy() -> None:
    desk = ReportingDesk()
    sent = desk.mail_commissions()
    assert (sent.sent, sent.statements) == (2, 2), "berta owes nothing"
    assert desk.mailer.recipients == ["anna@example.com", "carla@example.com"]
    assert all(mail.cc == ("ops@example.com",) for mail in desk.mailer.sent)
    assert "SP-2026-000001" in desk.mailer.sent[0].text
    assert "20.00" in desk.mailer.sent[0].text
    assert desk.of("anna").state is StatementState.SENT
    assert desk.of("berta").state is StatementState.ISSUED
    assert desk.mail_commissions().sent == 0


def test_a_paid_statement_is_not_asked_for_again() -> None:
    desk = ReportingDesk()
    anna = desk.of("anna")
    desk.statements.replace(paid(anna, on="2026-12-03", reference="X", by="ada"), before=anna)
    assert desk.mail_commissions().sent == 1


def test_a_commission_mail_whose_fate_is_unknown_is_held_until_an_event_tells() -> None:
    desk = ReportingDesk()
    desk.mailer.lost.add("anna@example.com")
    sent = desk.mail_commissions()
    assert (sent.unconfirmed, sent.statements) == (1, 1)
    assert desk.of("anna").state is StatementState.ISSUED
    desk.roll_up(a_month("50", month="2026-12"))
    desk.issue("2026-12")
    desk.mailer.lost.clear()
    desk.mail_commissions()
    asked = [mail for mail in desk.mailer.sent if mail.to == "anna@example.com"]
    assert len(asked) == 2, "November's once, December's once"
    outbox_id = asked[0].outbox_id
    event = MailEvent(
        outbox_id=outbox_id,
        event_id="e1",
        kind=MailEventKind.DELIVERED,
        recipient=recipient_key("anna@example.com"),
        occurred_at=MACHINE_NOW,
    )
    FirestoreOutbox(desk.documents).resolve(outbox_id, event)
    assert desk.mail_commissions().statements == 1
    assert desk.of("anna").state is StatementState.SENT
    assert len([mail for mail in desk.mailer.sent if mail.to == "anna@example.com"]) == 2


def writes_of_a_run() -> int:
    desk = ReportingDesk()
    counting = DyingDocuments(desk.documents)
    desk.documents = counting
    desk.mail_commissions()
    return counting.writes


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("at", range(writes_of_a_run()))
def test_a_run_that_dies_never_mails_anybody_twice(at: int, applied: bool) -> None:
    desk = ReportingDesk()
    living = desk.documents
    desk.documents = DyingDocuments(living, at=at, applied=applied)
    with pytest.raises(Died):
        desk.mail_commissions()
    desk.documents = living
    desk.mail_commissions()
    assert len(desk.mailer.recipients) == len(set(desk.mailer.recipients))
