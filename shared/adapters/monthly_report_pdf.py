"""A follower's month as a PDF; the same figures give the same bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from shared.adapters.monthly_report_pages import MARGIN, WIDTH, shown_name, story
from shared.adapters.pdf_faces import REGULAR, register_typeface
from shared.adapters.pdf_flow import draw_page, paginate
from shared.adapters.pdf_pen import Align, Look, Pen
from shared.adapters.pdf_runs import fitted
from shared.adapters.pdf_type import LINE, MUTED
from shared.domain.brand import BrandSettings, check_logo
from shared.domain.errors import InvalidInput
from shared.domain.figures_text import new_york_stamp
from shared.domain.monthly_report import MonthlyReport
from shared.domain.months import month_name

_TOP, _FOOT = A4[1] - 74, 58.0
ROOM = _TOP - _FOOT
"""Height of a page between its head and its foot."""

_RIGHT = MARGIN + WIDTH
_LOGO_WIDTH, _LOGO_HEIGHT = 130.0, 30.0
_MOST_PIXELS = 2000


class PdfMonthlyReport:
    """`MonthlyReportRenderer` for PDF."""

    extension = "pdf"
    content_type = "application/pdf"

    def render(
        self,
        report: MonthlyReport,
        *,
        figures_sha256: str,
        brand: BrandSettings,
        logo: bytes | None,
    ) -> bytes:
        """Render the report; every page says of what figures it is, and how many there are.

        Raises:
            InvalidInput: The logo is no picture that can be printed.
        """
        register_typeface()
        accent = HexColor(brand.accent)
        furniture = _Furniture(
            report=report,
            digest=figures_sha256,
            brand=brand,
            accent=accent,
            logo=None if logo is None else _picture(logo),
        )
        pages = paginate(story(report, accent), room=ROOM)
        buffer = io.BytesIO()
        canvas = _canvas(buffer, report, brand, figures_sha256)
        pen = Pen(canvas)
        for number, blocks in enumerate(pages, 1):
            furniture.draw_head(pen)
            draw_page(pen, blocks, top=_TOP)
            furniture.draw_foot(pen, f"Page {number} of {len(pages)}")
            canvas.showPage()
        canvas.save()
        return buffer.getvalue()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Furniture:
    """What stands on every page around its blocks."""

    report: MonthlyReport
    digest: str
    brand: BrandSettings
    accent: HexColor
    logo: ImageReader | None

    def draw_head(self, pen: Pen) -> None:
        """Draw the sender's logo or name, whose report it is, and a line below."""
        base = A4[1] - 46
        if self.logo is None:
            name = fitted(self.brand.name, WIDTH / 2, 12, bold=True)
            pen.text(MARGIN, base, name, Look(size=12, bold=True, color=self.accent))
        else:
            _draw_logo(pen, self.logo)
        whose = f"{month_name(self.report.month)}  \N{MIDDLE DOT}  {shown_name(self.report)}"
        look = Look(size=7.2, color=MUTED, align=Align.RIGHT)
        pen.text(_RIGHT, base + 8, "Monthly report", look)
        pen.text(_RIGHT, base - 2, fitted(whose, WIDTH / 2, 7.2), look)
        pen.line(MARGIN, A4[1] - 58, _RIGHT, A4[1] - 58, color=self.accent, width=1.4)

    def draw_foot(self, pen: Pen, page: str) -> None:
        """Draw as of when the figures are, their hash, whom to ask, and the page's number."""
        small = Look(size=6, color=MUTED)
        right = Look(size=7, color=MUTED, align=Align.RIGHT)
        stamp = f"As of {new_york_stamp(self.report.as_of)}"
        pen.line(MARGIN, 46, _RIGHT, 46, color=LINE)
        pen.text(MARGIN, 36, f"{stamp}  \N{MIDDLE DOT}  {self.report.pnl.finality}", small)
        pen.text(MARGIN, 27, f"Figures SHA-256 {self.digest}", small)
        pen.text(_RIGHT, 36, page, right)
        contact = fitted(self.brand.contact, WIDTH / 2, 6)
        pen.text(_RIGHT, 27, contact, Look(size=6, color=MUTED, align=Align.RIGHT))


def _canvas(buffer: io.BytesIO, report: MonthlyReport, brand: BrandSettings, digest: str) -> Canvas:
    # Invariant: ReportLab then leaves out the time of day and anything else that varies.
    canvas = Canvas(
        buffer,
        pagesize=A4,
        invariant=1,
        pageCompression=1,
        lang="en-US",
        # Otherwise every page would name Helvetica, which is not embedded.
        initialFontName=REGULAR,
    )
    canvas.setTitle(f"{month_name(report.month)} \N{EN DASH} {shown_name(report)}")
    canvas.setAuthor(brand.name)
    canvas.setSubject(f"figures sha256 {digest}")
    canvas.setCreator("SpreadPilot")
    return canvas


@lru_cache(maxsize=4)
def _picture(logo: bytes) -> ImageReader:
    """Read a logo, once for all followers.

    Raises:
        InvalidInput: It cannot be read, or has so many pixels that it would take the memory.
    """
    check_logo(logo)
    try:
        picture = ImageReader(io.BytesIO(logo))
        width, height = picture.getSize()
        is_large = max(width, height) > _MOST_PIXELS
        if not is_large:
            picture.getRGBData()
    except Exception as error:
        # Pillow raises whatever its decoders do, SyntaxError among them.
        raise InvalidInput("logo", "cannot be read as a PNG or JPEG picture") from error
    if is_large:
        raise InvalidInput("logo", f"has {width} x {height} pixels; at most {_MOST_PIXELS} a side")
    return picture


def _draw_logo(pen: Pen, picture: ImageReader) -> None:
    width, height = picture.getSize()
    scale = min(_LOGO_WIDTH / width, _LOGO_HEIGHT / height)
    pen.canvas.drawImage(picture, MARGIN, A4[1] - 53, width * scale, height * scale, mask="auto")
