"""A house with integrations on."""

import integrations_lab
import pytest

from kumiko_testing.zoo import zoo

__all__ = ["zoo"]


@pytest.fixture
def lab(clone_database, tmp_path):
    made = integrations_lab.Lab(clone_database("integrations", integrations_lab.build), tmp_path)
    yield made
    made.close()
