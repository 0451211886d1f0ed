"""The colors and text styles of our PDF files; see `pdf_faces` for their typeface."""

from __future__ import annotations

from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph

from shared.adapters.pdf_faces import BOLD, REGULAR, register_typeface
from shared.adapters.pdf_runs import NO_GLYPH, runs_of

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
    """Set a text that others wrote: nothing in it is markup, and every script has its face."""
    register_typeface()
    main = look.fontName
    runs = runs_of(text, bold=main == BOLD)
    return Paragraph(
        "".join(
            escape(run.text)
            if run.face == main
            else f'<font face="{run.face}">{escape(run.text)}</font>'
            for run in runs
        ),
        look,
    )


def printable(text: str) -> str:
    """The characters that are shown for a text, in visual order."""
    return "".join(run.text for run in runs_of(text))


def is_printable(text: str) -> bool:
    """True where at most accents are lost: a name that no face can show is better an id."""
    return text.count(NO_GLYPH) == printable(text).count(NO_GLYPH)
