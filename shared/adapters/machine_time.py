"""Machine time: the real UTC of tokens and links, never held and never scaled.

Market time comes from the `Clock` port; nothing of the trade may be decided by this.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


def machine_now() -> datetime:
    """Tell real UTC."""
    return datetime.fromtimestamp(time.time(), tz=UTC)
