"""Files in which the bank says what has become of payments."""

from __future__ import annotations

from typing import Protocol

from shared.domain.bank_lines import BankLine


class BankAnswers(Protocol):
    """Reads the bank's files."""

    def read(self, document: bytes) -> tuple[BankLine, ...]:
        """Read a whole file, in its order.

        Raises:
            InvalidInput: It is none of the known formats, or one of its lines cannot be read,
                naming the line: nothing of such a file is used.
        """
