"""`kumiko plugin new`: a whole project of a plugin that works, with the migration of its tables and its own tests."""

from __future__ import annotations

import keyword
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from string import Template

from kumiko.host import manifest
from kumiko.host.errors import KumikoError
from kumiko.operate import projects

_TEXTS = Path(__file__).with_name("project")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
#: Where each text of the folder `project` goes.
_FILES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "gitignore.txt": ".gitignore",
    "init.py.txt": "src/${package}/__init__.py",
    "plugin.toml.txt": "src/${package}/plugin.toml",
    "plugin.py.txt": "src/${package}/plugin.py",
    "test.py.txt": "tests/test_${prefix}.py",
}


@dataclass(frozen=True)
class Made:
    """A project that was written: its folder, its files relative to it, and what to type next."""

    folder: Path
    files: list[str]
    commands: list[str]


def write(name: str, folder: Path | None, *, core: Sequence[str]) -> Made:
    """Write the project of the plugin `name` into `folder` (kumiko-NAME here when not given).

    KumikoError with a sentence when the name cannot be used or the folder holds something; then nothing is written.
    """
    words = _words(name)
    _refuse_taken(words, core)
    folder = folder or Path(words["distribution"])
    is_new = not folder.exists()
    if not is_new and (not folder.is_dir() or any(folder.iterdir())):
        raise KumikoError(f"{folder} is not empty; name another folder with --path, or move away what is there")
    words["folder"] = str(folder)
    try:
        for text, place in _FILES.items():
            path = folder / Template(place).substitute(words)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(Template((_TEXTS / text).read_text("utf-8")).substitute(words), "utf-8")
        projects.write_migration(folder, f"tables of {name}")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if not is_new:
            folder.mkdir()
        raise
    made = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    commands = [f"kumiko plugin install --editable {folder}", f"kumiko plugin enable {name}", "kumiko serve"]
    return Made(folder, [str(path) for path in made if path.suffix != ".pyc"], commands)


def _words(name: str) -> dict[str, str]:
    """What the texts say, from the plugin's name."""
    if keyword.iskeyword(name):
        raise KumikoError(f"{name!r} is a word of the language Python; choose another name, for example {name}_log")
    if not _NAME.fullmatch(name):
        close = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        hint = f", for example {close!r}" if _NAME.fullmatch(close) and not keyword.iskeyword(close) else ""
        raise KumikoError(
            f"{name!r} is no name for a plugin; wanted 2 to 40 of a to z, digits and underscores, a letter first{hint}"
        )
    plain = name.replace("-", "_")
    thing = _singular(plain)
    plural = plain if thing != plain else _plural(plain)
    title = plain.replace("_", " ").capitalize()
    return {
        "name": name,
        "prefix": plain,
        "package": f"kumiko_{plain}",
        "distribution": f"kumiko-{plain.replace('_', '-')}",
        "collection": plural.replace("_", "-"),
        "thing": thing,
        "CONSTANT": thing.upper(),
        "title": title,
        "label": thing.replace("_", " ").capitalize(),
        "label_plural": plural.replace("_", " ").capitalize(),
    }


def _singular(word: str) -> str:
    """`visits` -> `visit`, `companies` -> `company`; as it is when it does not look like a plural."""
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeiou" else f"{word}s"


def _refuse_taken(words: dict[str, str], core: Sequence[str]) -> None:
    installed = manifest.scan(core)
    name = words["name"]
    if name in installed.manifests or any(one.name == name for one in installed.unreadable):
        raise KumikoError(f"a plugin called {name!r} is installed here already; choose another name")
    for one in installed.manifests.values():
        if words["collection"] in one.collections:
            raise KumikoError(
                f"the address /{words['collection']} belongs to {one.title} ({one.name}); choose another name"
            )
    if find_spec(words["package"]) is not None:
        raise KumikoError(f"a package {words['package']} is installed here already; choose another name")
