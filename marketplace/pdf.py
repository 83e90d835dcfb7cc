"""A4 papers as PDF: a heading, facts beside each other, tables and paragraphs, the same bytes for the same content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

FONT = "DejaVu"
GREY, BLACK, RULE = 110, 20, 200
MARGIN = 20.0


@cache
def _fonts() -> Path:
    # Letters of most languages; matplotlib, which mediapipe needs, brings the font along.
    return Path(str(files("matplotlib"))) / "mpl-data" / "fonts" / "ttf"


class Paper(FPDF):
    """One document; call the methods in reading order, then ``bytes()``."""

    def __init__(self, *, title: str, made_at: datetime, foot: str) -> None:
        super().__init__(format="A4")
        self.foot_text = foot
        self.add_font(FONT, "", _fonts() / "DejaVuSans.ttf")
        self.add_font(FONT, "B", _fonts() / "DejaVuSans-Bold.ttf")
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, 25)
        self.set_creation_date(made_at)
        self.set_title(title)
        self.add_page()
        self.set_font(FONT, "B", 20)
        self.cell(0, 12, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(4)

    def footer(self) -> None:
        """Write who issued it and the page's number."""
        self.set_y(-18)
        self.set_font(FONT, "", 8)
        self.set_text_color(GREY)
        self.cell(self.epw - 30, 5, self.foot_text)
        self.cell(30, 5, f"Page {self.page_no()} of {{nb}}", align="R")
        self.set_text_color(BLACK)

    def columns(self, parts: Sequence[tuple[str, Iterable[str]]]) -> None:
        """Write short blocks of lines beside each other, each with a caption."""
        width, top, low = self.epw / len(parts), self.get_y(), self.get_y()
        for number, (caption, lines) in enumerate(parts):
            self.set_xy(MARGIN + number * width, top)
            self.set_font(FONT, "", 8)
            self.set_text_color(GREY)
            self.multi_cell(width - 4, 5, caption, new_x=XPos.LEFT, new_y=YPos.NEXT)
            self.set_text_color(BLACK)
            self.set_font(FONT, "", 9)
            for line in lines:
                self.multi_cell(width - 4, 5, line, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)
            low = max(low, self.get_y())
        self.set_xy(MARGIN, low + 6)

    def rows(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], *, widths: Sequence[int], bold_last: int = 0
    ) -> None:
        """Write a table whose last column is money, on as many pages as it takes."""
        lines = [list(row) for row in rows]
        align = tuple(["LEFT"] * (len(head) - 1) + ["RIGHT"])
        self.set_font(FONT, "", 8.5)
        self.set_draw_color(RULE)
        with self.table(
            col_widths=tuple(widths),
            text_align=align,
            borders_layout="HORIZONTAL_LINES",
            line_height=5,
            padding=1.2,
        ) as table:
            table.row(head)
            for number, line in enumerate(lines):
                if len(lines) - number <= bold_last:
                    self.set_font(FONT, "B", 8.5)
                table.row(line)
        self.set_font(FONT, "", 9)
        self.ln(5)

    def say(self, text: str, *, small: bool = False) -> None:
        """Write one paragraph."""
        self.set_font(FONT, "", 8 if small else 9.5)
        self.multi_cell(0, 5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)

    def heading(self, text: str) -> None:
        """Write a heading of a part."""
        self.set_font(FONT, "B", 11)
        self.cell(0, 8, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def bytes(self) -> bytes:
        """Give the file."""
        return bytes(self.output())
