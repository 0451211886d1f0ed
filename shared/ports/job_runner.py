"""Job runner: starts Cloud Run jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class JobRunner(Protocol):
    """Starts jobs."""

    def run(self, job: str, *, args: Sequence[str], env: Mapping[str, str], tasks: int) -> str:
        """Start a job and return the name of its operation."""
