"""Second factors, recovery codes, known browsers and identities at sign-in providers."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("access_session", sa.Column("must_enrol", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "access_second_factor",
        sa.Column("user_id", _ID, autoincrement=False, nullable=False),
        sa.Column("secret", sa.String(length=400), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("made_at", columns.UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["access_user.id"], name=op.f("fk_access_second_factor_user_id_access_user")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_access_second_factor")),
    )
    op.create_table(
        "access_recovery_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("used_at", columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_access_recovery_code")),
    )
    op.create_index(op.f("ix_access_recovery_code_user_id"), "access_recovery_code", ["user_id"])
    op.create_table(
        "access_device",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", _ID, autoincrement=False, nullable=False),
        sa.Column("trait", sa.String(length=64), nullable=False),
        sa.Column("first_at", columns.UtcDateTime(), nullable=False),
        sa.Column("last_at", columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", "user_id", name=op.f("pk_access_device")),
    )
    op.create_index("ix_access_device_user_id", "access_device", ["user_id"])
    op.create_table(
        "access_identity",
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("made_at", columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_access_identity")),
    )
    op.create_index("ix_access_identity_user_id", "access_identity", ["user_id"])


def downgrade() -> None:
    for name in ("access_identity", "access_device", "access_recovery_code", "access_second_factor"):
        op.drop_table(name)
    with op.batch_alter_table("access_session") as batch_op:
        batch_op.drop_column("must_enrol")
