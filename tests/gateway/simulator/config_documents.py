"""The smallest configuration file, to be changed by tests."""

from gateway.simulator.config import Json

ACCOUNTS: Json = [{"account_id": "DU1", "cash": "100000.00"}]
DOCUMENT: dict[str, Json] = {
    "seed": 7,
    "ticker": "QQQ",
    "session_open_at": "2026-11-23T14:30:00Z",
    "session_close_at": "2026-11-23T21:00:00Z",
    "spot": "600.00",
    "logins": [{"login_id": "a", "accounts": [{"account_id": "DU1", "cash": "100000.00"}]}],
}
