"""What the record layer registers with the host."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import JobType
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _
from kumiko.records import (
    absences,
    bulk,
    catalogue_build,
    catch_up,
    choice_boards,
    demo,
    erasing,
    events,
    handover,
    leftovers,
    reindex,
    rights,
    sides,
    undo_jobs,
)
from kumiko.records.models import Base


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_jobs() -> list[JobType]:
    return [
        JobType(name=events.JOB, run=events.deliver, label=_("Tell modules about changes")),
        JobType(name=catch_up.JOB, run=catch_up.work, label=_("Tell a module what it missed")),
        JobType(
            name=catch_up.FIND, run=catch_up.find_returned, label=_("Find modules that came back"), cron="*/5 * * * *"
        ),
        JobType(name=bulk.JOB, run=bulk.work, label=_("Change many records")),
        JobType(name=erasing.JOB, run=erasing.work, label=_("Empty the bin"), cron="11 3 * * *"),
        JobType(name=undo_jobs.JOB, run=undo_jobs.work, label=_("Take many changes back")),
        JobType(name=reindex.JOB, run=reindex.work, label=_("Write search documents again")),
        JobType(name=handover.JOB, run=handover.run, label=_("Let a module take over from another"), max_attempts=10),
        JobType(name=sides.JOB, run=sides.settle_again, label=_("Bring fields of a module in step")),
    ]


@hookimpl
def declare_settings() -> Any:
    return erasing.setting()


@hookimpl
def declare_commands() -> Any:
    from kumiko.records import commands  # local: only the command line needs click

    return [commands.undo_command]


@hookimpl
def assemble(generation: Any) -> None:
    records = [(one.plugin, one.item) for one in generation.records]
    extensions = [(one.plugin, one.item) for one in generation.extensions]
    actions = [*choice_boards.moves(records, extensions), *((one.plugin, one.item) for one in generation.actions)]
    generation.state["records"] = catalogue_build.build(records, extensions, actions)
    events.check_subscriptions(generation)
    generation.state["rights"] = rights.class_criterion
    generation.state["replace"] = handover.replace_and_wait
    generation.state["make_demo"] = demo.make
    generation.state.setdefault("on_enable", []).extend((sides.settle, catch_up.returned))
    generation.state.setdefault("on_leave", []).append(absences.note)
    generation.state.setdefault("on_forget", []).append(absences.forget)
    generation.state.setdefault("on_numbers", []).append(absences.look_again)
    generation.state.setdefault("examine", []).append(sides.examine)
    generation.state.setdefault("on_purge", []).append(leftovers.remove)
