"""How connections to the database are set up."""

import pytest
from sqlalchemy import text

from kumiko.host.database import Database


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_statements_are_not_compiled_and_options_of_the_address_stay(database_url):
    """A search over all types of a full house was compiled for minutes before it ran for milliseconds."""
    database = Database.open(f"{database_url}?options=-c%20statement_timeout%3D7s")
    with database.engine.connect() as connection:
        assert connection.execute(text("SHOW jit")).scalar_one() == "off"
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "7s"
    database.close()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_readers_and_a_writer_work_side_by_side_on_sqlite(database_url):
    database = Database.open(database_url)
    with database.engine.connect() as connection:
        told = [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "foreign_keys")]
    assert told == ["wal", 1]
    database.close()
