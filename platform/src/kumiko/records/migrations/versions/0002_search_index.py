"""Trigram index of search documents: FTS5 on SQLite (kept by triggers), pg_trgm on PostgreSQL."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQLITE_UP = (
    "CREATE VIRTUAL TABLE records_search_fts USING fts5("
    "text, content='records_search', content_rowid='record_id', tokenize='trigram')",
    "CREATE TRIGGER records_search_added AFTER INSERT ON records_search BEGIN "
    "INSERT INTO records_search_fts(rowid, text) VALUES (new.record_id, new.text); END",
    "CREATE TRIGGER records_search_gone AFTER DELETE ON records_search BEGIN "
    "INSERT INTO records_search_fts(records_search_fts, rowid, text) VALUES ('delete', old.record_id, old.text); END",
    "CREATE TRIGGER records_search_changed AFTER UPDATE ON records_search BEGIN "
    "INSERT INTO records_search_fts(records_search_fts, rowid, text) VALUES ('delete', old.record_id, old.text); "
    "INSERT INTO records_search_fts(rowid, text) VALUES (new.record_id, new.text); END",
)
_SQLITE_DOWN = (
    "DROP TRIGGER records_search_changed",
    "DROP TRIGGER records_search_gone",
    "DROP TRIGGER records_search_added",
    "DROP TABLE records_search_fts",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE_UP:
            op.execute(statement)
        return
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE INDEX ix_records_search_trigram ON records_search USING gin (text gin_trgm_ops)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE_DOWN:
            op.execute(statement)
        return
    op.execute("DROP INDEX ix_records_search_trigram")
