"""Lays blocks out on pages from top to bottom; every height is known before anything is drawn.

So the number of pages is known as well when the first one is drawn, and a table of thousands of
rows takes no longer per row than a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.adapters.pdf_pen import Pen


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A part of a page that is never divided.

    Attributes:
        height: Points.
        draw: Draws it, given the place of its upper edge.
        keeps_next: True where it must not be the last block of a page: a heading.
        head: Drawn above it where it is the first block of a page: the heading of a table.
        outline: Its entry in the document's outline; empty for none.
    """

    height: float
    draw: Callable[[Pen, float], None]
    keeps_next: bool = False
    head: Block | None = None
    outline: str = ""


def space(height: float) -> Block:
    """Leave room."""
    return Block(height=height, draw=lambda _pen, _top: None)


def paginate(blocks: Sequence[Block], *, room: float) -> tuple[tuple[Block, ...], ...]:
    """Share blocks out to pages.

    Args:
        blocks: In reading order.
        room: Height of a page, points.
    """
    pages: list[list[Block]] = [[]]
    left = room
    for group in _groups(blocks):
        needed = sum(block.height for block in group)
        if pages[-1] and needed > left:
            pages.append([])
            left = room
        if not pages[-1] and (head := group[0].head) is not None:
            pages[-1].append(head)
            left -= head.height
        pages[-1] += group
        left -= needed
    return tuple(tuple(page) for page in pages)


def draw_page(pen: Pen, blocks: Sequence[Block], *, top: float) -> None:
    """Draw a page's blocks below each other, and enter them in the outline."""
    for block in blocks:
        if block.outline:
            pen.canvas.bookmarkHorizontal(block.outline, 0, top)
            pen.canvas.addOutlineEntry(block.outline, block.outline, level=0)
        block.draw(pen, top)
        top -= block.height


def _groups(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    group: list[Block] = []
    for block in blocks:
        group.append(block)
        if not block.keeps_next:
            yield group
            group = []
    if group:
        yield group
