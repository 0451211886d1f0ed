"""`JobRunner` that keeps what it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class RecordingJobRunner:
    """Keeps runs in order."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, list[str]]] = []
        self.tasks: list[int] = []

    def run(self, job: str, *, args: Sequence[str], env: Mapping[str, str], tasks: int) -> str:
        assert not env
        self.runs.append((job, list(args)))
        self.tasks.append(tasks)
        return f"operations/{len(self.runs)}"
