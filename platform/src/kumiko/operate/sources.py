"""A plugin's source, read without running it: what it imports of others, and what it states by name."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kumiko.host.manifest import Installed, Manifest

#: What scripts of migrations may use beside the public names: `kumiko dev migration` writes these lines itself.
_OF_MIGRATIONS = ("kumiko.host.columns",)


@dataclass(frozen=True)
class Import:
    """One import: `module` as a dotted name, with the name that is taken from it where there is one."""

    file: str
    line: int
    module: str

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def problems(one: Manifest, installed: Installed) -> Iterator[str]:
    """A sentence for each import that leads into other modules or into the inside of Kumiko."""
    others = {other.package.partition(".")[0]: other for other in installed.manifests.values() if not other.core}
    own = one.package.partition(".")[0]
    for path, tree in trees(one.folder):
        relative = path.relative_to(one.folder)
        for found in imports(tree, str(relative)):
            if found.top == own:
                continue
            sentence = _judge(one, found, others, relative)
            if sentence:
                yield sentence


def _judge(one: Manifest, found: Import, others: Mapping[str, Manifest], relative: Path) -> str:
    place = f"{one.name}: {found.file} line {found.line} imports"
    if found.top in others:
        return (
            f"{place} {found.module} of the module {others[found.top].title}; modules meet in contracts: use "
            "kumiko_contracts and kumiko.services.get or find."
        )
    if found.top == "kumiko_testing" and not _is_test(relative):
        return f"{place} {found.module}, which is for tests only; move it into the folder tests."
    if found.top == "kumiko" and not _is_public(found.module):
        if relative.parts[0] == "migrations" and found.module.startswith(_OF_MIGRATIONS):
            return ""
        return (
            f"{place} {found.module}, which is inside Kumiko and may change; plugins use the names that "
            "`import kumiko` offers, and kumiko.services."
        )
    return ""


def _is_test(relative: Path) -> bool:
    return "tests" in relative.parts[:-1] or relative.name.startswith("test_") or relative.name == "conftest.py"


def _is_public(module: str) -> bool:
    parts = module.split(".")
    if len(parts) == 1 or parts[1] == "*":
        return True
    offered = importlib.import_module("kumiko")  # by its name: the platform itself imports only downwards
    return parts[1] in offered._MODULES or (len(parts) == 2 and parts[1] in offered._WHERE)


def trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of a package, parsed; what cannot be parsed is left to the import, which says why."""
    for path in sorted(folder.rglob("*.py")):
        try:
            yield path, ast.parse(path.read_text("utf-8"))
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue


def imports(tree: ast.Module, file: str) -> Iterator[Import]:
    """Every absolute import of a module wherever it stands, `import_module("...")` among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            if node.module == "kumiko":
                for alias in node.names:
                    yield Import(file, node.lineno, f"kumiko.{alias.name}")
            elif node.module.startswith("kumiko."):
                for alias in node.names:
                    yield Import(file, node.lineno, f"{node.module}.{alias.name}")
            else:
                yield Import(file, node.lineno, node.module)
        elif isinstance(node, ast.Call) and _named(node.func) in ("import_module", "__import__"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and not first.value.startswith("."):
                yield Import(file, node.lineno, first.value)


def emitted(folder: Path) -> Iterator[tuple[str, int, str]]:
    """(file, line, name) of every `emit("name", ...)` whose event is written out."""
    for path, tree in trees(folder):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _named(node.func) == "emit" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield str(path.relative_to(folder)), node.lineno, first.value


def _named(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
