"""sales/1: pipelines and stages of deals, as other modules need them."""

from __future__ import annotations

from kumiko_contracts.shapes import Fact, Shape, ShapeField

VERSION = "sales/1"
PIPELINE = "sales.pipeline"
STAGE = "sales.stage"
STAGE_CHANGED = "sales.stage_changed/1"

#: Record types of the contract. A stage's `kind` is open, won or lost.
SHAPES = (
    Shape(key=PIPELINE, collection="pipelines", fields=(ShapeField(name="name", kind="text"),)),
    Shape(
        key=STAGE,
        collection="stages",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="pipeline", kind="link", to=PIPELINE),
            ShapeField(name="kind", kind="choice", choices=("open", "won", "lost")),
        ),
    ),
)

#: Facts of the contract, each stated once, with the unit that made it true.
FACTS = (
    Fact(
        name=STAGE_CHANGED,
        fields={
            "pipeline_id": "pipeline that the deal is in now",
            "stage_id": "stage that it entered",
            "from_stage_id": "stage that it left, or null for a new deal",
            "owner_id": "user who owns the deal, or null",
        },
    ),
)


class Null:
    """Stands in while nobody provides sales/1: deals have no stages."""
