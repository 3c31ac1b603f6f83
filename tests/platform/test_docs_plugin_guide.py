"""Somebody follows the plugin guide to the letter: every file, command and answer on its pages."""

import re
from pathlib import Path

import pytest
from guide_lab import Walker, blocks_of

from kumiko_testing import environments

FOLDER = Path(__file__).resolve().parents[2] / "docs/plugin-guide"
#: The pages in the order in which they build on each other; others are there to be looked up in.
PAGES = ("index", "fields", "rules", "pages", "others", "background", "strings", "shipping")


def test_the_first_page_leads_to_all_others_in_order():
    listed = re.findall(r"^\| \[[^\]]+\]\((\w+)\.md\)", (FOLDER / "index.md").read_text("utf-8"), re.MULTILINE)
    assert tuple(listed[: len(PAGES) - 1]) == PAGES[1:]
    assert sorted(["index", *listed]) == sorted(path.stem for path in FOLDER.iterdir())


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_short_and_says_for_whom_it_is_and_what_they_can_do_afterwards(page):
    lines = (FOLDER / f"{page}.md").read_text("utf-8").splitlines()
    assert len(lines) < 200
    assert lines[2].startswith("**For** ")
    assert any(line.startswith("**Afterwards** you ") for line in lines[3:6])


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(600)
def test_whoever_does_what_the_guide_says_gets_what_it_shows(tmp_path):
    """One test, since each page needs those before it."""
    environment = environments.make(tmp_path / "environment", tmp_path / "work/instance")
    work = tmp_path / "work"
    work.mkdir()
    walker = Walker(work, environment)
    code, said = walker.run("kumiko init --demo")
    assert code == 0, said
    try:
        for page in PAGES:
            for block in blocks_of(FOLDER / f"{page}.md"):
                walker.do(block)
    finally:
        walker.stop()


def test_no_block_of_the_guide_imports_what_a_plugin_may_not():
    found = {
        module
        for page in PAGES
        for block in blocks_of(FOLDER / f"{page}.md")
        if block.language in ("python", "diff") and "/tests/" not in block.words
        for module in re.findall(r"^[+]?(?:from|import) (kumiko[\w.]*)", block.text, re.MULTILINE)
        if not module.startswith("kumiko_visits")
    }
    assert found <= {"kumiko", "kumiko_contracts", "kumiko_contracts.deals"}
