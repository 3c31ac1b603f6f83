"""Tests that every plugin inherits: the parts of the trial, one test each, on both databases.

from kumiko_testing.generic import PluginTests

class TestVisits(PluginTests):
    plugin = "visits"
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from kumiko.core import CORE
from kumiko.host import manifest
from kumiko.host.loader import LoadedPlugin, load
from kumiko.operate import probe
from kumiko_testing.trial import answers, contracts, planting, round_trip, schema
from kumiko_testing.trial.house import TrialHouse, make_tables
from kumiko_testing.trial.planting import Filled


def _build(url: str, plugin: str, core: tuple[str, ...]) -> None:
    """Tables of the core, of what the plugin needs, and its own; switched on, with one record of each type."""
    one = manifest.scan(core).get(plugin)
    make_tables(url, one, core)
    house = TrialHouse(url, Path("."), one, core)
    assert list(house.switch_on()) == []
    house.close()


class PluginTests:
    """Set `plugin` to the name of yours; `core` only when it needs less or more than Kumiko's own core."""

    plugin: ClassVar[str]
    core: ClassVar[tuple[str, ...]] = CORE

    @pytest.fixture
    def loaded(self) -> LoadedPlugin:
        """The plugin, imported and checked."""
        return load(manifest.scan(self.core).get(self.plugin))

    @pytest.fixture
    def on_trial(self, clone_database: Callable[..., str], tmp_path: Path) -> Iterator[TrialHouse]:
        """An installation with the plugin switched on."""
        build = functools.partial(_build, plugin=self.plugin, core=self.core)
        url = clone_database(f"trial of {self.plugin}", build)
        made = TrialHouse(url, tmp_path, manifest.scan(self.core).get(self.plugin), self.core)
        yield made
        made.close()

    @pytest.fixture
    def filled(self, on_trial: TrialHouse) -> Filled:
        """One record of each type, and one more in the bin."""
        return planting.plant(on_trial)

    def test_the_quick_check_finds_nothing(self) -> None:
        """Imports, side effects, names, scopes, manifest."""
        report = probe.check(self.plugin, core=self.core)
        assert (report.problems, report.warnings) == ((), ())

    def test_migrations_go_up_down_and_up_again_and_equal_the_models(
        self, loaded: LoadedPlugin, clone_database: Callable[..., str]
    ) -> None:
        """And leave nothing behind when they are taken back."""
        build = functools.partial(make_tables, one=loaded.manifest, core=self.core)
        url = clone_database(f"house without {self.plugin}", build)
        assert list(schema.problems(loaded, url)) == []

    def test_the_api_description_is_made(self, on_trial: TrialHouse) -> None:
        """And describes every collection of the plugin."""
        assert list(answers.api_description(on_trial)) == []

    def test_pages_answer_with_empty_tables(self, on_trial: TrialHouse) -> None:
        """Lists, forms, boards, links of the menu, panels, own addresses."""
        assert list(answers.pages(on_trial)) == []

    def test_pages_answer_with_records(self, on_trial: TrialHouse, filled: Filled) -> None:
        """The same, and cards, cells, dialogs, history."""
        assert list(answers.pages(on_trial, filled)) == []

    @pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # rights are the same conditions on both
    def test_no_exit_gives_a_foreign_record_away(self, on_trial: TrialHouse, filled: Filled) -> None:
        """Asked as a seller who may see none of the records."""
        assert list(answers.leak_walk(on_trial, filled)) == []

    def test_records_come_through_changes_bin_export_and_import(self, on_trial: TrialHouse, filled: Filled) -> None:
        """With every value as it was."""
        assert list(round_trip.problems(on_trial, filled)) == []

    def test_contracts_are_kept(self, on_trial: TrialHouse) -> None:
        """Every check of the suites of the contracts that the plugin provides."""
        assert list(contracts.problems(on_trial)) == []
