"""A house with the core, deals and sales, and the same database as a process without sales sees it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import sales_web

from kumiko_deals.setup import make_lists
from kumiko_sales.funnel import funnel
from kumiko_sales.setup import make_pipeline
from kumiko_testing.records import House, open_house, prepare_database

CORE = ("kumiko.jobs", "kumiko.records", "kumiko.duplicates", "kumiko.access", "kumiko.currencies", "kumiko.parties",
        "kumiko.notify")  # fmt: skip
BOTH = ("deals", "sales")


def build(url):
    """Tables of everything, the lists of deals, the first pipeline."""
    prepare_database(url, CORE, BOTH)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE, BOTH)
        assert dict(house.generation.failed) == {}
        with house.acting():
            make_lists()
            make_pipeline()
        house.database.close()


@dataclass
class Houses:
    on: House
    off: House


@pytest.fixture
def houses(clone_database, tmp_path):
    """The same database with sales on, and with sales off."""
    url = clone_database("sales", build)
    made = Houses(open_house(url, tmp_path, CORE, BOTH), open_house(url, tmp_path, CORE, ("deals",)))
    yield made
    made.on.database.close()
    made.off.database.close()


@pytest.fixture
def sales_house(houses):
    return houses.on


@pytest.fixture
def stage(sales_house):
    """A function: name of a stage of the default pipeline -> its id."""

    def of(name):
        with sales_house.acting():
            return next(one.id for one in funnel().default.stages if one.name == name)

    return of


@pytest.fixture
def web(clone_database, tmp_path):
    """A web process with both modules on, and people who may sign in."""
    made = sales_web.Web(clone_database("sales_web", sales_web.build_web), tmp_path)
    yield made
    made.database.close()
