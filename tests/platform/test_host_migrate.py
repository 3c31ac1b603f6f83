"""Tables: one history per plugin, under a lock, all or nothing."""

import subprocess
import sys
from textwrap import dedent

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata

from kumiko.core import CORE
from kumiko.host import loader
from kumiko.host.database import engine_for_migration, next_ids, normalise_url
from kumiko.host.errors import MigrationFailed
from kumiko.host.manifest import scan
from kumiko.host.models import HostBase
from kumiko.operate import migrate, migration_files

ONE = '''
"""First."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0001", None, None, None
def upgrade():
    op.create_table("herd_cow", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
def downgrade():
    op.drop_table("herd_cow")
'''
TWO = '''
"""Second."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None
def upgrade():
    op.create_table("herd_barn", sa.Column("id", sa.Integer, primary_key=True))
    {more}
def downgrade():
    op.drop_table("herd_barn")
'''


def herd(zoo, second: str = ""):
    files = {"migrations/versions/0001_first.py": ONE}
    if second:
        files["migrations/versions/0002_second.py"] = second
    zoo.add("herd", files=files)
    return migrate.history_of(scan(()).get("herd"))


def test_each_history_has_its_own_version_table(bare, zoo):
    history = herd(zoo, TWO.format(more=""))
    assert migrate.status(bare.url, history).waiting == ("0001", "0002")
    assert migrate.upgrade(bare.url, history) == ["0001", "0002"]
    assert migrate.upgrade(bare.url, history) == []
    assert migrate.status(bare.url, history) == migrate.Status(name="herd", current="0002", head="0002", waiting=())
    assert {"herd_cow", "herd_barn", "alembic_herd", "alembic_host"} <= bare.tables()


def test_a_failing_migration_leaves_nothing_and_can_be_repeated(bare, zoo):
    history = herd(zoo, TWO.format(more="raise RuntimeError('no barn today')"))
    before = bare.tables()
    with pytest.raises(MigrationFailed, match=r"herd: its tables could not be brought to head; .*no barn today"):
        migrate.upgrade(bare.url, history)
    assert bare.tables() == before
    history = herd(zoo, TWO.format(more=""))
    assert migrate.upgrade(bare.url, history) == ["0001", "0002"]


def test_purging_leaves_no_table(bare, zoo):
    before = bare.tables()
    history = herd(zoo, TWO.format(more=""))
    migrate.upgrade(bare.url, history)
    assert migrate.downgrade_to_base(bare.url, history) == ["0002", "0001"]
    assert bare.tables() == before


def test_a_database_of_a_newer_version_is_refused(bare, zoo):
    migrate.upgrade(bare.url, herd(zoo, TWO.format(more="")))
    (zoo.folder / "zoo_herd/migrations/versions/0002_second.py").unlink()
    with pytest.raises(MigrationFailed, match="at revision '0002', which this version does not know"):
        migrate.status(bare.url, migrate.history_of(scan(()).get("herd")))


def test_three_processes_that_migrate_at_once_do_it_once(bare, zoo):
    herd(zoo, TWO.format(more=""))
    code = dedent(
        f"""
        import sys
        sys.path.insert(0, {str(zoo.folder)!r})
        from kumiko.host.manifest import scan
        from kumiko.operate import migrate, migration_files
        history = migrate.history_of(scan(()).get("herd"))
        sys.stdin.readline()
        print(*migrate.upgrade({bare.url!r}, history))
        """
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=150)[0].strip() for process in processes)
    assert (said, [process.returncode for process in processes]) == (["", "", "0001 0002"], [0, 0, 0])


def test_rebuilding_a_table_does_not_cascade_into_rows_of_others(bare, zoo):
    """SQLite's batch mode drops the old table; with foreign keys on that deleted other plugins' rows."""
    rebuild = 'with op.batch_alter_table("herd_cow") as batch:\n        batch.alter_column("name", type_=sa.String(99))'
    history = herd(zoo)
    migrate.upgrade(bare.url, history)
    with bare.database.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO herd_cow (id, name) VALUES (1, 'Bella')")
        connection.exec_driver_sql(
            "CREATE TABLE calf (id INTEGER PRIMARY KEY, cow_id INTEGER REFERENCES herd_cow (id) ON DELETE CASCADE)"
        )
        connection.exec_driver_sql("INSERT INTO calf (id, cow_id) VALUES (7, 1)")
    assert migrate.upgrade(bare.url, herd(zoo, TWO.format(more=rebuild))) == ["0002"]
    with bare.database.reader.connect() as connection:
        assert connection.exec_driver_sql("SELECT id, cow_id FROM calf").all() == [(7, 1)]


def test_ids_ascend_and_are_never_given_twice(bare):
    with bare.database.engine.begin() as connection:
        first = next_ids(connection, 3)
        second = next_ids(connection)
    assert first == sorted(first)
    assert second[0] > first[-1]


def _histories():
    found = [("host", None)]
    return found + [(one.name, one) for one in scan(CORE).manifests.values() if one.core]


@pytest.mark.parametrize(("name", "one"), _histories(), ids=lambda value: value if isinstance(value, str) else "")
def test_migrations_make_exactly_the_tables_of_the_models(name, one, bare):
    history = migrate.host_history() if one is None else migrate.history_of(one)
    base = HostBase if one is None else loader.load(one).base
    if base is None:
        assert not history.has_scripts
        return
    migrate.upgrade(bare.url, history)
    with migrate.comparing(bare.url, history, base.metadata) as context:
        differences = compare_metadata(context, base.metadata)
    # full-text tables and indexes that one database alone can have are written by hand in the migrations
    assert [one for one in differences if one[0] != "remove_index" and "_fts" not in getattr(one[1], "name", "")] == []


@pytest.mark.parametrize(("name", "one"), _histories()[1:], ids=lambda value: value if isinstance(value, str) else "")
def test_migrations_of_the_core_can_be_taken_back(name, one, bare):
    before = bare.tables()
    history = migrate.history_of(one)
    migrate.upgrade(bare.url, history)
    migrate.downgrade_to_base(bare.url, history)
    assert bare.tables() == before


def test_autogenerate_writes_only_own_tables_and_then_nothing(zoo, tmp_path):
    zoo.add(
        "herd",
        files={
            "models.py": """
            from datetime import datetime
            from sqlalchemy.orm import Mapped, mapped_column
            from kumiko import Id, JsonValue, Scope, plugin_base
            Base = plugin_base("herd")
            class Cow(Base):
                __tablename__ = "herd_cow"
                __scope__ = Scope.public("a test")
                id: Mapped[int] = mapped_column(Id, primary_key=True)
                born_at: Mapped[datetime]
                notes: Mapped[dict | None] = mapped_column(JsonValue)
            """
        },
    )
    from zoo_herd.models import Base

    history = migrate.history_of(scan(()).get("herd"))
    path = migration_files.autogenerate(history, Base.metadata, "cows and notes")
    text = path.read_text()
    assert path.name == "0001_cows_and_notes.py"
    assert "\nfrom kumiko import Id, JsonValue, UtcDateTime\n" in text
    assert ("UtcDateTime(), nullable=False" in text, "JsonValue()" in text, "host_" in text) == (True, True, False)
    assert migration_files.autogenerate(history, Base.metadata, "again") is None
    url = f"sqlite:///{tmp_path / 'x.db'}"
    migrate.upgrade(url, history)
    engine = engine_for_migration(normalise_url(url))
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["alembic_herd", "herd_cow"]
