import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics

from shared.adapters.pdf_faces import BOLD, REGULAR, glyphs_of, register_typeface
from shared.adapters.pdf_runs import ELLIPSIS, Run, fitted, runs_of, text_width, wrapped

ARABIC, HEBREW = "NotoSansArabic-Regular", "NotoSansHebrew-Regular"
HAN, HANGUL = "DroidSansFallbackFull", "SpreadPilotHangul-Regular"


def faces(text: str) -> list[str]:
    return [run.face for run in runs_of(text) if run.text.strip()]


@pytest.mark.parametrize("face", [REGULAR, BOLD])
@pytest.mark.parametrize("characters", ["0123456789+\u2212$\N{EURO SIGN}", ",."])
def test_figures_stand_below_each_other(face: str, characters: str) -> None:
    register_typeface()
    widths = {pdfmetrics.stringWidth(character, face, 1000) for character in characters}
    assert len(widths) == 1


@pytest.mark.parametrize(
    ("text", "face"),
    [
        ("Ji\u0159\u00ed Nguy\u1ec5n", REGULAR),
        ("\u041e\u043b\u044c\u0433\u0430", REGULAR),
        ("\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2", REGULAR),
        ("\u0645\u062d\u0645\u062f", ARABIC),
        ("\u05d3\u05d5\u05d3", HEBREW),
        ("\u0939\u0930\u093f", "NotoSansDevanagari-Regular"),
        ("\u09ac\u09be\u0982\u09b2\u09be", "NotoSansBengali-Regular"),
        ("\u0ba4\u0bae\u0bbf\u0bb4\u0bcd", "NotoSansTamil-Regular"),
        ("\u0e2a\u0e21\u0e0a\u0e32\u0e22", "NotoSansThai-Regular"),
        ("\u0531\u0580\u0574\u0565\u0576", "NotoSansArmenian-Regular"),
        ("\u10d2\u10d8\u10dd", "NotoSansGeorgian-Regular"),
        ("\u1230\u120b\u121d", "NotoSansEthiopic-Regular"),
        ("\u738b\u5c0f\u660e", HAN),
        ("\u3055\u304f\u3089\u30b5", HAN),
        ("\uae40\ucca0\uc218", HANGUL),
    ],
)
def test_every_script_has_its_face(text: str, face: str) -> None:
    assert set(faces(text)) == {face}
    assert "?" not in "".join(run.text for run in runs_of(text))


def test_arabic_letters_are_joined_and_stand_from_right_to_left() -> None:
    # Meem initial, hah medial, meem medial, dal final, in the order of the eye.
    assert runs_of("\u0645\u062d\u0645\u062f") == (
        Run(face=ARABIC, text="\ufeaa\ufee4\ufea4\ufee3"),
    )


def test_hebrew_amid_latin_is_turned_where_it_stands() -> None:
    shown = "".join(run.text for run in runs_of("Anna \u05d0\u05d1 (x)"))
    assert shown == "Anna \u05d1\u05d0 (x)"


def test_brackets_within_hebrew_are_mirrored() -> None:
    shown = "".join(run.text for run in runs_of("\u05d0 (\u05d1) \u05d2"))
    assert shown == "\u05d2 (\u05d1) \u05d0"


def test_hebrew_points_are_left_out() -> None:
    assert runs_of("\u05d0\u05b8") == (Run(face=HEBREW, text="\u05d0"),)


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("\u0939\u093f", "\u093f\u0939"),
        ("\u092a\u094d\u0930\u093f\u092f\u093e", "\u093f\u092a\u094d\u0930\u092f\u093e"),
        ("\u0b95\u0bca", "\u0bc6\u0b95\u0bbe"),
    ],
)
def test_vowel_signs_stand_before_their_consonants(written: str, seen: str) -> None:
    assert "".join(run.text for run in runs_of(written)) == seen


def test_a_line_of_several_scripts_has_a_run_for_each() -> None:
    assert faces("W \u738b \uae40") == [REGULAR, HAN, HANGUL]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200b\u202eb\u2066", "ab"),
        ("a\n\tb\x00", "a b"),
        ("\U0001f600", "?"),
        ("\U0001d400", "A"),
        ("", ""),
        ("\u200d", ""),
    ],
)
def test_what_nobody_sees_is_gone_and_what_no_face_has_is_replaced(text: str, shown: str) -> None:
    assert "".join(run.text for run in runs_of(text)) == shown


@given(st.text(max_size=40), st.booleans())
def test_every_character_of_a_run_has_a_glyph(text: str, bold: bool) -> None:
    for run in runs_of(text, bold=bold):
        assert {ord(character) for character in run.text} <= glyphs_of(run.face)


@given(st.text(max_size=80), st.floats(min_value=20, max_value=200))
def test_a_fitted_line_is_no_wider_than_its_room(text: str, width: float) -> None:
    assert text_width(fitted(text, width, 8), 8) <= width


def test_a_line_that_fits_is_left_alone_and_a_longer_one_says_so() -> None:
    assert fitted("Anna", 100, 8) == "Anna"
    assert fitted("Anna " * 40, 100, 8).endswith(ELLIPSIS)


def test_a_text_is_broken_at_its_spaces() -> None:
    lines = wrapped("the broker corrected the fees of the day", 60, 8)
    assert " ".join(lines) == "the broker corrected the fees of the day"
    assert len(lines) > 1
    assert all(text_width(line, 8) <= 60 for line in lines)
