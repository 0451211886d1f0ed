"""How the reports that followers get look: whose they are, in which color, with which logo."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.domain.errors import InvalidInput

MAX_LOGO_BYTES = 256 * 1024
MAX_NAME, MAX_CONTACT = 60, 120

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LEAST_CONTRAST = 3.0
# https://www.w3.org/TR/png-3/#5PNG-file-signature and ITU-T T.81, B.1.1.3 (SOI and a marker)
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


@dataclass(frozen=True, kw_only=True, slots=True)
class BrandSettings:
    """What a report carries of its sender.

    Attributes:
        name: Of the sender; at most 60 characters.
        accent: Color of headings and lines, `#rrggbb`; readable on white.
        logo: Object name of a PNG or JPEG; None for none.
        contact: Where a follower asks questions; at most 120 characters; may be empty.
    """

    name: str = "SpreadPilot"
    accent: str = "#1f5a96"
    logo: str | None = None
    contact: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be printed.

        Raises:
            InvalidInput: Naming the field.
        """
        if not self.name.strip() or len(self.name) > MAX_NAME:
            raise InvalidInput("name", f"has 1 to {MAX_NAME} characters")
        if not _COLOR.fullmatch(self.accent):
            raise InvalidInput("accent", "is no color; write it like #1f5a96")
        if _contrast_to_white(self.accent) < _LEAST_CONTRAST:
            raise InvalidInput("accent", "is too light to be read on white; take a darker color")
        if self.logo is not None and not self.logo.strip():
            raise InvalidInput("logo", "is the name of an object, or left out")
        if len(self.contact) > MAX_CONTACT:
            raise InvalidInput("contact", f"has at most {MAX_CONTACT} characters")


def check_logo(logo: bytes) -> bytes:
    """Look at a logo before it is printed.

    Raises:
        InvalidInput: It is neither PNG nor JPEG, or has more than 256 KiB.
    """
    if len(logo) > MAX_LOGO_BYTES:
        raise InvalidInput("logo", f"has {len(logo):,} bytes; at most {MAX_LOGO_BYTES:,} are read")
    if not logo.startswith((_PNG, _JPEG)):
        raise InvalidInput("logo", "is neither a PNG nor a JPEG file")
    return logo


def _contrast_to_white(color: str) -> float:
    """Contrast ratio, 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
