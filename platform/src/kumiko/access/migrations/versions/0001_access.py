"""Tables of users, teams, roles and the ways in."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_attempt",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", columns.UtcDateTime(), nullable=False),
        sa.Column("blocked_until", columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_access_attempt")),
    )
    with op.batch_alter_table("access_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_attempt_last_at"), ["last_at"], unique=False)

    op.create_table(
        "access_one_time_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.Column("used_at", columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_access_one_time_link")),
    )
    with op.batch_alter_table("access_one_time_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_one_time_link_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_one_time_link_user_id"), ["user_id"], unique=False)

    op.create_table(
        "access_role",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("grants", columns.JsonValue(), nullable=True),
        sa.Column("fields", columns.JsonValue(), nullable=True),
        sa.Column("permissions", columns.JsonValue(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", columns.UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", columns.UtcDateTime(), nullable=True),
        sa.Column("custom", columns.JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_role")),
    )
    with op.batch_alter_table("access_role", schema=None) as batch_op:
        batch_op.create_index("ix_access_role_created", ["created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_access_role_key_alive",
            ["key"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index("ix_access_role_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_access_role_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_access_role_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "access_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("seen_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("view_as_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_session_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("access_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index("ix_access_session_user_id", ["user_id"], unique=False)

    op.create_table(
        "access_team",
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("head_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", columns.UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", columns.UtcDateTime(), nullable=True),
        sa.Column("custom", columns.JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_team")),
    )
    with op.batch_alter_table("access_team", schema=None) as batch_op:
        batch_op.create_index("ix_access_team_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_access_team_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_access_team_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_access_team_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "access_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("used_at", columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_token_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("access_token", schema=None) as batch_op:
        batch_op.create_index("ix_access_token_user_id", ["user_id"], unique=False)

    op.create_table(
        "access_user",
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("roles", columns.JsonValue(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=True),
        sa.Column("theme", sa.String(length=10), nullable=True),
        sa.Column("shortcuts_off", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", columns.UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", columns.UtcDateTime(), nullable=True),
        sa.Column("custom", columns.JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_user")),
    )
    with op.batch_alter_table("access_user", schema=None) as batch_op:
        batch_op.create_index("ix_access_user_created", ["created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_access_user_email_alive",
            ["email"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index("ix_access_user_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_access_user_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_access_user_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "access_credential",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=200), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("changed_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["access_user.id"], name=op.f("fk_access_credential_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_access_credential")),
    )


def downgrade() -> None:
    op.drop_table("access_credential")
    with op.batch_alter_table("access_user", schema=None) as batch_op:
        batch_op.drop_index("ix_access_user_team_created")
        batch_op.drop_index("ix_access_user_owner_created")
        batch_op.drop_index("ix_access_user_name")
        batch_op.drop_index(
            "ix_access_user_email_alive",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index("ix_access_user_created")

    op.drop_table("access_user")
    with op.batch_alter_table("access_token", schema=None) as batch_op:
        batch_op.drop_index("ix_access_token_user_id")

    op.drop_table("access_token")
    with op.batch_alter_table("access_team", schema=None) as batch_op:
        batch_op.drop_index("ix_access_team_team_created")
        batch_op.drop_index("ix_access_team_owner_created")
        batch_op.drop_index("ix_access_team_name")
        batch_op.drop_index("ix_access_team_created")

    op.drop_table("access_team")
    with op.batch_alter_table("access_session", schema=None) as batch_op:
        batch_op.drop_index("ix_access_session_user_id")
        batch_op.drop_index(batch_op.f("ix_access_session_expires_at"))

    op.drop_table("access_session")
    with op.batch_alter_table("access_role", schema=None) as batch_op:
        batch_op.drop_index("ix_access_role_team_created")
        batch_op.drop_index("ix_access_role_owner_created")
        batch_op.drop_index("ix_access_role_name")
        batch_op.drop_index(
            "ix_access_role_key_alive",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index("ix_access_role_created")

    op.drop_table("access_role")
    with op.batch_alter_table("access_one_time_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_one_time_link_user_id"))
        batch_op.drop_index(batch_op.f("ix_access_one_time_link_expires_at"))

    op.drop_table("access_one_time_link")
    with op.batch_alter_table("access_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_attempt_last_at"))

    op.drop_table("access_attempt")
