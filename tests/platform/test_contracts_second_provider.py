"""The second provider of deals/1 keeps every promise of the contract, as the first one does, on both databases."""

import functools
from pathlib import Path

import pytest

from kumiko_testing.lab import run_suite, sentence_of, suite_of
from kumiko_testing.records import open_house, prepare_database
from kumiko_testing.zoo import zoo

__all__ = ["zoo"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "kumiko-deals-lite"
CORE = ("kumiko.jobs", "kumiko.records", "kumiko.duplicates", "kumiko.access", "kumiko.parties", "kumiko.notify")


@pytest.fixture
def lite(zoo, clone_database, tmp_path):
    """Core and deals-lite."""
    name = zoo.install_project(EXAMPLE)
    made = open_house(clone_database("lite", functools.partial(prepare_database, core=CORE, plugins=(name,))),
                      tmp_path, CORE, (name,))  # fmt: skip
    assert dict(made.generation.failed) == {}
    yield made
    made.database.close()


def test_the_second_provider_passes_the_whole_suite(lite):
    assert run_suite("deals/1", lite) == [(sentence_of(check), "") for check in suite_of("deals/1")]


def test_it_passes_that_of_the_customers_beside_it(lite):
    assert run_suite("parties/1", lite) == [(sentence_of(check), "") for check in suite_of("parties/1")]
