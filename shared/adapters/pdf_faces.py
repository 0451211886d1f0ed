"""The faces of our PDF files: one typeface, and faces for scripts that it lacks.

Noto Sans carries everything we write ourselves and every name in Latin, Greek or Cyrillic letters.
A name in another script borrows the face of that script, in its regular weight. All of them are
embedded, so that a file looks the same everywhere; see `typefaces/README.md`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "NotoSans-Regular", "NotoSans-Bold"

_FOLDER = Path(__file__).parent / "typefaces"
_HANGUL, _HAN = "SpreadPilotHangul-Regular", "DroidSansFallbackFull"

# Unicode blocks, first and last code point: https://www.unicode.org/Public/UNIDATA/Blocks.txt
_SCRIPTS: tuple[tuple[int, int, str], ...] = (
    (0x0530, 0x058F, "NotoSansArmenian-Regular"),
    (0x0590, 0x05FF, "NotoSansHebrew-Regular"),
    (0x0600, 0x08FF, "NotoSansArabic-Regular"),
    (0x0900, 0x097F, "NotoSansDevanagari-Regular"),
    (0x0980, 0x09FF, "NotoSansBengali-Regular"),
    (0x0A00, 0x0A7F, "NotoSansGurmukhi-Regular"),
    (0x0A80, 0x0AFF, "NotoSansGujarati-Regular"),
    (0x0B80, 0x0BFF, "NotoSansTamil-Regular"),
    (0x0C00, 0x0C7F, "NotoSansTelugu-Regular"),
    (0x0C80, 0x0CFF, "NotoSansKannada-Regular"),
    (0x0D00, 0x0D7F, "NotoSansMalayalam-Regular"),
    (0x0D80, 0x0DFF, "NotoSansSinhala-Regular"),
    (0x0E00, 0x0E7F, "NotoSansThai-Regular"),
    (0x0E80, 0x0EFF, "NotoSansLao-Regular"),
    (0x1000, 0x109F, "NotoSansMyanmar-Regular"),
    (0x10A0, 0x10FF, "NotoSansGeorgian-Regular"),
    (0x1100, 0x11FF, _HANGUL),
    (0x1200, 0x139F, "NotoSansEthiopic-Regular"),
    (0x1780, 0x17FF, "NotoSansKhmer-Regular"),
    (0x19E0, 0x19FF, "NotoSansKhmer-Regular"),
    (0x1C90, 0x1CBF, "NotoSansGeorgian-Regular"),
    (0x2D00, 0x2D2F, "NotoSansGeorgian-Regular"),
    (0x2D80, 0x2DDF, "NotoSansEthiopic-Regular"),
    (0x2E80, 0x312F, _HAN),
    (0x3130, 0x318F, _HANGUL),
    (0x3190, 0x9FFF, _HAN),
    (0xA9E0, 0xA9FF, "NotoSansMyanmar-Regular"),
    (0xAA60, 0xAA7F, "NotoSansMyanmar-Regular"),
    (0xAB00, 0xAB2F, "NotoSansEthiopic-Regular"),
    (0xAC00, 0xD7A3, _HANGUL),
    (0xF900, 0xFAFF, _HAN),
    (0xFB13, 0xFB17, "NotoSansArmenian-Regular"),
    (0xFB1D, 0xFB4F, "NotoSansHebrew-Regular"),
    (0xFB50, 0xFDFF, "NotoSansArabic-Regular"),
    (0xFE70, 0xFEFF, "NotoSansArabic-Regular"),
    (0xFF00, 0xFFEF, _HAN),
)


@cache
def register_typeface() -> None:
    """Make the typeface known to ReportLab, once per process."""
    for name in (REGULAR, BOLD):
        glyphs_of(name)
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
    )


@cache
def glyphs_of(face: str) -> frozenset[int]:
    """Load a face, once per process, and say which code points it can show."""
    pdfmetrics.registerFont(TTFont(face, str(_FOLDER / f"{face}.ttf")))
    return frozenset(pdfmetrics.getFont(face).face.charToGlyph)


def face_for(character: str, *, bold: bool) -> str | None:
    """Find the face that shows a character; None where no face does."""
    main = BOLD if bold else REGULAR
    code = ord(character)
    if code in glyphs_of(main):
        return main
    named = next((face for first, last, face in _SCRIPTS if first <= code <= last), None)
    return named if named is not None and code in glyphs_of(named) else None
