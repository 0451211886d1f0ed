"""What the payment jobs say to the person who runs them: on standard error, line by line."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from shared.domain.errors import InvalidInput
from shared.domain.payments import LeftOut

STDOUT = "-"


def say(words: str) -> None:
    """Write a line for the person."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def say_left_out(left_out: Iterable[LeftOut]) -> None:
    """Say who is not in the file, and why."""
    for one in left_out:
        payment = one.payment
        say(
            f"left out: {payment.statement_number} of {payment.follower_id},"
            f" {payment.amount:.2f} {payment.currency}: {one.reason}: {one.words}"
        )


def hand_over(data: bytes, out: str) -> None:
    """Write the file: to standard output for "-", else a new file that only its owner may read.

    Raises:
        InvalidInput: The file exists already or cannot be made.
    """
    if out == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    path = Path(out)
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(data)
    except FileExistsError as error:
        raise InvalidInput("--out", "exists already; name a new file") from error
    except OSError as error:
        raise InvalidInput("--out", f"cannot be written: {error.strerror}") from error
