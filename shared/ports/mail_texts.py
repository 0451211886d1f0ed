"""Mail texts: how does this mail read?"""

from __future__ import annotations

from typing import Protocol

from shared.domain.mail_fields import MailFields, MailText
from shared.domain.outbox import MailKind


class MailTexts(Protocol):
    """Writes mails from plain figures."""

    def compose(self, kind: MailKind, fields: MailFields) -> MailText:
        """Write one mail: subject, text and HTML.

        Args:
            kind: What sort of mail it is.
            fields: What it says; names in them may hold anything.

        Raises:
            InvalidInput: The fields are those of another kind of mail.
        """
        ...
