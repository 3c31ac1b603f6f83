"""Who may import whom: the layers of the platform, the borders of plugins."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from importlinter_config import config, plugin_packages

PLATFORM = ("kumiko", "kumiko_contracts", "kumiko_testing")
RUN = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"


def folder_of(package):
    found = importlib.util.find_spec(package)
    assert found, f"{package} is not installed: run ./kumiko test"
    return Path(next(iter(found.submodule_search_locations)))


def lint(tmp_path, plugins, extra=None):
    """Runs import-linter over the plugins and over `extra`, folders by name that lie in tmp_path and come first."""
    places = {name: folder_of(name) for name in ["kumiko", "kumiko_contracts", *plugins]} | (extra or {})
    file = tmp_path / "importlinter.ini"
    file.write_text(config([*plugins, *(name for name in extra or {} if name not in PLATFORM)], places))
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


def plant(folder, lines):
    """Appends an import to each module: {"kumiko_planted.services": "import flask", ...}."""
    for module, line in lines.items():
        path = folder / f"{module.replace('.', '/')}.py"
        path.write_text(f"{path.read_text('utf-8')}\n{line}\n", "utf-8")


def missing(done, expected):
    """Those of the expected (contract, importer, imported) that the report does not name."""
    assert done.returncode == 1, done.stderr
    parts = re.split(r"^(.+)\n-+$", done.stdout.partition("Broken contracts")[2], flags=re.MULTILINE)
    report = dict(zip(parts[1::2], parts[2::2], strict=True))
    return [one for one in expected if not re.search(rf"{one[1]} -> {one[2]} \(l\.", report.get(one[0], ""))]


LAYERS = "The platform is built in layers; each imports only downwards"
TOP_LEVEL = "Plugins use the top-level names of kumiko only"
NO_PLUGIN = "The platform knows no plugin, and the host no contract of a module"
WEBLESS = "Services know nothing of the web"


def test_imports_planted_in_plugins_are_reported(tmp_path):
    places = {name: tmp_path / name for name in ("kumiko_planted", "kumiko_neighbour")}
    for folder in places.values():
        folder.mkdir()
        for name in ("__init__", "queries", "services", "models"):
            (folder / f"{name}.py").write_text("")
    expected = [
        (TOP_LEVEL, "kumiko_planted.services", "kumiko.host.errors"),
        (TOP_LEVEL, "kumiko_planted.queries", "kumiko_testing"),
        (WEBLESS, "kumiko_neighbour.services", "flask"),
        ("Inside a plugin imports go downwards", "kumiko_neighbour.models", "kumiko_neighbour.services"),
        ("Plugins never import each other", "kumiko_planted.models", "kumiko_neighbour"),
    ]
    plant(tmp_path, {importer: f"import {name}" for _contract, importer, name in expected})
    assert missing(lint(tmp_path, [], places), expected) == []


def test_imports_planted_in_the_platform_are_reported(tmp_path):
    places = {name: tmp_path / name for name in PLATFORM}
    for name, place in places.items():
        shutil.copytree(folder_of(name), place, ignore=shutil.ignore_patterns("__pycache__", "static", "*.html"))
    expected = [
        (LAYERS, "kumiko.host.errors", "kumiko.records.money"),
        (LAYERS, "kumiko.jobs.models", "kumiko.records.models"),
        (LAYERS, "kumiko.records.days", "kumiko.access.models"),
        (LAYERS, "kumiko.access.models", "kumiko.parties.models"),
        (LAYERS, "kumiko.access.audit", "kumiko.notify.models"),
        (LAYERS, "kumiko.notify.models", "kumiko.imports.models"),
        (LAYERS, "kumiko.imports.models", "kumiko.web.types"),
        (LAYERS, "kumiko.web.types", "kumiko.rest.answers"),
        (
            "The platform knows no plugin, and the host no contract of a module",
            "kumiko.host.columns",
            "kumiko_contracts",
        ),
        (WEBLESS, "kumiko.records.money", "flask"),
        ("Contracts stand alone", "kumiko_contracts.deals", "kumiko.host.errors"),
    ]
    plant(tmp_path, {importer: f"import {name}" for _contract, importer, name in expected})
    assert missing(lint(tmp_path, [], places), expected) == []


def imported(text):
    """The top-level names that a module imports, wherever the import stands."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_contracts_import_only_the_standard_library():
    files = sorted(folder_of("kumiko_contracts").rglob("*.py"))
    allowed = {*sys.stdlib_module_names, "kumiko_contracts"}
    assert len(files) > 1
    assert {str(path): names for path in files if (names := imported(path.read_text("utf-8")) - allowed)} == {}
