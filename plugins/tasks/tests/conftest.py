"""A web process with deals, sales and tasks."""

import pytest
import tasks_lab


@pytest.fixture
def lab(clone_database, tmp_path):
    made = tasks_lab.Lab(clone_database("tasks", tasks_lab.build), tmp_path)
    yield made
    made.database.close()
