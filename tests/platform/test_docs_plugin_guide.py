"""The plugin of the guide is built from the guide's own text, checked and tested."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kumiko_testing.policy import may_skip

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/plugin-guide/index.md").read_text("utf-8")
FILES = dict(re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The folder with every file of the guide, and its wheel unpacked in `site`."""
    folder = tmp_path_factory.mktemp("kumiko-visits")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    code, said = run(folder, "-m", "hatchling", "build", "-t", "wheel")
    assert code == 0, said
    with zipfile.ZipFile(folder / "dist/kumiko_visits-0.1.0-py3-none-any.whl") as wheel:
        wheel.extractall(folder / "site")
    return folder


def run(project, *command):
    """(exit code, output) of Python in the project, with its distribution installed."""
    env = {**os.environ, "PYTHONPATH": str(project / "site"), "KUMIKO_HOME": str(project / "home")}
    env.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=env, capture_output=True, text=True, check=False, timeout=170
    )
    return done.returncode, done.stdout + done.stderr


def test_every_python_block_of_the_guide_is_a_file_that_runs():
    blocks = re.findall(r"^```python(.*)$", GUIDE, re.MULTILINE)
    assert [block for block in blocks if not block.startswith(" file=")] == []
    assert {name for name in FILES if name.endswith(".py")} > {"src/kumiko_visits/plugin.py"}


def test_the_example_passes_its_own_tests(project):
    code, said = run(project, "-m", "pytest", "-q", "-p", "no:playwright", "-p", "no:xdist", "tests")
    assert code == 0, said
    assert re.search(r"^4 passed" if not may_skip() else r"^\d passed", said, re.MULTILINE), said


def test_the_example_passes_the_check_of_plugins(project):
    code, said = run(project, "-m", "kumiko.operate.cli", "plugin", "check", "visits")
    assert code == 0, said


def test_the_example_imports_only_what_a_plugin_may():
    found = set()
    for name, text in FILES.items():
        if name.startswith("src/") and name.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ImportFrom):
                    found.add(node.module)
    assert {name for name in found if name.startswith("kumiko")} == {"kumiko", "kumiko_visits.models"}
