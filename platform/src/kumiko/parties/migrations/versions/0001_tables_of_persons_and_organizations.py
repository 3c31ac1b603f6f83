"""Tables of persons and organizations."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parties_organization",
        sa.Column("legal_name", sa.String(length=300), nullable=True),
        sa.Column("registration_number", sa.String(length=80), nullable=True),
        sa.Column("tax_number", sa.String(length=80), nullable=True),
        sa.Column("website", sa.String(length=300), nullable=True),
        sa.Column("domain", sa.String(length=253), nullable=True),
        sa.Column("industry", sa.String(length=120), nullable=True),
        sa.Column("employees", sa.Integer(), nullable=True),
        sa.Column("annual_revenue_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("annual_revenue_currency", sa.String(length=3), nullable=True),
        sa.Column("founded_year", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("country", sa.String(length=80), nullable=True),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_since", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("payment_terms", sa.String(length=200), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_organization")),
    )
    with op.batch_alter_table("parties_organization", schema=None) as batch_op:
        batch_op.create_index("ix_parties_organization_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_parties_organization_domain", ["domain"], unique=False)
        batch_op.create_index("ix_parties_organization_email", ["email"], unique=False)
        batch_op.create_index("ix_parties_organization_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_parties_organization_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_parties_organization_parent", ["parent_id"], unique=False)
        batch_op.create_index("ix_parties_organization_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "parties_organization_address",
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("street", sa.String(length=300), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=120), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("country", sa.String(length=80), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_organization_address")),
    )
    with op.batch_alter_table("parties_organization_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parties_organization_address_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "parties_organization_email",
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("primary", sa.Boolean(), nullable=True),
        sa.Column("opted_out", sa.Boolean(), nullable=True),
        sa.Column("invalid", sa.Boolean(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_organization_email")),
    )
    with op.batch_alter_table("parties_organization_email", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parties_organization_email_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_parties_organization_email_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "parties_organization_phone",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("primary", sa.Boolean(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_organization_phone")),
    )
    with op.batch_alter_table("parties_organization_phone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parties_organization_phone_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_parties_organization_phone_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "parties_person",
        sa.Column("salutation", sa.String(length=40), nullable=True),
        sa.Column("first_name", sa.String(length=120), nullable=True),
        sa.Column("middle_name", sa.String(length=120), nullable=True),
        sa.Column("last_name", sa.String(length=120), nullable=True),
        sa.Column("job_title", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("time_zone", sa.String(length=60), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
        sa.Column("lifecycle_stage", sa.String(length=20), nullable=True),
        sa.Column("referred_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_person")),
    )
    with op.batch_alter_table("parties_person", schema=None) as batch_op:
        batch_op.create_index("ix_parties_person_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_parties_person_email", ["email"], unique=False)
        batch_op.create_index("ix_parties_person_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_parties_person_organization", ["organization_id", "id"], unique=False)
        batch_op.create_index("ix_parties_person_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_parties_person_phone", ["phone"], unique=False)
        batch_op.create_index("ix_parties_person_referred_by", ["referred_by_id"], unique=False)
        batch_op.create_index("ix_parties_person_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "parties_person_address",
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("street", sa.String(length=300), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=120), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("country", sa.String(length=80), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_person_address")),
    )
    with op.batch_alter_table("parties_person_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parties_person_address_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "parties_person_email",
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("primary", sa.Boolean(), nullable=True),
        sa.Column("opted_out", sa.Boolean(), nullable=True),
        sa.Column("invalid", sa.Boolean(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_person_email")),
    )
    with op.batch_alter_table("parties_person_email", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parties_person_email_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_parties_person_email_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "parties_person_messenger",
        sa.Column("service", sa.String(length=20), nullable=True),
        sa.Column("handle", sa.String(length=200), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_person_messenger")),
    )
    with op.batch_alter_table("parties_person_messenger", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parties_person_messenger_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "parties_person_organization",
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("role", sa.String(length=200), nullable=True),
        sa.Column("primary", sa.Boolean(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_person_organization")),
    )
    with op.batch_alter_table("parties_person_organization", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_parties_person_organization_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_parties_person_organization_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "parties_person_phone",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("primary", sa.Boolean(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties_person_phone")),
    )
    with op.batch_alter_table("parties_person_phone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parties_person_phone_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_parties_person_phone_parent_id"), ["parent_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("parties_person_phone", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parties_person_phone_parent_id"))
        batch_op.drop_index(batch_op.f("ix_parties_person_phone_number"))

    op.drop_table("parties_person_phone")
    with op.batch_alter_table("parties_person_organization", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parties_person_organization_parent_id"))
        batch_op.drop_index(batch_op.f("ix_parties_person_organization_organization_id"))

    op.drop_table("parties_person_organization")
    with op.batch_alter_table("parties_person_messenger", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parties_person_messenger_parent_id"))

    op.drop_table("parties_person_messenger")
    with op.batch_alter_table("parties_person_email", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parties_person_email_parent_id"))
        batch_op.drop_index(batch_op.f("ix_parties_person_email_address"))

    op.drop_table("parties_person_email")
    with op.batch_alter_table("parties_person_address", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parties_person_address_parent_id"))

    op.drop_table("parties_person_address")
    with op.batch_alter_table("parties_person", schema=None) as batch_op:
        batch_op.drop_index("ix_parties_person_team_created")
        batch_op.drop_index("ix_parties_person_referred_by")
        batch_op.drop_index("ix_parties_person_phone")
        batch_op.drop_index("ix_parties_person_owner_created")
        batch_op.drop_index("ix_parties_person_organization")
        batch_op.drop_index("ix_parties_person_name")
        batch_op.drop_index("ix_parties_person_email")
        batch_op.drop_index("ix_parties_person_created")

    op.drop_table("parties_person")
    with op.batch_alter_table("parties_organization_phone", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parties_organization_phone_parent_id"))
        batch_op.drop_index(batch_op.f("ix_parties_organization_phone_number"))

    op.drop_table("parties_organization_phone")
    with op.batch_alter_table("parties_organization_email", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parties_organization_email_parent_id"))
        batch_op.drop_index(batch_op.f("ix_parties_organization_email_address"))

    op.drop_table("parties_organization_email")
    with op.batch_alter_table("parties_organization_address", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parties_organization_address_parent_id"))

    op.drop_table("parties_organization_address")
    with op.batch_alter_table("parties_organization", schema=None) as batch_op:
        batch_op.drop_index("ix_parties_organization_team_created")
        batch_op.drop_index("ix_parties_organization_parent")
        batch_op.drop_index("ix_parties_organization_owner_created")
        batch_op.drop_index("ix_parties_organization_name")
        batch_op.drop_index("ix_parties_organization_email")
        batch_op.drop_index("ix_parties_organization_domain")
        batch_op.drop_index("ix_parties_organization_created")

    op.drop_table("parties_organization")
