"""The builder as ready values: cards with sentences, what is wrong with them, and what can be added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kumiko import Link, RecordView, catalogue, may, principal
from kumiko import gettext as _
from kumiko_processes import checks, describe, editing, offers, queries
from kumiko_processes.models import OFF, ON, PROCESS
from kumiko_processes.tree import Step, Tree, empty, paths

Part = tuple[str, bool]
HUES = {"wait": "violet", "only": "violet", "branch": "violet", "stop": "gray", "ask": "amber", "notify": "teal"}


@dataclass(frozen=True, kw_only=True)
class PathCard:
    """One way of a branch. `inside`: its id, for what is added to it."""

    id: str
    kicker: str
    title: str
    parts: tuple[Part, ...]
    cards: tuple[StepCard, ...]
    href: str
    selected: bool
    editable: bool
    faults: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StepCard:
    """A step as a card. `key`: its id, "trigger" or "if"; `inside` and `number`: where it stands."""

    key: str
    kicker: str
    title: str
    parts: tuple[Part, ...]
    icon: str
    hue: str
    href: str
    selected: bool = False
    count: str = ""
    failed: str = ""
    faults: tuple[str, ...] = ()
    inside: str = ""
    number: int = 0
    first: bool = True
    last: bool = True
    paths: tuple[PathCard, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A step that can be added."""

    what: str
    label: str
    text: str
    icon: str
    hue: str


@dataclass(frozen=True, kw_only=True)
class ChoiceGroup:
    """Steps that can be added, of one kind."""

    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class BuilderView:
    """Everything the builder shows beside the inspector."""

    id: int
    name: str
    path: str
    version: int
    about: str
    state: str
    state_label: str
    state_hue: str
    fault: str
    trigger: StepCard
    condition: StepCard
    cards: tuple[StepCard, ...]
    changes: int
    faults: tuple[str, ...]
    all_faults: int
    can_edit: bool
    can_publish: bool
    runs: int
    groups: tuple[ChoiceGroup, ...]
    crumbs: tuple[Link, ...]
    is_on: bool
    is_off: bool


def draft_of(record: RecordView) -> Tree:
    """The tree that people work on."""
    found = record.get("draft") or record.get("tree")
    return found if isinstance(found, dict) else empty()


def builder_view(record: RecordView, selected: str) -> BuilderView:
    """The builder of a process; four statements besides those of the record."""
    tree, about = draft_of(record), str(record.get("about") or "")
    found = checks.problems(tree, about, record.id)
    by_step: dict[str, list[str]] = {}
    for one in found:
        by_step.setdefault(one.step, []).append(one.text)
    draw = _Drawer(record, tree, about, selected, by_step)
    changes = editing.count_changes(record.get("draft"), record.get("tree"))
    state = str(record.get("state"))
    labels = {ON: (_("On"), "green"), OFF: (_("Off"), "amber")}
    label, hue = labels.get(state, (_("Draft"), "gray"))
    can_edit = may("edit", PROCESS) and not principal().read_only
    return BuilderView(
        id=record.id,
        name=record.title,
        path=f"/processes/{record.id}/build",
        version=record.version,
        about=about,
        state=state,
        state_label=label,
        state_hue=hue,
        fault=str(record.get("fault") or ""),
        trigger=draw.trigger(),
        condition=draw.condition(),
        cards=draw.cards(tree.get("steps") or (), ""),
        changes=changes,
        faults=tuple(by_step.get("", ())),
        all_faults=len(found),
        can_edit=can_edit,
        can_publish=bool(can_edit and changes and not found),
        runs=queries.count_runs(record.id),
        groups=add_groups(about),
        crumbs=(Link(_("Processes"), "/processes"),),
        is_on=state == ON,
        is_off=state == OFF,
    )


