"""A run at work: read with its row locked, written back with what people see of it, all in the step's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert, select, update

from kumiko import (
    Conflict,
    NotFound,
    acting_as,
    as_system,
    catalogue,
    current,
    emit,
    enqueue,
    find,
    merged_into,
    session,
    unit,
    unscoped,
    utc_now,
)
from kumiko import gettext as _
from kumiko import update as update_record
from kumiko_contracts.processes import RUN_FAILED, RUN_FINISHED
from kumiko_processes import describe, doing, telling
from kumiko_processes.models import (
    ASKED,
    DONE,
    FAILED,
    QUEUED,
    RUN,
    RUNNING,
    WAITING,
    Edition,
    Process,
    Progress,
    StepRun,
)
from kumiko_processes.rules import by_engine
from kumiko_processes.tree import Place, Tree, places

JOB = "processes.step"
_HEAD = (Process.id, Process.name, Process.about, Process.runs_as_id, Process.owner_id, Process.sends_per_hour)


class Way:
    """A run at work: its place, its process, the edition it goes by."""

    def __init__(self, progress: Any, process: Any, tree: Tree) -> None:
        self.progress, self.process, self.tree = progress, process, tree
        self.places = places(tree)
        self.data: dict[str, Any] = dict(progress.data or {})

    @property
    def results(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.data.get("results") or {}
        return found

    @property
    def place(self) -> Place | None:
        return self.places.get(self.progress.step)


def load(run_id: int, turn: int | None = None) -> Way | None:
    """The run with its row locked; None when it has ended or was decided about since (`turn`)."""
    with unscoped("the engine works for every run"):
        query = select(Progress).where(Progress.run_id == run_id).with_for_update()
        progress = session().execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
        if progress is None or (turn is not None and (not progress.active or progress.turn != turn)):
            return None
        process = session().execute(
            select(*_HEAD)
            .where(Process.id == progress.process_id)
        ).first()  # fmt: skip
        tree = _tree_of(progress.process_id, progress.edition)
        row = {column.name: getattr(progress, column.name) for column in Progress.__table__.columns}
        session().expunge(progress)
    return Way(_Row(**row), process, tree) if process is not None else None


def _tree_of(process_id: int, number: int) -> Tree:
    """An edition, which never changes: kept as long as the generation."""
    cache, key = catalogue().cache, ("processes", "edition", process_id, number)
    found: Tree | None = cache.get(key)
    if found is None:
        query = select(Edition.tree).where(Edition.process_id == process_id, Edition.number == number)
        found = session().execute(query).scalar() or {}
        if found:
            cache[key] = found
    return found


class _Row:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


@contextmanager
def runner(way: Way) -> Iterator[None]:
    """Act with the rights of whom the process runs as; Conflict when that is nobody who may sign in."""
    look_up = current().generation.state.get("principal_for_user")  # type: ignore[union-attr]
    person = look_up(way.process.runs_as_id) if look_up is not None and way.process.runs_as_id else None
    if person is None:
        raise Conflict(_("Whom this process runs as may no longer sign in; choose somebody else."))
    with acting_as(person, via="process"):
        yield


def record_of(way: Way) -> Any:
    """The record that the run is about, as the acting person sees it."""
    found = find(way.progress.about_type, way.progress.about_id)
    if found is None:  # two records were merged meanwhile: the run goes on with the one that remained
        winner = merged_into(way.progress.about_type, way.progress.about_id)
        found = find(way.progress.about_type, winner) if winner is not None else None
    if found is None or found.deleted:
        raise NotFound(_("The record is gone, or whom the process runs as may not see it."))
    return found


def key_of(way: Way, step_id: str) -> str:
    """The key of a step's effects: the same in every attempt."""
    return f"process-{way.progress.run_id}-{step_id}"


def ask(way: Way, question: str, *, told: list[int] | None = None) -> None:
    """Let a person decide: the run asks, and stands before its step until somebody answers."""
    set_state(way, ASKED, waits_for=question)
    place = way.place
    if place is not None:
        note(way, place, ASKED, error=question)
    telling.tell(way, question, told, key=f"asked:{way.progress.run_id}:{way.progress.turn}:{way.progress.step}")
    save(way)


