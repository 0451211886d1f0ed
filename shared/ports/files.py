"""Files: statements and reports that people open through short-lived links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """A file and its place.

    Attributes:
        name: The path within the store, with forward slashes and no leading one.
        content_type: The media type.
        data: The whole content.
    """

    name: str
    content_type: str
    data: bytes


class FileStore(Protocol):
    """Keeps files under names."""

    def put(self, file: StoredFile, *, if_absent: bool) -> None:
        """Store a file. Storing the same bytes again changes nothing.

        Args:
            file: What to store.
            if_absent: Refuse to replace other content under the same name.

        Raises:
            Conflict: Other content is there already, or somebody else wrote at the same time.
            AdapterError: The store failed.
        """
        ...

    def get(self, name: str) -> bytes:
        """Return a file's content.

        Raises:
            NotFound: No such file.
            AdapterError: The store failed.
        """
        ...

    def signed_url(self, name: str, *, lifetime_seconds: int) -> str:
        """Return a link that lets anybody read the file for a while.

        Args:
            name: The file; it need not exist yet.
            lifetime_seconds: How long the link works, in machine time.

        Raises:
            InvalidInput: The lifetime is not positive or longer than the signing key lives.
            AdapterError: Signing failed.
        """
        ...
