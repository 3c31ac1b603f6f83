"""Cells of lists: what a value looks like, and that nobody's text becomes HTML."""

from __future__ import annotations

from markupsafe import Markup

from kumiko.web import cells
from kumiko.web.viewmodels import Column, Option, hue_of, initials_of


def test_a_plain_cell_escapes_what_people_wrote() -> None:
    draw = cells.cell(Column("note", "Note"))
    assert draw("<b>hi</b> & co") == "<td>&lt;b&gt;hi&lt;/b&gt; &amp; co"


def test_an_editable_number_kept_on_the_phone_says_so_in_its_classes() -> None:
    draw = cells.cell(Column("amount", "Amount", numeric=True, editable=True, phone=True))
    assert draw("€1,054.00") == '<td class="n f e" data-f=amount><button>€1,054.00</button>'


def test_nothing_is_a_dash_that_can_still_be_edited() -> None:
    draw = cells.cell(Column("source", "Source", editable=True))
    assert draw(None) == "<td class=e data-f=source><button><i>—</i></button>"
    assert draw(None) == draw("")


def test_a_choice_shows_its_label_and_hue_and_an_unknown_key_itself() -> None:
    html = cells.badge_html({"won": Option("won", "Won <3", "green"), "plain": Option("plain", "Plain")})
    assert html("won") == '<span class="km-badge is-dot km-h-green">Won &lt;3</span>'
    assert html("plain") == "Plain"
    assert html("<gone>") == "&lt;gone&gt;"


def test_a_chip_escapes_name_and_address() -> None:
    html = cells.chip_html(('Ana "A" <x>', 7, '/users/7"'))
    assert 'href="/users/7&#34;"' in html
    assert "Ana &#34;A&#34; &lt;x&gt;" in html


def test_the_title_links_to_the_card() -> None:
    assert cells.title_cell("/deals")(12, "A & B") == '<th scope=row><a href="/deals/12">A &amp; B</a>'


def test_lines_keep_ready_html_and_escape_the_rest() -> None:
    lines = cells.lines_html([Markup("<b>x</b>"), "<i>y</i>"])
    assert lines == Markup('<div class="km-lines"><span><b>x</b></span><span>&lt;i&gt;y&lt;/i&gt;</span></div>')


def test_initials_and_hues_are_steady_for_any_name() -> None:
    assert [initials_of(name) for name in ("Maya Lindqvist", "Jo", "", "  ?? ", "Ödön von Horváth")] == [
        "ML",
        "J",
        "?",
        "?",
        "ÖH",
    ]
    assert hue_of(7) == hue_of("7") != "gray"
