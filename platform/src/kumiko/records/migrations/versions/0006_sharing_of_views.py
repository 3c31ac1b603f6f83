"""With whom views are shared, in which order, what opens first; views kept as addresses become filters."""

import json
from urllib.parse import parse_qsl

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_view = sa.table("records_view", sa.column("id", Id), sa.column("query", JsonValue()))


def upgrade() -> None:
    op.create_table(
        "records_view_share",
        sa.Column("view_id", Id, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("subject_id", Id, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("view_id", "kind", "subject_id", name="pk_records_view_share"),
    )
    op.create_table(
        "records_view_place",
        sa.Column("user_id", Id, autoincrement=False, nullable=False),
        sa.Column("view_id", Id, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "view_id", name="pk_records_view_place"),
    )
    op.create_table(
        "records_view_role",
        sa.Column("type_key", sa.String(80), nullable=False),
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("view_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("type_key", "role", name="pk_records_view_role"),
    )
    op.create_index("ix_records_view_role_view_id", "records_view_role", ["view_id"])
    connection = op.get_bind()
    for row in connection.execute(sa.select(_view.c.id, _view.c.query)).all():
        if isinstance(row.query, dict) and "query" in row.query:
            kept = as_filter(str(row.query["query"] or ""))
            connection.execute(sa.update(_view).where(_view.c.id == row.id).values(query=kept))


def as_filter(address: str) -> dict[str, object]:
    """The list of an address (`state=open&size__gte=3&sort=-name`) in the form of filters."""
    found: dict[str, object] = {}
    values: dict[str, list[str]] = {}
    nodes: list[object] = []
    for name, value in parse_qsl(address):
        if name in ("sort", "q"):
            found[name] = value
        elif name == "columns":
            found["columns"] = value.split(",")
        elif name == "filter":
            try:
                nodes.append(json.loads(value))
            except ValueError:
                continue
        elif name not in ("view", "after") and not name.startswith("_"):
            values.setdefault(name, []).append(value)
    for name, given in values.items():
        path, _mark, operator = name.partition("__")
        nodes += _nodes(path, operator or "eq", given)
    if nodes:
        found["filter"] = nodes[0] if len(nodes) == 1 else {"and": nodes}
    return found


def _nodes(path: str, operator: str, values: list[str]) -> list[object]:
    if operator in ("empty", "nempty"):
        yes = values[-1].lower() not in ("false", "0", "no")
        return [{"f": path, "op": "empty" if yes == (operator == "empty") else "nempty"}]
    if operator in ("in", "nin", "between"):
        return [{"f": path, "op": operator, "v": values}]
    if len(values) > 1 and operator in ("eq", "ne"):
        return [{"f": path, "op": "in" if operator == "eq" else "nin", "v": values}]
    return [{"f": path, "op": operator, "v": value} for value in values]


def downgrade() -> None:
    op.drop_table("records_view_role")
    op.drop_table("records_view_place")
    op.drop_table("records_view_share")
