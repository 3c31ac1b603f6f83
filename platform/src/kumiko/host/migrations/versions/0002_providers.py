"""How often one provider of a contract took over from another, and the lock that writers share meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revision_ = sa.table("host_revision", sa.column("name"), sa.column("n"))
    op.bulk_insert(revision_, [{"name": "providers", "n": 0}])
    if op.get_bind().dialect.name == "postgresql":
        # Volatile, so that the number is read after the lock is held, by a snapshot of its own.
        op.execute(
            "CREATE FUNCTION host_providers() RETURNS integer "
            "LANGUAGE plpgsql VOLATILE SET lock_timeout TO '10s' AS $$ "
            "BEGIN PERFORM pg_advisory_xact_lock_shared(1802857331); "
            "RETURN (SELECT n FROM host_revision WHERE name = 'providers'); END $$"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION host_providers()")
    op.execute("DELETE FROM host_revision WHERE name = 'providers'")
