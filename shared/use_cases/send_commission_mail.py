"""Mail followers their payable statements that were not sent yet: Mondays at 09:00 New York."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from shared.domain.alerts import Alert, AlertType
from shared.domain.creditor import CreditorSettings
from shared.domain.errors import AdapterError, Conflict, InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.mail_fields import OpenStatement, WeeklyCommissionFields
from shared.domain.money import ZERO
from shared.domain.outbox import MailKind, OutboxState, outbox_id_of
from shared.domain.payees import Payee
from shared.domain.sessions import session_date_at
from shared.domain.statements import Statement, StatementState, moved_to
from shared.domain.terms import BillingCurrency
from shared.ports.alarm import Alarm
from shared.ports.billing import Billing
from shared.ports.clock import Clock
from shared.ports.mail_texts import MailTexts
from shared.ports.payees import Payees
from shared.ports.settings_book import SettingsBook
from shared.ports.statements import Statements
from shared.use_cases.send_mail import MailPorts, OutgoingMail, Sending, send_mail
from shared.use_cases.send_monthly_mail import address_of

_GONE_OUT = frozenset({OutboxState.SENT, OutboxState.DELIVERED})


@dataclass(frozen=True, kw_only=True, slots=True)
class CommissionMailPorts:
    """What commission mails are made from, and how they go out.

    Attributes:
        contact: Address that answers questions.
    """

    clock: Clock
    statements: Statements
    payees: Payees
    billing: Billing
    settings: SettingsBook
    mail_texts: MailTexts
    mail: MailPorts
    alarm: Alarm
    contact: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CommissionMailSent:
    """What was done.

    Attributes:
        sent: Mails accepted by this call.
        statements: Statements that are marked as sent now.
        unconfirmed: Mails whose answer was lost; their statements stay as they are.
        failed: Followers who could not be mailed, with the reason.
    """

    sent: int = 0
    statements: int = 0
    unconfirmed: int = 0
    failed: tuple[tuple[FollowerId, str], ...] = ()


def send_commission_mail(ports: CommissionMailPorts) -> CommissionMailSent:
    """Mail every statement that asks for money and was not sent, with the admins in copy.

    - One mail a statement, keyed by its number: a repeat sends nothing, and a mail whose fate is
      unknown never leads to a second one, whatever else has become payable since.
    - A statement is marked as sent once the provider has accepted its mail, or its events say
      so; a mail whose fate is unknown leaves it as it is.
    - Who cannot be mailed raises REPORT_FAILED and stops nobody.

    Raises:
        AdapterError: What all mails need could not be read.
    """
    issued = ports.statements.in_state(StatementState.ISSUED)
    work = _Work(ports)
    for statement in sorted(issued, key=lambda one: one.number):
        if statement.is_payable:
            work.do(statement)
    return work.done


class _Work:
    """One run over the statements, one after the other."""

    def __init__(self, ports: CommissionMailPorts) -> None:
        self.done = CommissionMailSent()
        self._ports = ports
        self._today = session_date_at(ports.clock.now())
        self._creditor = ports.billing.creditor()
        self._copies = ports.settings.alert_recipients().emails

    def do(self, statement: Statement) -> None:
        """Mail one statement; what fails is told, and the next one goes on."""
        try:
            self._send(statement)
        except (AdapterError, InvalidInput) as error:
            failed = (statement.follower_id, str(error))
            self.done = replace(self.done, failed=(*self.done.failed, failed))
            self._ports.alarm.raise_alert(self._failed_alert(statement, error))

    def _send(self, statement: Statement) -> None:
        payee = address_of(self._ports.payees.get(statement.follower_id))
        outgoing = self._outgoing(payee, statement)
        sending = send_mail(outgoing, self._ports.mail)
        done = self.done
        self.done = replace(
            done,
            sent=done.sent + (sending is Sending.SENT),
            unconfirmed=done.unconfirmed + (sending is Sending.UNCONFIRMED),
        )
        row = self._ports.mail.outbox.get(outgoing.outbox_id)
        if row is not None and row.state in _GONE_OUT:
            self._mark(statement)

    def _mark(self, statement: Statement) -> None:
        sent = replace(moved_to(statement, StatementState.SENT), sent_on=self._today)
        try:
            self._ports.statements.replace(sent, before=statement)
        except Conflict:
            # Paid in this very moment: then it needs no sending any more.
            return
        self.done = replace(self.done, statements=self.done.statements + 1)

    def _outgoing(self, payee: Payee, statement: Statement) -> OutgoingMail:
        open_statement = OpenStatement(
            number=statement.number,
            month=statement.month,
            amount=statement.due or ZERO,
            currency=str(statement.currency),
        )
        content = self._ports.mail_texts.compose(
            MailKind.WEEKLY_COMMISSION,
            WeeklyCommissionFields(
                name=statement.name,
                on=self._today,
                statements=(open_statement,),
                iban=payee.iban,
                due_text=_due_text(payee, statement, self._creditor, self._today),
                contact=self._ports.contact,
            ),
        )
        return OutgoingMail(
            outbox_id=outbox_id_of("commission", statement.number, payee.email),
            to=payee.email,
            cc=self._copies,
            content=content,
            kind=MailKind.WEEKLY_COMMISSION,
            about=statement.number,
            period=statement.month,
            follower_id=statement.follower_id,
        )

    def _failed_alert(self, statement: Statement, error: Exception) -> Alert:
        return Alert(
            alert_type=AlertType.REPORT_FAILED,
            subject=f"commission-{statement.number}",
            message=(
                f"{statement.follower_id} was not mailed statement {statement.number}: {error}. It"
                " is tried again next Monday; at once by send-commission-mail."
            ),
            session_date=self._today,
            raised_at=self._ports.clock.now(),
            follower_id=statement.follower_id,
        )


def _due_text(payee: Payee, statement: Statement, creditor: CreditorSettings, today: str) -> str:
    """Say how it is paid: by direct debit where there is a mandate and euros, else by transfer."""
    if payee.mandate is not None and statement.currency is BillingCurrency.EUR:
        return (
            f"It is collected by SEPA direct debit under your mandate {payee.mandate.mandate_id};"
            " there is nothing to do."
        )
    by = date.fromisoformat(today) + timedelta(days=creditor.payment_days)
    return f"Please pay by transfer until {by.isoformat()} and quote the statement's number."
