"""A house with the core and the module deals on a fresh database, and people of each role."""

import functools

import pytest

from kumiko_deals import setup
from kumiko_testing.records import open_house, prepare_database

CORE = ("kumiko.jobs", "kumiko.records", "kumiko.access", "kumiko.parties", "kumiko.notify")


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
