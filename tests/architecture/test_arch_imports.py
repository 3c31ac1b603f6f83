"""Who may import whom: the layers of the platform, the borders of plugins."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter_config import config, plugin_packages

RUN = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"


def folder_of(package):
    found = importlib.util.find_spec(package)
    assert found, f"{package} is not installed: run ./kumiko test"
    return Path(next(iter(found.submodule_search_locations)))


def lint(tmp_path, plugins, extra=None):
    places = {name: folder_of(name) for name in ["kumiko", "kumiko_contracts", *plugins]} | (extra or {})
    file = tmp_path / "importlinter.ini"
    file.write_text(config([*plugins, *(extra or {})], places))
    return subprocess.run(
        [sys.executable, "-c", RUN, str(file)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_goes_the_way_the_design_allows(tmp_path):
    done = lint(tmp_path, plugin_packages())
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("services", "import kumiko.host.errors", "Plugins use the top-level names of kumiko only BROKEN"),
        ("services", "import flask", "Services know nothing of the web BROKEN"),
        ("models", "from kumiko_planted import services", "Inside a plugin imports go downwards BROKEN"),
    ],
)
def test_a_planted_import_is_reported(tmp_path, module, line, broken):
    package = tmp_path / "kumiko_planted"
    package.mkdir()
    for name in ("__init__", "services", "models"):
        (package / f"{name}.py").write_text("")
    (package / f"{module}.py").write_text(f"{line}\n")
    done = lint(tmp_path, [], {"kumiko_planted": package})
    assert done.returncode == 1, done.stderr
    assert broken in done.stdout