def go(way: Way, step_id: str) -> bool:
    """The run stands before the next step now; whether there is more to do at once."""
    way.progress.step, way.progress.tries = step_id, 0
    if not step_id:
        end(way, DONE)
        return False
    if way.progress.state != RUNNING:
        set_state(way, RUNNING)
    save(way)
    return True


def sleep(way: Way, until: Any, why: str) -> None:
    """The run waits until a moment (None: for an event)."""
    way.progress.wake_at = until
    set_state(way, WAITING, waits_for=why, waits_until=until)
    save(way)
    if until is not None:
        enqueue(JOB, {"run": way.progress.run_id, "turn": way.progress.turn}, run_at=until)


def set_state(way: Way, state: str, **more: Any) -> None:
    """What people see of the run, written by the record service as the system's act."""
    way.progress.state = state
    values = {"state": state, "waits_for": None, "waits_until": None, "error": None, **more}
    values = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}
    for name, most in (("waits_for", 500), ("error", 1000)):
        values[name] = values[name][:most] if values.get(name) else values.get(name)
    before, current().group_id = current().group_id, None  # it is no effect of the run
    try:
        with (
            as_system("the state of a run follows its steps"),
            unit(via="process", reason=way.process.name),
            by_engine(),
        ):
            record = update_record(RUN, way.progress.run_id, values)
            _state_fact(way, state, record, str(values.get("error") or ""))
    finally:
        current().group_id = before


def _state_fact(way: Way, state: str, record: Any, error: str) -> None:
    about = {"process_id": way.process.id, "about_type": way.progress.about_type, "about_id": way.progress.about_id}
    if state == DONE:
        emit(RUN_FINISHED, record, about)
    elif state == FAILED:
        emit(RUN_FAILED, record, {**about, "error": error})


def save(way: Way) -> None:
    """Write where the run stands."""
    values = {name: getattr(way.progress, name) for name in
              ("step", "state", "turn", "tries", "active", "group_id", "wake_at")}  # fmt: skip
    with unscoped("the engine keeps the place of every run"):
        session().execute(
            update(Progress).where(Progress.run_id == way.progress.run_id)
            .values(**values, data=way.data, moved_at=utc_now())
        )  # fmt: skip


def end(way: Way, state: str, *, reason: str = "") -> None:
    """The run is over."""
    way.progress.active, way.progress.wake_at = False, None
    set_state(way, state, finished_at=utc_now(), waits_for=reason or None)
    save(way)


def note(
    way: Way, place: Place, state: str, *, began: Any = None, deed: doing.Deed | None = None, error: str = "",
    output: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """One line of the run's log."""
    now, step_id = utc_now(), str(place.step["id"])
    row = {
        "run_id": way.progress.run_id, "process_id": way.process.id, "step": step_id,
        "title": (deed.title if deed else "")
        or describe.log_title(place.step, way.process.about, deed.given if deed else None),
        "attempt": way.progress.tries + 1,
        "state": state, "sends": bool(deed and deed.sends), "recallable": deed.recallable if deed else True,
        "given": dict(deed.given) if deed else None,
        "output": describe.jsonable(dict(deed.output)) if deed else (dict(output) if output else None),
        "error": error or _missing(deed),
        "key": key_of(way, step_id), "began_at": began or now, "ended_at": None if state in (WAITING, ASKED) else now,
    }  # fmt: skip
    with unscoped("the log of runs is written by the engine"):
        session().execute(insert(StepRun), [row])


def _missing(deed: doing.Deed | None) -> str | None:
    return _("empty here: %(names)s", names=", ".join(deed.missing)) if deed and deed.missing else None


def again(way: Way, *, state: str = QUEUED) -> None:
    """Let a worker go on with the run now; what was planned for it before is void."""
    way.progress.turn += 1
    way.progress.active = True
    set_state(way, state, finished_at=None)
    save(way)
    enqueue(JOB, {"run": way.progress.run_id, "turn": way.progress.turn})
