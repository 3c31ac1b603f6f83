"""The trial as a list of parts, each noted with its sentences and its seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kumiko.core import CORE
from kumiko.host.loader import LoadedPlugin
from kumiko.operate import probe
from kumiko.operate.report import Notebook
from kumiko_testing.trial import answers, contracts, planting, round_trip, schema
from kumiko_testing.trial.house import TrialHouse, make_tables


def trial(name: str, notebook: Notebook, folder: Path, core: Sequence[str] = CORE) -> None:
    """Everything: the quick checks, then the scratch installation in `folder`. What cannot go on ends it."""
    loaded = probe.quick(name, notebook, core)
    if loaded is None or notebook.problems:
        return
    url = f"sqlite:///{folder / 'trial.db'}"
    make_tables(url, loaded.manifest, core)
    if not notebook.check("migrations", lambda: schema.problems(loaded, url)):
        return
    house = TrialHouse(url, folder, loaded.manifest, core)
    try:
        if notebook.check("switching on", house.switch_on):
            in_house(house, loaded, notebook)
    finally:
        house.close()


def in_house(house: TrialHouse, loaded: LoadedPlugin, notebook: Notebook) -> None:
    """The parts that need the plugin to be on."""
    notebook.check("API description", lambda: answers.api_description(house))
    notebook.check("pages with empty tables", lambda: answers.pages(house))
    notebook.check("contracts", lambda: contracts.problems(house))
    if not house.has("records", "access"):
        return
    filled = planting.plant(house)
    for sentence in round_trip.warnings(house, filled):
        notebook.warn(sentence)
    notebook.check("pages with records", lambda: answers.pages(house, filled))
    notebook.check("leaks", lambda: answers.leak_walk(house, filled))
    notebook.check("records", lambda: round_trip.problems(house, filled))
