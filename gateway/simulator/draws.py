"""Keyed draws: every random-looking value is a hash of the seed and of what it is drawn for.

A value that depends on its key alone cannot depend on the order in which sockets are read, on the
process or on the time of day, so the same seed gives the same session byte for byte.
"""

import hashlib
import math

Key = str | int
_SEPARATOR = "\x1f"
_TWO_TO_32 = 2**32
_INT31 = 2**31 - 2


def digest(*key: Key) -> int:
    """Return 64 bits that depend on the key alone."""
    text = _SEPARATOR.join([str(part) for part in key])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def uniform(*key: Key) -> float:
    """Return a value in [0, 1)."""
    return (digest(*key) >> 11) / 2**53


def between(low: int, high: int, *key: Key) -> int:
    """Return an integer from low to high, both included."""
    return low + digest(*key) % (high - low + 1)


def normal(*key: Key) -> float:
    """Return a standard normal value (Box-Muller over the two halves of one digest)."""
    bits = digest(*key)
    radius = ((bits >> 32) + 1) / (_TWO_TO_32 + 1)
    angle = (bits & (_TWO_TO_32 - 1)) / _TWO_TO_32
    return math.sqrt(-2.0 * math.log(radius)) * math.cos(2.0 * math.pi * angle)


def identifier(*key: Key) -> int:
    """Return a positive 31-bit id, the range of contract ids and permanent order ids."""
    return digest(*key) % _INT31 + 1
