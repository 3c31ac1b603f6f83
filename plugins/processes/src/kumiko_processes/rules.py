"""Rules of processes and runs, whoever writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import update

from kumiko import Draft, catalogue, principal, session, unscoped
from kumiko import gettext as _
from kumiko_processes.models import UNDONE, Progress

OWN = "processes."
_by_engine: ContextVar[bool] = ContextVar("kumiko_processes_by_engine", default=False)
_FREE = ("name", "owner", "team", "tags", "co_owners", "external_ids")  # of a run
_KEPT = ("state", "tree", "edition", "fault")


@contextmanager
def by_engine() -> Iterator[None]:
    """Inside, what nobody writes by hand may be written: it is an action of the module that does it."""
    token = _by_engine.set(True)
    try:
        yield
    finally:
        _by_engine.reset(token)


def prepare_process(draft: Draft) -> None:
    """What it is about is known and stays; state and published tree change by actions only; the draft is an object."""
    if draft.action not in ("created", "changed") or draft.replaying:
        return
    about = draft.get("about") or ""
    if draft.changes("about"):
        if not draft.is_new and not _by_engine.get() and (draft.get("edition") or 0) > 0:
            draft.refuse(
                "about", _("A process that was published stays about the same kind of record; copy it instead.")
            )
        if about and (catalogue().find(about) is None or about.startswith(OWN)):
            draft.refuse(
                "about", _("Wanted the key of a record type that is on, found %(about)r.", about=str(about)[:80])
            )
    kept = [name for name in _KEPT if draft.changes(name) and not (draft.is_new and not draft.get(name))]
    if not _by_engine.get() and [name for name in kept if name != "state" or not draft.is_new]:
        for name in kept:
            draft.refuse(
                name, _("This changes by the actions publish, switch_on, switch_off and go_back; leave it out.")
            )
    if draft.changes("draft") and draft.get("draft") is not None:
        _check_draft(draft)
    if draft.get("runs_as") is None and principal().user_id is not None:
        draft.set("runs_as", principal().user_id)
    _check_rights(draft)


def _check_draft(draft: Draft) -> None:
    from kumiko_processes import checks  # local: cycle of names, not of needs

    for sentence in checks.form_problems(draft.get("draft")):
        draft.refuse("draft", sentence)


def _check_rights(draft: Draft) -> None:
    """Nobody lends himself more rights: others' rights are an administrator's to give."""
    person = principal()
    wanted = draft.get("runs_as")
    if not draft.changes("runs_as") or wanted is None or wanted == person.user_id or person.is_administrator:
        return
    draft.refuse("runs_as", _("Only an administrator lets a process run with somebody else's rights; choose yourself."))


def prepare_run(draft: Draft) -> None:
    """Runs are written by the engine. When what a run did is undone, the run is undone and ends."""
    if draft.via == "undo":
        if draft.changes("effects") and draft.get("effects") is None:
            draft.set("state", UNDONE)
            draft.set("waits_for", None)
            draft.set("waits_until", None)
        return
    if _by_engine.get() or draft.replaying or draft.action not in ("created", "changed"):
        return
    if principal().kind == "system":
        return
    barred = [name for name in draft.values if name not in _FREE]
    for name in barred:
        if draft.changes(name):
            draft.refuse(name, _("Runs are written by the processes themselves; use the actions of the run."))


def after_runs(drafts: Sequence[Draft]) -> None:
    """The engine lets go of runs that were undone, by whatever way: the jobs made for them are void."""
    ids = [draft.record_id for draft in drafts if draft.via == "undo" and draft.get("state") == UNDONE]
    if ids:
        with unscoped("what is undone does not go on"):
            gone = update(Progress).where(Progress.run_id.in_(ids))
            session().execute(gone.values(active=False, turn=Progress.turn + 1, state=UNDONE))
