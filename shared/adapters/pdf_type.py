"""The typeface, colors and text styles of our PDF files.

Bitstream Vera travels with ReportLab and is embedded, so that a file looks the same everywhere.
It covers the Latin alphabets in most part; a letter it lacks is shown by its base letter, never
as an empty box.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

REGULAR, BOLD = "Vera", "VeraBd"

INK = HexColor("#1d2939")
MUTED = HexColor("#667085")
LINE = HexColor("#e4e7ec")
PALE = HexColor("#f7f8fa")
GREEN = HexColor("#067647")
RED = HexColor("#b42318")
AMBER = HexColor("#b54708")
BLUE = HexColor("#1f5a96")
BLUE_WASH = HexColor("#dfeaf5")
WHITE = HexColor("#ffffff")

_NO_GLYPH = "?"


@cache
def register_typeface() -> None:
    """Make the typeface known to ReportLab, once per process."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
    )


def style(
    size: float, *, bold: bool = False, color: HexColor = INK, right: bool = False
) -> ParagraphStyle:
    """Make a text style of ours."""
    register_typeface()
    made = ParagraphStyle(
        f"{size}-{bold}-{color}-{right}",
        fontName=BOLD if bold else REGULAR,
        fontSize=size,
        leading=size * 1.35,
        textColor=color,
    )
    if right:
        made.alignment = TA_RIGHT
    return made


def paragraph(text: str, look: ParagraphStyle) -> Paragraph:
    """Set a text that others wrote: nothing in it is markup."""
    return Paragraph(escape(printable(text)), look)


def printable(text: str) -> str:
    """Replace what the typeface cannot show."""
    return "".join(_shown(character) for character in text)


def is_printable(text: str) -> bool:
    """True where at most accents are lost: a name in another alphabet is better an id."""
    return text.count(_NO_GLYPH) == printable(text).count(_NO_GLYPH)


@cache
def _glyphs() -> frozenset[int]:
    register_typeface()
    return frozenset(pdfmetrics.getFont(REGULAR).face.charToGlyph)


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    if ord(character) in _glyphs():
        return character
    base = unicodedata.normalize("NFKD", character)[0]
    return base if ord(base) in _glyphs() else _NO_GLYPH
