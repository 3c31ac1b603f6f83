"""Who may import whom, as a configuration of import-linter made for the plugins that are there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = (
    "jobs", "records", "duplicates", "access", "fields", "sharing", "exits", "leaving", "parties", "imports", "notify",
    "calendar", "files", "mailing", "currencies", "rest", "web", "admin", "archive", "privacy",
)  # fmt: skip
CORE_LAYERS = (
    "privacy", "archive", "admin", "texts", "rest | web", "imports | files | calendar | fields",
    "exits | leaving | sharing", "parties | notify | currencies", "access", "mailing", "duplicates", "records", "jobs",
)  # fmt: skip
HOST_LAYERS = (*CORE_LAYERS, "secrets", "services", "operate", "host", "core")  # core: a list of names
WEBLESS = (
    "kumiko.records", "kumiko.duplicates", "kumiko.jobs", "kumiko.parties", "kumiko.notify.services", "kumiko.calendar",
    "kumiko.imports.engine",
)  # fmt: skip
PUBLIC = ("services",)  # modules that a plugin may import beside the top-level names
PLUGIN_LAYERS = ("plugin", "routes | handlers | jobs", "services", "queries", "models")


def plugin_packages(root: Path = ROOT) -> list[str]:
    """The import package of every distribution under plugins/, so a new plugin is covered on arrival."""
    return sorted(path.parent.name for path in root.glob("plugins/*/src/*/__init__.py"))


def existing(names: Iterable[str], package: Path) -> list[str]:
    """Those of these modules that the package has."""
    return [name for name in names if (package / name / "__init__.py").is_file() or (package / f"{name}.py").is_file()]


def config(plugins: list[str], places: dict[str, Path]) -> str:
    """The text of an import-linter configuration; `places` maps each package to its folder."""
    kumiko = places["kumiko"]
    core = existing(CORE, kumiko)
    inside = sorted({path.stem for path in kumiko.iterdir() if not path.name.startswith("__")} - set(PUBLIC))
    inner = [f"kumiko.{name}" for name in existing(inside, kumiko)]
    contracts = [
        contract(
            "The platform is built in layers; each imports only downwards",
            type="layers",
            layers=[" | ".join(f"({part})" for part in layer.split(" | ")) for layer in HOST_LAYERS],
            containers=["kumiko"],
        ),
        contract(
            "The platform knows no plugin, and the host no contract of a module",
            type="forbidden",
            source_modules=["kumiko.host", "kumiko.operate", *(f"kumiko.{name}" for name in core if name != "parties")],
            forbidden_modules=["kumiko_contracts", "kumiko_testing", *plugins],
        ),
        contract(
            "Contracts stand alone",
            type="forbidden",
            source_modules=["kumiko_contracts"],
            forbidden_modules=["kumiko", "kumiko_testing", *plugins],
        ),
    ]
    if len(plugins) > 1:
        contracts.append(contract("Plugins never import each other", type="independence", modules=plugins))
    if plugins:
        contracts.append(
            contract(
                "Plugins use the top-level names of kumiko only",
                type="forbidden",
                source_modules=plugins,
                forbidden_modules=[*inner, "kumiko_testing"],
                allow_indirect_imports=["True"],
            )
        )
        contracts.append(
            contract(
                "Inside a plugin imports go downwards",
                type="layers",
                layers=[" | ".join(f"({part})" for part in layer.split(" | ")) for layer in PLUGIN_LAYERS],
                containers=plugins,
            )
        )
    services = [f"{name}.services" for name in plugins if existing(["services"], places[name])]
    contracts.append(
        contract(
            "Services know nothing of the web",
            type="forbidden",
            source_modules=[*WEBLESS, *services],
            forbidden_modules=["flask", "werkzeug"],
            allow_indirect_imports=["True"],
        )
    )
    head = "[importlinter]\ninclude_external_packages = True\nroot_packages =\n" + indented(
        ["kumiko", "kumiko_contracts", "kumiko_testing", *plugins]
    )
    numbered = [f"[importlinter:contract:{number}]\n{text}" for number, text in enumerate(contracts, 1)]
    return "\n".join([head, *numbered])


def contract(name: str, type: str, **options: list[str]) -> str:  # noqa: A002 - import-linter's own word
    lines = [f"name = {name}", f"type = {type}"]
    for key, values in options.items():
        lines.append(f"{key} =\n{indented(values)}" if len(values) != 1 else f"{key} = {values[0]}")
    return "\n".join(lines) + "\n"


def indented(values: Iterable[str]) -> str:
    return "".join(f"    {value}\n" for value in values)
