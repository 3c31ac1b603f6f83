"""A house with the core and the module deals on a fresh database, and people of each role."""

import functools

import intake_lab
import pytest

from kumiko_deals import setup
from kumiko_testing.records import WHOLE, open_house, prepare_database

CORE = ("kumiko.jobs", "kumiko.records", "kumiko.duplicates", "kumiko.access", "kumiko.parties", "kumiko.notify")


@pytest.fixture
def deals_house(clone_database, tmp_path):
    """Core and deals, with the lists that come with deals."""
    url = clone_database("deals", functools.partial(prepare_database, core=CORE, plugins=("deals",)))
    made = open_house(url, tmp_path, CORE, ("deals",))
    assert dict(made.generation.failed) == {}
    with made.acting():
        setup.make_lists()
    yield made
    made.database.close()


@pytest.fixture
def intake(clone_database, tmp_path):
    """The whole core and deals, with sellers who get leads."""
    made = open_house(clone_database("intake", intake_lab.build), tmp_path, WHOLE, ("deals",))
    assert dict(made.generation.failed) == {}
    yield made
    made.database.close()
