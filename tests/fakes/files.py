"""`FileStore` in memory."""

from __future__ import annotations

from shared.domain.errors import AdapterError, Conflict, NotFound
from shared.ports.files import StoredFile


class InMemoryFiles:
    """Files in a dictionary; fails as often as `failures` says first."""

    def __init__(self, *, failures: int = 0) -> None:
        self.stored: dict[str, StoredFile] = {}
        self.failures = failures
        self.signed: list[tuple[str, int]] = []

    def put(self, file: StoredFile, *, if_absent: bool) -> None:
        self._fail()
        there = self.stored.get(file.name)
        if if_absent and there is not None and there.data != file.data:
            raise Conflict("files", f"{file.name} holds other content")
        self.stored[file.name] = file

    def get(self, name: str) -> bytes:
        self._fail()
        if name not in self.stored:
            raise NotFound("files", f"there is no {name}")
        return self.stored[name].data

    def signed_url(self, name: str, *, lifetime_seconds: int) -> str:
        self._fail()
        self.signed.append((name, lifetime_seconds))
        return f"https://files.test/{name}?signed"

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise AdapterError("files", "503: try again", retryable=True)
