"""A well-behaved plugin with one record type, and ways to spoil one thing of it."""

MODELS = """
from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column
from kumiko import Id, RecordMixin, Scope, plugin_base, record_indexes

Base = plugin_base("goats")

class Goat(RecordMixin, Base):
    __tablename__ = "goats_goat"
    __scope__ = Scope.record("goats.goat")
    __table_args__ = record_indexes("goats_goat")
    milk: Mapped[int | None] = mapped_column(Integer)
    breed: Mapped[str | None] = mapped_column(String(80))
"""

MIGRATION = """{docstring}
import sqlalchemy as sa
from alembic import op
from kumiko import Id, JsonValue, UtcDateTime

revision, down_revision, branch_labels, depends_on = "0001", None, None, None

def upgrade():
    op.create_table(
        "goats_goat",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("owner_id", Id), sa.Column("team_id", Id),
        sa.Column("created_at", UtcDateTime(), nullable=False), sa.Column("created_by_id", Id),
        sa.Column("updated_at", UtcDateTime(), nullable=False), sa.Column("updated_by_id", Id),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UtcDateTime()), sa.Column("custom", JsonValue()),
        sa.Column("milk", sa.Integer()), sa.Column("breed", sa.String(80)),
        {columns}
    )
    op.create_index("ix_goats_goat_created", "goats_goat", ["created_at", "id"])
    op.create_index("ix_goats_goat_owner_created", "goats_goat", ["owner_id", "created_at", "id"])
    op.create_index("ix_goats_goat_team_created", "goats_goat", ["team_id", "created_at", "id"])
    op.create_index("ix_goats_goat_name", "goats_goat", ["name", "id"])
    {up}

def downgrade():
    {down}
"""

PLUGIN = """
from kumiko import Field, MenuItem, Panel, RecordType, emit, hookimpl, session, unscoped
from zoo_goats.models import Base, Goat

{before}

@hookimpl
def declare_models():
    return Base

@hookimpl
def declare_records():
    return [RecordType(
        key="goats.goat", collection="goats", label="Goat", label_plural="Goats", model=Goat,
        fields=(
            Field(name="name", kind="text", label="Name", required=True, searchable=True),
            Field(name="milk", kind="integer", label="Milk", minimum=0),
            Field(name="breed", kind="text", label="Breed"),
            {fields}
        ),
        {record}
    )]

{after}
"""

ROUTES = """
from flask import Blueprint
routes = Blueprint("goats", __name__)

{views}

@hookimpl
def declare_routes():
    return [routes]
"""


def add(
    zoo, *, before="", after="", fields="", record="", up="", down='op.drop_table("goats_goat")', models="", columns="",
    docstring='"""The table of goats."""', toml="", files=None,
):  # fmt: skip
    """Put the goats into the zoo, with what the arguments add to their parts."""
    plugin = PLUGIN.format(before=before, after=after, fields=fields, record=record)
    migration = MIGRATION.format(up=up, down=down, docstring=docstring, columns=columns)
    texts = {"models.py": MODELS + models, "migrations/versions/0001_goats.py": migration, **(files or {})}
    zoo.add("goats", plugin, toml=f'collections = ["goats"]\n{toml}', files=texts)


def routes(views: str) -> str:
    """A blueprint of its own with these views."""
    return ROUTES.format(views=views)