class _Drawer:
    def __init__(self, record: RecordView, tree: Tree, about: str, selected: str, faults: dict[str, list[str]]) -> None:
        self.tree, self.about, self.selected, self.faults = tree, about, selected, faults
        self.base = f"/processes/{record.id}/build?step="
        self.counts = queries.counts(record.id)

    def _common(self, key: str) -> dict[str, Any]:
        return {
            "key": key,
            "href": f"{self.base}{key}",
            "selected": key == self.selected,
            "faults": tuple(self.faults.get(key, ())),
        }

    def trigger(self) -> StepCard:
        trigger = self.tree.get("trigger") or {}
        found = offers.trigger_of(str(trigger.get("on", "")))
        parts = tuple(describe.trigger_parts(trigger, self.about))
        if found is None and str(trigger.get("on")) not in describe.own_triggers():
            parts = ()
        if trigger.get("on") in ("created", "deleted", "manual", "match"):
            parts = ((offers.type_label(self.about), True),)
        extra = []
        for spec in self.tree.get("stop_when") or ():
            extra += [(" · " + _("ends when") + " ", False), *describe.trigger_parts(spec, self.about)]
        return StepCard(
            **self._common("trigger"),
            kicker=_("When"),
            title=trigger_title(trigger),
            parts=(*parts, *extra),
            icon=found.icon if found is not None else TRIGGER_ICONS.get(str(trigger.get("on")), "bolt"),
            hue="amber",
        )

    def condition(self) -> StepCard:
        parts = tuple(describe.condition_parts(self.about, self.tree.get("if")))
        return StepCard(
            **self._common("if"),
            kicker=_("Only if"),
            title=_("The record fits") if parts else _("Any record"),
            parts=parts or ((_("no condition"), False),),
            icon="filter",
            hue="violet",
        )

    def cards(self, steps: Any, inside: str) -> tuple[StepCard, ...]:
        return tuple(self._card(one, inside, number, len(steps)) for number, one in enumerate(steps))

    def _card(self, step: Step, inside: str, number: int, count: int) -> StepCard:
        key, kind = str(step["id"]), str(step["kind"])
        done, failed = self.counts.done.get(key, 0), self.counts.failed.get(key, 0)
        is_flow = kind in ("wait", "branch", "stop")
        kickers = {"wait": _("Wait"), "only": _("Only go on if"), "branch": _("Branch"), "stop": _("End")}
        return StepCard(
            **self._common(key),
            kicker=kickers.get(kind, _("Then")),
            title=describe.sentence(step, self.about) if is_flow else describe.title(step, self.about),
            parts=() if is_flow else tuple(describe.parts(step, self.about)),
            icon=describe.icon(step, self.about),
            hue=HUES.get(kind, "blue"),
            count=str(done) if done else "",
            failed=_("%(count)d failed: %(why)s", count=failed, why=self.counts.errors.get(key, "")[:120])
            if failed
            else "",
            inside=inside,
            number=number,
            first=number == 0,
            last=number == count - 1,
            paths=tuple(self._path(step, one, place) for place, one in enumerate(paths(step))),
        )

    def _path(self, step: Step, path: Any, number: int) -> PathCard:
        key = str(path["id"])
        parts: tuple[Part, ...]
        if step["kind"] == "wait":
            title, parts = (_("If it happens"), _("When the time is up"))[number > 0], ()
        elif path.get("if") is not None:
            title, parts = _("If"), tuple(describe.condition_parts(self.about, path["if"]))
        elif number == len(step["paths"]) - 1:
            title, parts = _("Otherwise"), ((_("no other path fits"), False),)
        else:
            title, parts = _("If"), ((_("choose a condition"), False),)
        return PathCard(
            id=key,
            kicker=_("Path %(number)d", number=number + 1),
            title=title,
            parts=tuple(parts),
            cards=self.cards(path.get("steps") or (), key),
            href=f"{self.base}{key}",
            selected=key == self.selected,
            editable=step["kind"] == "branch" and number < len(step["paths"]) - 1,
            faults=tuple(self.faults.get(key, ())),
        )


TRIGGER_ICONS = {
    "created": "circle-plus",
    "changed": "edit",
    "deleted": "trash",
    "date": "calendar-due",
    "schedule": "clock",
    "match": "filter",
    "manual": "player-play",
}


def trigger_title(trigger: Any) -> str:
    """What kind of trigger it is, in a few words."""
    titles = describe.own_triggers()
    on = str(trigger.get("on", ""))
    found = offers.trigger_of(on)
    return titles.get(on) or (str(found.label) if found is not None else offers.plain_key(on))


def add_groups(about: str) -> tuple[ChoiceGroup, ...]:
    """Every step that can be added to a process about a type of records."""
    actions = tuple(
        Choice(
            what=f"action:{one.key}",
            label=str(one.label),
            text=_("Cannot be taken back") if not one.recallable else "",
            icon=one.icon,
            hue="blue",
        )
        for one in offers.actions_for(about)
    )
    info = catalogue().find(about)
    verbs = tuple(
        Choice(what=f"verb:{name}", label=str(one.label), text=offers.type_label(about), icon=one.icon, hue="blue")
        for name, one in (info.actions.items() if info is not None else ())
        if not any(item.kind == "list" and item.required for item in one.fields)
    )
    records = (
        Choice(what="set", label=_("Set fields"), text=_("Of the record it is about"), icon="edit", hue="blue"),
        Choice(what="create", label=_("Make a record"), text=_("Of any kind"), icon="plus", hue="blue"),
    )
    people = (
        Choice(what="notify", label=_("Tell a person"), text=_("A notice in Kumiko"), icon="bell", hue="teal"),
        Choice(what="ask", label=_("Ask a person"), text=_("Go on, skip or stop"), icon="help-circle", hue="amber"),
    )
    flow = (
        Choice(what="wait", label=_("Wait"), text=_("For a time, a date or an event"), icon="clock", hue="violet"),
        Choice(
            what="only", label=_("Only go on if"), text=_("The record fits a condition"), icon="filter", hue="violet"
        ),
        Choice(
            what="branch",
            label=_("If / else branch"),
            text=_("Take different paths"),
            icon="arrows-split",
            hue="violet",
        ),
        Choice(what="stop", label=_("Stop"), text=_("The run ends here"), icon="player-stop", hue="gray"),
    )
    groups = [
        (_("Actions"), actions),
        (_("This record"), (*records[:1], *verbs, *records[1:])),
        (_("People"), people),
        (_("Flow"), flow),
    ]
    return tuple(ChoiceGroup(title=title, choices=choices) for title, choices in groups if choices)
