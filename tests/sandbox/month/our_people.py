"""The people of a drawn month as our own documents: followers, private data, terms, logins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.terms import terms_path
from shared.domain.alert_routing import AlertRecipients
from shared.domain.creditor import CreditorSettings
from shared.domain.followers import (
    AccountId,
    Follower,
    FollowerId,
    FollowerState,
    Login,
    LoginId,
)
from shared.domain.monthly_pnl import MonthlyPnl
from shared.domain.months import Month, previous_month
from shared.domain.payees import Mandate, Payee
from shared.domain.report_link import link_nonce
from shared.domain.reports import Report, monthly_report_id
from shared.domain.session_record import Finality
from shared.domain.statements import Statement, StatementState
from shared.domain.terms import BillingCurrency, Terms
from shared.ports.documents import Replace, Write
from tests.sandbox.blueprint import ADMIN_MAIL, TELEGRAM_CHAT
from tests.sandbox.month.ledger import Draw, Person

CREDITOR = CreditorSettings(
    name="SpreadPilot GmbH",
    iban="DE89370400440532013000",
    bic="COBADEFFXXX",
    creditor_id="DE98ZZZ09999999999",
)
_NONE = Decimal(0)


def people_documents(drawn: Draw) -> Iterator[Write]:
    """Everything that stands in the database before the month begins."""
    recipients = AlertRecipients(telegram_chat_ids=(TELEGRAM_CHAT,), emails=(ADMIN_MAIL,))
    yield Replace(path="settings/alerts", data=encode(recipients))
    yield Replace(path="settings/billing", data=encode(CREDITOR))
    for login_id in sorted({one.login_id for one in drawn.people}):
        yield Replace(path=f"logins/{login_id}", data=encode(_login(login_id)))
    for person in drawn.people:
        yield follower_document(person)
        yield Replace(path=f"followers_private/{person.follower_id}", data=encode(_payee(person)))
        if person.rate is not None:
            terms = _terms(person, person.rate, drawn.month)
            path = terms_path(FollowerId(person.follower_id), terms)
            yield Replace(path=path, data=encode(terms))


def follower_document(person: Person, *, is_archived: bool = False) -> Write:
    """A follower, before or after he has left."""
    follower = Follower(
        follower_id=FollowerId(person.follower_id),
        name=person.name,
        state=FollowerState.ARCHIVED if is_archived else FollowerState.ACTIVE,
        login_id=LoginId(person.login_id),
        account_id=AccountId(person.account_id),
        agreement_version="2026-01",
    )
    return Replace(path=f"followers/{person.follower_id}", data=encode(follower))


def flex_secret(login_id: str) -> str:
    """Name of the secret with a login's Flex token."""
    return f"flex-{login_id}"


def flex_query(login_id: str) -> str:
    """Id of a login's Flex query."""
    return f"84120{login_id[-1]}"


def months_before(drawn: Draw, at: datetime) -> Iterator[tuple[MonthlyPnl, Statement, Report]]:
    """The month before of those who were there: billed already, and nothing was due."""
    before = previous_month(Month(drawn.month))
    for person in drawn.people:
        if person.net_before:
            yield (
                _month(person, before, at),
                _statement(person, before, at),
                _report(person, before, at),
            )


def _login(login_id: str) -> Login:
    return Login(
        login_id=LoginId(login_id),
        host="127.0.0.1",
        port=1,
        client_id=7,
        flex_token_secret=flex_secret(login_id),
        flex_query_id=flex_query(login_id),
    )


def _payee(person: Person) -> Payee:
    mandate = None
    if person.bic:
        mandate = Mandate(
            mandate_id=f"SPM-{person.follower_id}",
            signed_on="2026-01-15",
            holder=f"Holder of {person.account_id}",
            bic=person.bic,
        )
    return Payee(
        follower_id=FollowerId(person.follower_id),
        email=person.email,
        iban=person.iban,
        mandate=mandate,
    )


def _terms(person: Person, rate: Decimal, month: str) -> Terms:
    return Terms(
        from_month=Month(f"{month[:4]}-01"),
        commission_ratio=rate,
        currency=BillingCurrency(person.currency),
        has_high_water_mark=person.has_mark,
    )


def _month(person: Person, month: Month, at: datetime) -> MonthlyPnl:
    fees = Decimal("3.25")
    return MonthlyPnl(
        month=month,
        follower_id=FollowerId(person.follower_id),
        realized=person.net_before + fees,
        unrealized=_NONE,
        fees=fees,
        total=person.net_before,
        trades=4,
        volume=8,
        active_days=1,
        winning_days=0,
        losing_days=1,
        flat_days=0,
        best_day=person.net_before,
        best_day_on=f"{month}-15",
        worst_day=person.net_before,
        worst_day_on=f"{month}-15",
        average_day=person.net_before,
        win_rate_ratio=_NONE,
        profit_factor_ratio=_NONE,
        sharpe_ratio=None,
        drawdown=-person.net_before,
        finality=Finality.FINAL,
        rolled_up_at=at,
    )


def _statement(person: Person, month: Month, at: datetime) -> Statement:
    return Statement(
        month=month,
        follower_id=FollowerId(person.follower_id),
        name=person.name,
        state=StatementState.ISSUED,
        as_of=at,
        commission_billed=_NONE,
        due=_NONE,
        issued_at=at,
    )


def _report(person: Person, month: Month, at: datetime) -> Report:
    report_id = monthly_report_id(month, FollowerId(person.follower_id))
    digest = "0" * 64
    return Report(
        report_id=report_id,
        period=month,
        figures_sha256=digest,
        as_of=at,
        files=(),
        link_nonce=link_nonce(report_id, digest),
        follower_id=FollowerId(person.follower_id),
    )
