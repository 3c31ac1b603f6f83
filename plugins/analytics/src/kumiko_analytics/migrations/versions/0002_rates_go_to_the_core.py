"""Exchange rates become the core's: what was entered here moves to its table."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if sa.inspect(connection).has_table("currencies_rate"):
        _move(connection)
    op.drop_table("analytics_rate")


def _move(connection: sa.Connection) -> None:
    found = sa.MetaData()
    old = sa.Table("analytics_rate", found, autoload_with=connection)
    new = sa.Table("currencies_rate", found, autoload_with=connection)
    kept = sa.table("host_setting", sa.column("key", sa.String()), sa.column("value", JsonValue()))
    base = connection.execute(sa.select(kept.c.value).where(kept.c.key == "host.currency")).scalar() or "EUR"
    now = datetime.now(UTC)
    taken = {(row.currency, row.valid_on) for row in connection.execute(sa.select(new))}
    codes: set[str] = {row[0] for row in taken}
    for row in connection.execute(sa.select(old).where(old.c.deleted_at.is_(None)).order_by(old.c.id)):
        if row.valid_on is None or not row.rate or (row.name, row.valid_on) in taken:
            continue
        taken.add((row.name, row.valid_on))
        codes.add(row.name)
        values = {
            "id": row.id, "name": f"{row.name} {row.valid_on}", "owner_id": row.owner_id, "team_id": row.team_id,
            "created_at": now, "updated_at": now, "version": 1, "currency": row.name, "valid_on": row.valid_on,
            "rate": row.rate, "base": base,
        }  # fmt: skip
        connection.execute(sa.insert(new).values(values))
    if codes:  # what the core looks at before it reads rates
        connection.execute(sa.delete(kept).where(kept.c.key == "currencies.known"))
        connection.execute(sa.insert(kept).values(key="currencies.known", value=sorted(codes)))


def downgrade() -> None:
    op.create_table(
        "analytics_rate",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("team_id", Id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", Id, nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("custom", JsonValue(), nullable=True),
        sa.Column("valid_on", sa.Date(), nullable=True),
        sa.Column("rate", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_rate")),
    )
    with op.batch_alter_table("analytics_rate") as batch_op:
        batch_op.create_index("ix_analytics_rate_created", ["created_at", "id"])
        batch_op.create_index("ix_analytics_rate_name", ["name", "id"])
        batch_op.create_index("ix_analytics_rate_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_analytics_rate_team_created", ["team_id", "created_at", "id"])
