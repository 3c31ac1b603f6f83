"""Processes and runs as record types, and what can be done with them."""

from __future__ import annotations

from kumiko import Choice, Field, RecordAction, RecordType
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_processes import control, models, publishing, rules
from kumiko_processes.models import (
    ASKED,
    DONE,
    DRAFT,
    FAILED,
    OFF,
    ON,
    PROCESS,
    QUEUED,
    RUN,
    RUNNING,
    STOPPED,
    UNDONE,
    WAITING,
)

USER = "access.user"
STATES = (
    Choice(key=DRAFT, label=_l("Draft"), hue="gray"),
    Choice(key=ON, label=_l("On"), hue="green"),
    Choice(key=OFF, label=_l("Off"), hue="amber"),
)
RUN_STATES = (
    Choice(key=QUEUED, label=_l("Queued"), hue="gray"),
    Choice(key=RUNNING, label=_l("Running"), hue="blue"),
    Choice(key=WAITING, label=_l("Waiting"), hue="cyan"),
    Choice(key=ASKED, label=_l("Asks a person"), hue="amber"),
    Choice(key=DONE, label=_l("Done"), hue="green"),
    Choice(key=FAILED, label=_l("Failed"), hue="red"),
    Choice(key=STOPPED, label=_l("Stopped"), hue="orange"),
    Choice(key=UNDONE, label=_l("Undone"), hue="violet"),
)
_NOBODY = dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none")
_ALL = dict.fromkeys(("read", "create", "edit", "delete", "export", "bulk", "assign"), "all")


#: In files of configuration a process travels as a draft: whoever brings it in publishes it.
models.Process.__table__.info["configuration"] = {"leave": ("state", "tree", "edition", "fault")}


def process() -> RecordType:
    """The record type processes.process."""
    return RecordType(
        key=PROCESS, collection="processes", label=_l("Process"), label_plural=_l("Processes"), model=models.Process,
        icon="bolt", hue="violet", order=800, prepare=rules.prepare_process, timeline=False, importable=False,
        grants={"head": _ALL, "seller": {"read": "none", **_NOBODY}, "analyst": {"read": "all", **_NOBODY}},
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=200),
            Field(
                name="about", kind="text", label=_l("About"), by_hand=False, max_length=80,
                help=_l("Key of the type of the records that it is about, such as parties.person."),
            ),
            Field(name="state", kind="choice", label=_l("State"), choices=STATES, default=DRAFT, by_hand=False),
            Field(name="fault", kind="text", label=_l("What is wrong"), by_hand=False, history=False),
            Field(name="note", kind="longtext", label=_l("Note"), help=_l("What it is for, and whom to ask.")),
            Field(
                name="runs_as", kind="link", to=USER, label=_l("Runs with the rights of"),
                help=_l("Every step may do what this person may, and no more."),
            ),
            Field(
                name="hears_imports", kind="boolean", label=_l("Also after imports and undo"), default=False,
                help=_l("Usually history that is brought in, and undo, start nothing."),
            ),
            Field(name="runs_per_hour", kind="integer", label=_l("Most runs per hour"), default=10_000, minimum=1,
                  maximum=1_000_000),
            Field(name="per_record_per_hour", kind="integer", label=_l("Most runs per record and hour"), default=10,
                  minimum=1, maximum=1000),
            Field(name="sends_per_hour", kind="integer", label=_l("Most messages per hour"), default=200, minimum=1,
                  maximum=100_000),
            Field(name="edition", kind="integer", label=_l("Published edition"), by_hand=False, default=0),
            Field(name="draft", kind="json", label=_l("Draft"), by_hand=False, sortable=False, filterable=False,
                  history=False),
            Field(name="tree", kind="json", label=_l("Published"), by_hand=False, sortable=False, filterable=False,
                  history=False),
        ),
        list_columns=("name", "state", "runs_as", "edition", "fault", "updated_at"),
        card_groups=(
            (_l("Process"), ("name", "state", "fault", "note", "runs_as")),
            (_l("Limits"), ("runs_per_hour", "per_record_per_hour", "sends_per_hour", "hears_imports")),
            (_l("Published"), ("edition", "owner", "team")),
        ),
        quick_fields=("name", "note", "runs_as"), lands_on="/processes/{id}/build", default_sort="name",
    )  # fmt: skip


