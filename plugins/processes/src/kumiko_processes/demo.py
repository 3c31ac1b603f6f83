"""Sample processes: two that only tell and ask, on; one that waits for other modules, as a draft."""

from __future__ import annotations

from kumiko import all_ids, catalogue, create, run_action, unit
from kumiko import gettext as _
from kumiko_processes import recipe_trees, recipes, starting
from kumiko_processes.models import PROCESS

SAMPLE = {"f": "tags", "op": "eq", "v": "sample"}
PUBLISHED = ("large_deal", "close_date")
DRAFTS = ("hung_up",)
RUNS = 3


def make() -> None:
    """Make them, inside the caller's unit; nothing while there are no deals."""
    info = catalogue().find(recipes.DEAL)
    head = _head()
    if info is None or head is None:
        return
    with unit():
        for key in (*PUBLISHED, *DRAFTS):
            recipe = recipes.find(key)
            assert recipe is not None, key
            values = {
                "name": str(recipe.name),
                "about": recipe.about,
                "draft": recipe.make(),
                "runs_as": head,
                "owner": head,
            }
            made = create(PROCESS, values)
            if key in PUBLISHED:
                run_action(PROCESS, made.id, "publish", {})
            if key == PUBLISHED[0]:
                _start_some(made.id)


def _head() -> int | None:
    """Some head of sales, who sees every sample deal."""
    info = catalogue().find("access.user")
    ids = all_ids(info, node={"f": "roles", "op": "contains", "v": "head"}) if info is not None else []
    return ids[0] if ids else None


def _start_some(process_id: int) -> None:
    """Runs about the largest open deals, so that there is something to look at."""
    process = starting.find(process_id)
    info = catalogue().get(recipes.DEAL)
    large = {"f": "amount", "op": "gte", "v": 100000}
    ids = all_ids(info, node={"and": [SAMPLE, recipe_trees.OPEN, large]})[:RUNS] or all_ids(
        info, node={"and": [SAMPLE, recipe_trees.OPEN]}
    )[:RUNS]  # fmt: skip
    if process is not None and ids:
        starting.begin(process, [(one, None) for one in ids], _("sample data"))
