"""Texts that others wrote, split into runs of one face each, in the order the eye sees them.

ReportLab draws glyphs one after the other, from left to right, as given. So Arabic letters are
joined, lines with right-to-left letters are put into visual order, and vowel signs that stand
before their consonant are put before it, all here. Ligatures of the Indic scripts are beyond us:
their parts are shown side by side, joined by the visible virama, as a typewriter would.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import arabic_reshaper
from bidi.algorithm import get_display
from reportlab.pdfbase import pdfmetrics

from shared.adapters.pdf_faces import BOLD, REGULAR, face_for, glyphs_of

NO_GLYPH = "?"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_JOINERS = "\u200c\u200d"
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_CONSONANTS = (
    "\u0915-\u0939\u0958-\u095f\u0995-\u09b9\u09dc-\u09df\u0a15-\u0a39\u0a59-\u0a5e"
    "\u0a95-\u0ab9\u0b95-\u0bb9\u0d15-\u0d39\u0d9a-\u0dc6"
)
_SIGNS_BEFORE = (
    "\u093f\u09bf\u09c7\u09c8\u0a3f\u0abf\u0bc6\u0bc7\u0bc8\u0d46\u0d47\u0d48\u0dd9\u0dda\u0ddb"
)
_SIGN_AFTER_CLUSTER = re.compile(
    f"((?:[{_CONSONANTS}]\u093c?[{_VIRAMAS}])*[{_CONSONANTS}]\u093c?)([{_SIGNS_BEFORE}])"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A part of a line in one face.

    Attributes:
        face: ReportLab's name of it.
        text: In visual order; every character has a glyph.
    """

    face: str
    text: str


@lru_cache(maxsize=1024)
def runs_of(text: str, *, bold: bool = False) -> tuple[Run, ...]:
    """Split one line of text; what no face covers becomes its base letter or a question mark."""
    main = BOLD if bold else REGULAR
    if text.isascii() and text.isprintable():
        glyphs_of(main)
        return (Run(face=main, text=text),) if text else ()
    shown = list(_shown(_in_visual_order(text), bold=bold))
    return tuple(
        Run(face=face, text="".join(character for _, character in run))
        for face, run in groupby(shown, key=lambda one: one[0])
    )


@lru_cache(maxsize=2048)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line in points."""
    runs = runs_of(text, bold=bold)
    return float(sum(pdfmetrics.stringWidth(run.text, run.face, size) for run in runs))


def fitted(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Cut a line at its end until it fits, and say so by an ellipsis."""
    if text_width(text, size, bold=bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        cut = text[:middle].rstrip() + ELLIPSIS
        if text_width(cut, size, bold=bold) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def fitting_size(text: str, width: float, size: float, *, bold: bool = False) -> float:
    """The size at which a figure fits, at most the one that is given: a figure is never cut."""
    needed = text_width(text, size, bold=bold)
    return size if needed <= width else size * width / needed


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """Break a text into lines at its spaces; a word wider than a line is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(fitted(word, width, size, bold=bold))
    return tuple(lines)


def _in_visual_order(text: str) -> str:
    joined = unicodedata.normalize("NFC", " ".join(text.split()))
    # Directional overrides could show a name backwards; joiners are needed until letters join.
    line = "".join(c for c in joined if c in _JOINERS or unicodedata.category(c) not in _UNSEEN)
    if _RIGHT_TO_LEFT.search(line):
        plain = "".join(c for c in line if not _is_point(c))
        # Our pages read from left to right, and so does the order of a line's parts.
        ordered = get_display(arabic_reshaper.reshape(plain), base_dir="L")
        line = ordered if isinstance(ordered, str) else ordered.decode()
    else:
        line = _SIGN_AFTER_CLUSTER.sub(r"\2\1", _with_parted_signs(line))
    return "".join(c for c in line if c not in _JOINERS)


_UNSEEN = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})


def _is_point(character: str) -> bool:
    """True for Hebrew and Arabic vowel points: after the reversal they would hang elsewhere."""
    is_mark = unicodedata.category(character) == "Mn"
    return is_mark and _RIGHT_TO_LEFT.match(character) is not None


def _with_parted_signs(line: str) -> str:
    """Part vowel signs that stand on both sides of their consonant: Bengali, Tamil, Malayalam."""
    return "".join(
        unicodedata.normalize("NFD", c) if "\u0980" <= c <= "\u0dff" else c for c in line
    )


def _shown(line: str, *, bold: bool) -> Iterator[tuple[str, str]]:
    main = BOLD if bold else REGULAR
    for character in line:
        face = face_for(character, bold=bold)
        if face is not None:
            yield face, character
            continue
        base = unicodedata.normalize("NFKD", character)[0]
        yield (main, base) if ord(base) in glyphs_of(main) else (main, NO_GLYPH)
