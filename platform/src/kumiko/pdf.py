"""Printed pages: a PDF with the house's fonts, margins and page numbers. What stands on it is the caller's affair.

fpdf2 is pure Python; the fonts are Inter as WOFF from kumiko-assets (Latin, Cyrillic, Greek, Vietnamese), embedded as
far as they are used. Letters of other scripts are not printed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fpdf import FPDF

from kumiko.host.i18n import gettext as _
from kumiko_assets import static_dir

FAMILY = "Inter"
_SUBSETS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese")
_WEIGHTS = (("", 400), ("B", 600))
MARGIN_MM = 20.0
FOOT_MM = 30.0

logging.getLogger("fontTools").setLevel(logging.WARNING)


class Pdf(FPDF):
    """An A4 document. `foot`: lines at the foot of each page; the page's number stands beside them."""

    def __init__(self, *, title: str, author: str = "", language: str = "", foot: Sequence[str] = ()) -> None:
        super().__init__(format="A4", unit="mm")
        self.foot = tuple(foot)[:4]
        for subset in _SUBSETS:
            name = FAMILY if subset == "latin" else f"{FAMILY}-{subset}"
            for style, weight in _WEIGHTS:
                self.add_font(name, style, static_dir() / "fonts" / "print" / f"inter-{subset}-{weight}.woff")
        self.set_fallback_fonts([f"{FAMILY}-{subset}" for subset in _SUBSETS[1:]], exact_match=False)
        self.set_title(title)
        self.set_author(author or "Kumiko")
        self.set_creator("Kumiko")
        if language:
            self.set_lang(language)
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, margin=FOOT_MM)
        self.alias_nb_pages()
        self.set_font(FAMILY, size=9.5)

    def footer(self) -> None:
        """The lines at the foot, and which page of how many it is."""
        self.set_y(-FOOT_MM + 8)
        self.set_draw_color(214, 216, 222)
        self.line(MARGIN_MM, self.get_y(), self.w - MARGIN_MM, self.get_y())
        self.set_y(self.get_y() + 2)
        self.set_font(FAMILY, size=7.5)
        self.set_text_color(110, 112, 122)
        top = self.get_y()
        self.multi_cell(self.epw - 30, 3.6, "\n".join(self.foot), align="L", new_x="LMARGIN", new_y="NEXT")
        self.set_xy(self.w - MARGIN_MM - 34, top)
        self.cell(34, 3.6, _("Page %(page)d of %(pages)s", page=self.page_no(), pages="{nb}"), align="R")
        self.set_text_color(24, 25, 31)

    def room_for(self, height_mm: float) -> None:
        """Go on to the next page unless so much fits on this one."""
        if self.will_page_break(height_mm):
            self.add_page()

    def finished(self) -> bytes:
        """The document."""
        return bytes(self.output())
