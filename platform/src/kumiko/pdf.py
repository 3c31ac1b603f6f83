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
#: Which letters beyond Latin-1 are in which file; a file is read when the first of its letters is printed.
_RANGES = (
    ("latin-ext", ((0x100, 0x24F), (0x1E00, 0x1E9F), (0x20A0, 0x20AB), (0x20AD, 0x20C0))),
    (
        "vietnamese",
        ((0x102, 0x103), (0x110, 0x111), (0x1A0, 0x1B0), (0x300, 0x323), (0x1EA0, 0x1EF9), (0x20AB, 0x20AB)),
    ),
    ("cyrillic", ((0x400, 0x45F), (0x490, 0x491), (0x4B0, 0x4B1), (0x2116, 0x2116))),
    ("cyrillic-ext", ((0x460, 0x52F), (0x20B4, 0x20B4))),
    ("greek", ((0x370, 0x3FF),)),
    ("greek-ext", ((0x1F00, 0x1FFF),)),
)
_WEIGHTS = (("", 400), ("B", 600))
MARGIN_MM = 20.0
FOOT_MM = 30.0

logging.getLogger("fontTools").setLevel(logging.WARNING)


class Pdf(FPDF):
    """An A4 document. `foot`: lines at the foot of each page; the page's number stands beside them."""

    def __init__(self, *, title: str, author: str = "", language: str = "", foot: Sequence[str] = ()) -> None:
        super().__init__(format="A4", unit="mm")
        self.foot = tuple(foot)[:4]
        self._subsets: list[str] = []
        self._read("latin", FAMILY)
        self.set_title(title)
        self.set_author(author or "Kumiko")
        self.set_creator("Kumiko")
        if language:
            self.set_lang(language)
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, margin=FOOT_MM)
        self.alias_nb_pages()
        self.set_font(FAMILY, size=9.5)

    def _read(self, subset: str, name: str) -> None:
        for style, weight in _WEIGHTS:
            self.add_font(name, style, static_dir() / "fonts" / "print" / f"inter-{subset}-{weight}.woff")

    def normalize_text(self, text: str) -> str:
        """Every text that is printed comes through here."""
        odd = {ord(letter) for letter in text if letter > "ÿ"}
        for subset, ranges in _RANGES if odd else ():
            if subset not in self._subsets and any(low <= one <= high for one in odd for low, high in ranges):
                self._read(subset, f"{FAMILY}-{subset}")
                self._subsets.append(subset)
                self.set_fallback_fonts([f"{FAMILY}-{one}" for one in self._subsets], exact_match=False)
        return super().normalize_text(text)

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
