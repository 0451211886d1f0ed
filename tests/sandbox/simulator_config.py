"""What the broker's simulator is told of the day."""

from __future__ import annotations

import json
from pathlib import Path

from tests.sandbox.cast import Cast
from tests.sandbox.options import DayOptions


def write_simulator_config(path: Path, options: DayOptions, cast: Cast) -> Path:
    """Write the simulator's configuration; returns its path."""
    config: dict[str, object] = {
        "seed": options.seed,
        "ticker": options.ticker,
        "session_open_at": options.session.open_at.isoformat(),
        "session_close_at": options.session.close_at.isoformat(),
        "spot": str(cast.spot),
        "logins": [
            {
                "login_id": login.login_id,
                "port": 0,
                "accounts": [
                    {"account_id": account.account_id, "cash": str(account.cash)}
                    for account in login.accounts
                ],
            }
            for login in cast.logins
        ],
    }
    if options.quotes_file is not None:
        config["quotes_file"] = str(options.quotes_file.resolve())
    path.write_text(json.dumps(config, indent=1))
    return path
