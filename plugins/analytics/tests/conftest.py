"""A house with deals, sales and analytics, and a small history of deals and costs in it."""

import tempfile
from pathlib import Path

import analytics_lab
import analytics_web
import pytest

from kumiko.core import CORE
from kumiko_testing.records import open_house, prepare_database

MODULES = ("deals", "sales", "analytics")


def build(url):
    """Tables of everything, the first lists and pipeline, and the history of `analytics_lab`."""
    prepare_database(url, CORE, MODULES)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE, MODULES)
        assert dict(house.generation.failed) == {}
        with house.acting():
            analytics_lab.make_history()
        house.database.close()


@pytest.fixture
def figures_house(clone_database, tmp_path):
    """The house, with a history."""
    made = open_house(clone_database("analytics", build), tmp_path, CORE, MODULES)
    yield made
    made.database.close()


@pytest.fixture
def web(clone_database, tmp_path):
    """A web process with the modules on, and people who may sign in."""
    made = analytics_web.Web(clone_database("analytics web", analytics_web.build_web), tmp_path)
    yield made
    made.database.close()
