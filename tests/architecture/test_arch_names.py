"""House rules that a reader of one file cannot see: names, sizes, what must not stand in a tracked file."""

import ast
import collections
import io
import platform
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = {"", ".py", ".toml", ".md", ".txt", ".json", ".html", ".css", ".js", ".lock", ".yml", ".ini", ".sh", ".po"}
INLINE = {
    "a style attribute": r"<[a-zA-Z][^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "an event handler": r"<[a-zA-Z][^>]*\son[a-z]+\s*=",
    "a javascript: address": r"javascript:",
    "an inline script without a nonce": r"<script(?![^>]*\b(?:src|nonce)\s*=)[^>]*>",
}


def tracked_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_platform_is_still_the_standard_module():
    assert Path(platform.__file__).name == "platform.py"
    assert "site-packages" not in platform.__file__
    assert platform.python_version()


def test_the_folder_platform_is_no_package():
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_no_test_folder_is_a_package():
    assert [path for path in tracked_files() if path.name == "__init__.py" and "tests" in path.parts] == []


def test_test_files_have_unique_names():
    names = collections.Counter(path.name for path in tracked_files() if re.match(r"test_.*\.py", path.name))
    assert [name for name, count in names.items() if count > 1] == []


def lines_of_code(path: Path) -> int:
    """Lines that do something: no blank ones, comments or docstrings, or the hooks' descriptions would count."""
    text = path.read_text("utf-8")
    lines = {number for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in NO_CODE
             for number in range(token.start[0], token.end[0] + 1)}  # fmt: skip
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            lines -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(lines)


NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def test_the_host_stays_under_three_thousand_lines_of_code():
    files = [path for path in (ROOT / "platform/src/kumiko/host").rglob("*.py") if "migrations" not in path.parts]
    assert sum(lines_of_code(path) for path in files) < 3000


def test_modules_have_one_subject():
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked_files()
        if path.suffix == ".py" and "tests" not in path.parts and (count := len(path.read_text().splitlines())) > 400
    }
    assert long == {}, "over 400 lines: split by subject"


def test_no_tracked_file_names_a_registry_or_a_machine_path():
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com"]
    paths = [r"(?<![\w.])/" + name + "/" for name in ("work", "root", "tmp")]
    pattern = re.compile("|".join([*map(re.escape, hosts), *paths]))
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked_files()
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "constraints.txt", "platform/assets/package-lock.json"])
def test_locks_hold_no_address(name):
    assert "://" not in (ROOT / name).read_text()


def test_every_pin_of_the_lock_has_a_hash():
    blocks = re.split(r"\n(?! )", (ROOT / "requirements.lock").read_text())
    assert [block for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("what", INLINE)
def test_templates_hold_nothing_inline(what):
    found = [
        f"{path.relative_to(ROOT)}:{text[: match.start()].count(chr(10)) + 1}: {match[0][:80]}"
        for path in tracked_files()
        if path.suffix == ".html" and "templates" in path.parts
        for text in [re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)]
        for match in re.finditer(INLINE[what], text)
    ]
    assert found == [], f"{what} is refused by the content policy"
