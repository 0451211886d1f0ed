"""A morning of reading the leader sheet: its documents, its sheet and its ticks."""

from datetime import datetime

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.followers import FirestoreFollowers
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.settings_book import FirestoreSettings
from shared.adapters.firestore.signals import FirestoreSignals
from shared.adapters.session_table import session_table
from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.orders import Order
from shared.domain.sessions import at_new_york
from shared.domain.signals import Signal
from shared.ports.documents import Create
from shared.use_cases.ingest_signal import Ingestion, IngestionPorts, ingest_signal
from tests.builders import SESSION_DATE, a_follower
from tests.fakes.alarm import RecordingAlarm
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.sheet import ScriptedSheet
from tests.sheets import Sheet, a_sheet

PASSING = AdapterError("sheets", "503: The service is currently unavailable.", retryable=True)
QUOTA = AdapterError("sheets", "429: Quota exceeded", retryable=True, retry_after_seconds=60.0)
LASTING = AdapterError(
    "sheets", "spreadsheet leader is not readable: share it with us", retryable=False
)


def new_york(wall_time: str) -> datetime:
    return at_new_york(SESSION_DATE, wall_time)


class Morning:
    """A sheet, two followers, and the ticks of a morning."""

    def __init__(self, sheet: Sheet | None = None) -> None:
        self.documents = InMemoryDocuments()
        for name in ("anna", "bert"):
            follower = encode(a_follower(name))
            self.documents.commit([Create(path=f"followers/{name}", data=follower)])
        login = Login(login_id=LoginId("login-1"), host="ib", port=4003, client_id=11)
        self.documents.commit([Create(path="logins/login-1", data=encode(login))])
        self.clock = ManualClock(new_york("09:27"))
        self.sheet = ScriptedSheet(self.clock)
        self.sheet.show(a_sheet() if sheet is None else sheet, at=new_york("00:00"))
        self.alarm = RecordingAlarm()
        self.publisher = RecordingPublisher()
        self.signals = FirestoreSignals(self.documents)

    def tick(self, at: str, *, on: str = SESSION_DATE) -> Ingestion:
        self.clock.set(at_new_york(on, at))
        return ingest_signal(
            IngestionPorts(
                clock=self.clock,
                session_table=session_table(),
                sessions=FirestoreSessions(self.documents),
                followers=FirestoreFollowers(self.documents),
                settings_book=FirestoreSettings(self.documents),
                sheet=self.sheet,
                signals=self.signals,
                orders=FirestorePlannedOrders(self.documents),
                publisher=self.publisher,
                orders_topic="orders",
                alarm=self.alarm,
            )
        )

    def ticks(self, first: int, last: int) -> list[Ingestion]:
        """Ticks of the minutes 09:first to 09:last."""
        return [self.tick(f"09:{minute:02}") for minute in range(first, last + 1)]

    @property
    def signal(self) -> Signal | None:
        return self.signals.active(SESSION_DATE, "QQQ")

    @property
    def orders(self) -> tuple[Order, ...]:
        return FirestorePlannedOrders(self.documents).of_session(SESSION_DATE)

    @property
    def told(self) -> list[tuple[AlertType, str]]:
        """Types and subjects of the alerts, each key once."""
        by_key: dict[str, Alert] = {alert.key: alert for alert in self.alarm.raised}
        return [(alert.alert_type, alert.subject) for alert in by_key.values()]

    @property
    def last_message(self) -> str:
        return self.alarm.raised[-1].message
