"""Secrets by name: what is the value of this secret now?"""

from __future__ import annotations

from typing import Protocol


class SecretStore(Protocol):
    """Reads secrets; nothing in the system writes one except the admin API."""

    def read(self, name: str) -> str:
        """Return the current value of a secret.

        Args:
            name: The secret's short name, as Terraform made it ("leader-sheet-key").

        Raises:
            NotFound: If there is no such secret, or it has no version.
            AdapterError: If it can not be read now, or its value is unusable.
        """
