"""Making a pipeline like another one, and the order of its stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kumiko import Conflict, create, current, unit, update
from kumiko import gettext as _
from kumiko_sales.funnel import funnel
from kumiko_sales.models import PIPELINE, STAGE
from kumiko_sales.rules import BRINGS_STAGES

_COPIED = (
    "name", "kind", "position", "hue", "wip_limit", "max_idle_days", "max_days", "needs_next_step", "needs_fields",
)  # fmt: skip


def copy(record: Any, values: Mapping[str, Any]) -> None:
    """Make a pipeline with the teams and the offered stages of another one, as one unit; deals stay. `values`: name."""
    source = funnel().find_pipeline(record.id)
    if source is None:
        raise Conflict(_("This pipeline is archived or gone; choose another one."))
    memo: dict[Any, Any] = current().unit.memo
    memo[BRINGS_STAGES] = True
    made = create(PIPELINE, {"name": values["name"], "teams": [{"team": one} for one in sorted(source.team_ids)]})
    del memo[BRINGS_STAGES]
    for stage in source.offered():
        copied = {name: getattr(stage, name) for name in _COPIED}
        copied |= {"pipeline": made.id, "probability": stage.probability, "needs_fields": list(stage.needs_fields)}
        copied |= {"hue": stage.hue or None, "role": stage.role_id, "approver_role": stage.approver_role_id}
        create(STAGE, copied)


def put_in_order(pipeline_id: int, order: Sequence[tuple[int, int]]) -> int | None:
    """Give stages of a pipeline the order in which they are listed; gives the unit, None when they stood so already.

    `order`: (stage id, its version as the person saw it), all stages of one kind. Stale when somebody changed one
    meanwhile, Conflict when the stages are others by now.
    """
    pipeline = funnel().find_pipeline(pipeline_id)
    known = {one.id: one for one in pipeline.stages} if pipeline is not None else {}
    ids = [stage_id for stage_id, _version in order]
    kinds = {known[one].kind for one in ids if one in known}
    there = {one.id for one in known.values() if one.kind in kinds}
    if len(kinds) != 1 or there != set(ids) or len(ids) != len(set(ids)):
        raise Conflict(_("The stages of this pipeline are others by now; look at them again."))
    with unit(reason=_("order of stages")) as opened:
        for place, (stage_id, version) in enumerate(order, start=1):
            if known[stage_id].position != place:
                update(STAGE, stage_id, {"position": place}, if_match=version)
        return opened.id if opened.has_effect else None
