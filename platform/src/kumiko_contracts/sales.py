"""sales/1: pipelines and stages of deals, as other modules need them."""

from __future__ import annotations

VERSION = "sales/1"
PIPELINE = "sales.pipeline"
STAGE = "sales.stage"
STAGE_CHANGED = "sales.stage_changed/1"


class Null:
    """Stands in while nobody provides sales/1: deals have no stages."""
