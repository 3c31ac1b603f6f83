"""A house with processes on, and a plugin that offers toys to them."""

import processes_lab
import pytest

from kumiko.core import CORE
from kumiko_testing.records import open_house
from kumiko_testing.zoo import zoo  # noqa: F401 - a fixture


@pytest.fixture
def lab(clone_database, tmp_path, zoo):
    zoo.add("toys", processes_lab.TOYS)
    house = open_house(
        clone_database("processes", processes_lab.build), tmp_path, CORE, (*processes_lab.MODULES, "toys")
    )
    assert dict(house.generation.failed) == {}
    yield processes_lab.Lab(house)
    house.database.close()