def run() -> RecordType:
    """The record type processes.run; its owner is that of the record it is about, so sellers see runs of their own."""
    return RecordType(
        key=RUN, collection="runs", label=_l("Run"), label_plural=_l("Runs"), model=models.Run, icon="player-play",
        order=805, prepare=rules.prepare_run,
        after=rules.after_runs, creatable=False, importable=False, timeline=False, menu=False,
        grants={
            "head": _ALL | {"create": "none", "delete": "none"},
            "seller": {"read": "own", **_NOBODY},
            "analyst": {"read": "all", **_NOBODY},
        },
        fields=(
            Field(name="name", kind="text", label=_l("Name"), searchable=True, max_length=300, by_hand=False),
            Field(name="process", kind="link", to=PROCESS, label=_l("Process"), by_hand=False),
            Field(name="edition", kind="integer", label=_l("Edition"), by_hand=False),
            Field(name="about_type", kind="text", label=_l("Type of the record"), by_hand=False, max_length=80),
            Field(name="about_id", kind="integer", label=_l("Id of the record"), by_hand=False),
            Field(name="state", kind="choice", label=_l("State"), choices=RUN_STATES, default=QUEUED, by_hand=False),
            Field(name="cause", kind="text", label=_l("Because"), by_hand=False, max_length=300),
            Field(name="waits_for", kind="text", label=_l("Waits for"), by_hand=False, max_length=500),
            Field(name="waits_until", kind="moment", label=_l("Waits until"), by_hand=False),
            Field(name="error", kind="text", label=_l("What went wrong"), by_hand=False, max_length=1000),
            Field(name="finished_at", kind="moment", label=_l("Ended"), by_hand=False),
            Field(name="effects", kind="integer", label=_l("Group of its changes"), by_hand=False, history=False),
        ),
        list_columns=("name", "process", "state", "cause", "waits_for", "waits_until", "error", "created_at"),
        card_groups=((_l("Run"), ("process", "state", "cause", "waits_for", "waits_until", "error", "finished_at")),),
        default_sort="-created_at",
    )  # fmt: skip


def actions() -> list[RecordAction]:
    """Publish, switch, start, stop; and what a person decides about a run."""
    return [
        RecordAction(
            type=PROCESS, name="publish", label=_l("Publish"), icon="upload", run=publishing.publish,
            available=publishing.has_changes, refusal=lambda _record: _("There is nothing new to publish."),
        ),
        RecordAction(
            type=PROCESS, name="switch_on", label=_l("Switch on"), icon="player-play", run=publishing.switch_on,
            available=lambda record: record.get("state") == OFF,
            refusal=lambda record: _("It is on.") if record.get("state") == ON else _("Publish it; then it is on."),
        ),
        RecordAction(
            type=PROCESS, name="switch_off", label=_l("Switch off"), icon="player-pause", run=publishing.switch_off,
            available=lambda record: record.get("state") == ON, refusal=lambda _record: _("It is not on."),
        ),
        RecordAction(
            type=PROCESS, name="stop_runs", label=_l("Stop all runs"), icon="player-stop", run=control.stop_all,
            confirm=_l("Everything that waits or is on its way ends now; what was done stays done."),
        ),
        RecordAction(
            type=PROCESS, name="go_back", label=_l("Go back to an edition"), icon="history", run=publishing.go_back,
            fields=(Field(name="edition", kind="integer", label=_l("Edition"), required=True, minimum=1),),
            available=lambda record: (record.get("edition") or 0) > 1,
            refusal=lambda _record: _("There is no earlier edition."),
        ),
        RecordAction(
            type=PROCESS, name="start", label=_l("Start for a record"), icon="player-play", run=control.start_by_action,
            right="read",
            fields=(Field(name="record", kind="integer", label=_l("Id of the record"), required=True, minimum=1),),
            available=lambda record: record.get("state") == ON, refusal=lambda _record: _("It is not on."),
        ),
        RecordAction(
            type=RUN, name="stop", label=_l("Stop"), icon="player-stop", run=control.stop,
            available=control.is_active, refusal=lambda _record: _("It has ended."),
        ),
        RecordAction(
            type=RUN, name="retry", label=_l("Try the step again"), icon="refresh", run=control.retry, primary=True,
            available=lambda record: record.get("state") in (FAILED, STOPPED),
            refusal=lambda _record: _("Only a run that failed or was stopped can be tried again."),
        ),
        RecordAction(
            type=RUN, name="go_on", label=_l("Go on"), icon="player-play", run=control.go_on, primary=True,
            available=lambda record: record.get("state") == ASKED, refusal=lambda _record: _("It asks nothing."),
        ),
        RecordAction(
            type=RUN, name="skip", label=_l("Skip the step"), icon="player-skip-forward", run=control.skip,
            available=lambda record: record.get("state") in (ASKED, FAILED, WAITING),
            refusal=lambda _record: _("It stands before no step that could be skipped."),
        ),
    ]  # fmt: skip
