"""The tables of system mails."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailing_mail",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("job_id", Id, nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing_mail")),
        sa.UniqueConstraint("key", name=op.f("uq_mailing_mail_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("mailing_mail") as batch_op:
        batch_op.create_index("ix_mailing_mail_state", ["state", "id"])

    op.create_table(
        "mailing_attachment",
        sa.Column("mail_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["mailing_mail.id"], name=op.f("fk_mailing_attachment_mail_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mail_id", "position", name=op.f("pk_mailing_attachment")),
    )


def downgrade() -> None:
    op.drop_table("mailing_attachment")
    with op.batch_alter_table("mailing_mail") as batch_op:
        batch_op.drop_index("ix_mailing_mail_state")

    op.drop_table("mailing_mail")
