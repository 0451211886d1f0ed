"""Composition root: builds each adapter lazily, once, from settings.

Every adapter is imported where it is built, so that a function pays only for what it uses.
"""

from __future__ import annotations

from shared.bootstrap.outside import Outside


class Services(Outside):
    """Everything a function or job may use, each built at its first use.

    Args:
        groups: Settings this runtime needs beside the core; all are checked now, together.

    Raises:
        InvalidSettings: Listing every missing or wrong setting.
    """
