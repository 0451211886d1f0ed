import pytest

from shared.domain.brand import MAX_LOGO_BYTES, BrandSettings, check_logo
from shared.domain.errors import InvalidInput

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 61),
        ("accent", "1f5a96"),
        ("accent", "#1f5a9"),
        ("accent", "red"),
        ("accent", "#1f5a96\n"),
        ("accent", "#ffee00"),
        ("logo", ""),
        ("contact", "x" * 121),
    ],
)
def test_a_brand_that_cannot_be_printed_is_refused_by_its_field(field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        BrandSettings(**{field: value})
    assert refused.value.field == field


def test_a_brand_in_a_color_that_is_readable_on_white_is_taken() -> None:
    assert BrandSettings(accent="#146E5A", logo="brand/logo.png").accent == "#146E5A"


@pytest.mark.parametrize("logo", [PNG + b"x", JPEG + b"x", PNG + bytes(MAX_LOGO_BYTES - len(PNG))])
def test_a_png_or_jpeg_of_256_kib_is_a_logo(logo: bytes) -> None:
    assert check_logo(logo) == logo


@pytest.mark.parametrize(
    "logo", [b"", b"GIF89a", b"<svg/>", PNG + bytes(MAX_LOGO_BYTES - len(PNG) + 1)]
)
def test_anything_else_is_no_logo(logo: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_logo(logo)
    assert refused.value.field == "logo"
