"""Repositories: a collection of the database each."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.foundation import Foundation

if TYPE_CHECKING:
    from shared.ports.accounts import AccountReader
    from shared.ports.alert_deliveries import AlertDeliveries
    from shared.ports.alerts import AlertLog
    from shared.ports.billing import Billing
    from shared.ports.boards import BoardReader
    from shared.ports.daily_pnl import DailyPnlBook
    from shared.ports.external_trades import ExternalTrades
    from shared.ports.fill_corrections import FillCorrections
    from shared.ports.fills import FillReader
    from shared.ports.followers import Followers
    from shared.ports.fx_rates import FxRates
    from shared.ports.marks import Marks
    from shared.ports.monthly_pnl import MonthlyPnlBook
    from shared.ports.orders import PlannedOrders
    from shared.ports.outbox import Outbox
    from shared.ports.payees import Payees
    from shared.ports.payment_batches import PaymentBatches
    from shared.ports.positions import PositionReader
    from shared.ports.quotes import QuoteReader
    from shared.ports.report_runs import ReportRuns
    from shared.ports.reports import Reports
    from shared.ports.sessions import Sessions
    from shared.ports.settings_book import SettingsBook
    from shared.ports.signals import Signals
    from shared.ports.statement_numbers import StatementNumbers
    from shared.ports.statements import Adjustments, Statements
    from shared.ports.terms import TermsBook


class Repositories(Foundation):
    """Adapters of our collections."""

    @cached_property
    def sessions(self) -> Sessions:
        """Session documents."""
        from shared.adapters.firestore.sessions import FirestoreSessions

        return FirestoreSessions(self.documents)

    @cached_property
    def signals(self) -> Signals:
        """Signals."""
        from shared.adapters.firestore.signals import FirestoreSignals

        return FirestoreSignals(self.documents)

    @cached_property
    def followers(self) -> Followers:
        """Followers and logins."""
        from shared.adapters.firestore.followers import FirestoreFollowers

        return FirestoreFollowers(self.documents)

    @cached_property
    def settings_book(self) -> SettingsBook:
        """Settings that admins may change."""
        from shared.adapters.firestore.settings_book import FirestoreSettings

        return FirestoreSettings(self.documents)

    @cached_property
    def orders(self) -> PlannedOrders:
        """Orders, for planning and reading."""
        from shared.adapters.firestore.orders import FirestorePlannedOrders

        return FirestorePlannedOrders(self.documents)

    @cached_property
    def fills(self) -> FillReader:
        """Fills."""
        from shared.adapters.firestore.fills import FirestoreFills

        return FirestoreFills(self.documents)

    @cached_property
    def positions(self) -> PositionReader:
        """Positions."""
        from shared.adapters.firestore.positions import FirestorePositions

        return FirestorePositions(self.documents)

    @cached_property
    def boards(self) -> BoardReader:
        """Boards."""
        from shared.adapters.firestore.boards import FirestoreBoards

        return FirestoreBoards(self.documents)

    @cached_property
    def quotes(self) -> QuoteReader:
        """Quotes."""
        from shared.adapters.firestore.quotes import FirestoreQuotes

        return FirestoreQuotes(self.documents)

    @cached_property
    def marks(self) -> Marks:
        """Marks."""
        from shared.adapters.firestore.marks import FirestoreMarks

        return FirestoreMarks(self.documents)

    @cached_property
    def daily_pnl(self) -> DailyPnlBook:
        """Daily roll-ups."""
        from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl

        return FirestoreDailyPnl(self.documents)

    @cached_property
    def monthly_pnl(self) -> MonthlyPnlBook:
        """Monthly roll-ups."""
        from shared.adapters.firestore.monthly_pnl import FirestoreMonthlyPnl

        return FirestoreMonthlyPnl(self.documents)

    @cached_property
    def terms(self) -> TermsBook:
        """Terms of followers."""
        from shared.adapters.firestore.terms import FirestoreTerms

        return FirestoreTerms(self.documents)

    @cached_property
    def statements(self) -> Statements:
        """Commission statements."""
        from shared.adapters.firestore.statements import FirestoreStatements

        return FirestoreStatements(self.documents)

    @cached_property
    def adjustments(self) -> Adjustments:
        """Differences to issued statements."""
        from shared.adapters.firestore.statements import FirestoreAdjustments

        return FirestoreAdjustments(self.documents)

    @cached_property
    def alerts(self) -> AlertLog:
        """Recorded alerts."""
        from shared.adapters.firestore.alerts import FirestoreAlertLog

        return FirestoreAlertLog(self.documents)

    @cached_property
    def alert_deliveries(self) -> AlertDeliveries:
        """What became of alerts, by channel."""
        from shared.adapters.firestore.alert_deliveries import FirestoreAlertDeliveries

        return FirestoreAlertDeliveries(self.documents)

    @cached_property
    def outbox(self) -> Outbox:
        """Mails on their way out."""
        from shared.adapters.firestore.outbox import FirestoreOutbox

        return FirestoreOutbox(self.documents)

    @cached_property
    def reports(self) -> Reports:
        """Report documents."""
        from shared.adapters.firestore.reports import FirestoreReports

        return FirestoreReports(self.documents)

    @cached_property
    def fill_corrections(self) -> FillCorrections:
        """Fills, as the broker's statement corrects them."""
        from shared.adapters.firestore.fills import FirestoreFillCorrections

        return FirestoreFillCorrections(self.documents)

    @cached_property
    def external_trades(self) -> ExternalTrades:
        """Trades of others."""
        from shared.adapters.firestore.external_trades import FirestoreExternalTrades

        return FirestoreExternalTrades(self.documents)

    @cached_property
    def accounts(self) -> AccountReader:
        """Broker accounts as last compared with the books."""
        from shared.adapters.firestore.accounts import FirestoreAccounts

        return FirestoreAccounts(self.documents)

    @cached_property
    def fx_rates(self) -> FxRates:
        """Exchange rates."""
        from shared.adapters.firestore.fx_rates import FirestoreFxRates

        return FirestoreFxRates(self.documents)

    @cached_property
    def payees(self) -> Payees:
        """Followers' private data."""
        from shared.adapters.firestore.payees import FirestorePayees

        return FirestorePayees(self.documents)

    @cached_property
    def report_runs(self) -> ReportRuns:
        """How far report runs have come."""
        from shared.adapters.firestore.report_runs import FirestoreReportRuns

        return FirestoreReportRuns(self.documents)

    @cached_property
    def billing(self) -> Billing:
        """Settings of billing."""
        from shared.adapters.firestore.billing import FirestoreBilling

        return FirestoreBilling(self.documents)

    @cached_property
    def statement_numbers(self) -> StatementNumbers:
        """Statements by their numbers."""
        from shared.adapters.firestore.statement_numbers import FirestoreStatementNumbers

        return FirestoreStatementNumbers(self.documents)

    @cached_property
    def payment_batches(self) -> PaymentBatches:
        """Batches of direct debits."""
        from shared.adapters.firestore.payment_batches import FirestorePaymentBatches

        return FirestorePaymentBatches(self.documents)
