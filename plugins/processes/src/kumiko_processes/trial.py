"""A test with one record: every step is really done, inside a transaction that is rolled back. Nothing goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kumiko import (
    Conflict,
    Field,
    FieldView,
    Invalid,
    Link,
    RecordView,
    acting_as,
    catalogue,
    current,
    find,
    loose_inputs,
    loose_typed,
    matching_ids,
    savepoint,
    transaction,
    unit,
    utc_now,
)
from kumiko import gettext as _
from kumiko_processes import checks, describe, doing, moments
from kumiko_processes.tree import Tree, first, paths, places

MOST = 60


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one step would do. `state`: done, waits, failed, skipped, ends."""

    title: str
    state: str
    label: str
    hue: str
    icon: str
    given: tuple[tuple[str, str], ...] = ()
    error: str = ""
    missing: tuple[str, ...] = ()


@dataclass
class TrialView:
    """The page of a test."""

    id: int
    name: str
    crumbs: tuple[Link, ...]
    record: FieldView
    about: str
    lines: list[Line] = field(default_factory=list)
    asked: bool = False
    error: str = ""
    title: str = ""
    href: str = ""


class _Enough(Exception):
    """Ends the transaction, so that nothing is kept."""


def view(process: RecordView, tree: Tree, about: str, wanted: str, *, go: bool) -> TrialView:
    """The page: choose a record, and what each step would do with it."""
    one = Field(name="record", kind="link", to=about, label=_("Record to test with"), required=True)
    kept = loose_typed((one,), {"record": wanted or None})
    found = TrialView(
        id=process.id, name=process.title, record=loose_inputs((one,), kept)[0], about=about,
        crumbs=(Link(_("Processes"), "/processes"), Link(process.title, f"/processes/{process.id}/build")),
    )  # fmt: skip
    if not go:
        return found
    found.asked = True
    if not (wanted.isdecimal() and len(wanted) < 19) or find(about, int(wanted)) is None:
        found.error = _("Choose a record that you may see.")
        return found
    try:
        _try(process, tree, about, int(wanted), found)
    except (Invalid, Conflict) as fault:
        found.error = describe.fault_sentence(fault)
    return found


def _try(process: RecordView, tree: Tree, about: str, record_id: int, found: TrialView) -> None:
    form = checks.form_problems(tree)
    if form:
        raise Invalid(form[0])
    person = _runner(process)
    info = catalogue().get(about)
    try:
        with transaction(), acting_as(person, via="process"):
            record = find(about, record_id)
            if record is None:
                found.error = _("Whom the process runs as may not see this record.")
                raise _Enough
            found.title, found.href = record.title, f"/{info.collection}/{record_id}"
            with _nothing_leaves():
                _walk(tree, about, record_id, found)
            raise _Enough
    except _Enough:
        pass


def _runner(process: RecordView) -> Any:
    look_up = current().generation.state.get("principal_for_user")  # type: ignore[union-attr]
    user_id = process.link_id("runs_as")
    person = look_up(user_id) if look_up is not None and user_id else None
    if person is None:
        raise Conflict(_("Whom it runs as may no longer sign in; choose somebody else."))
    return person


@contextmanager
def _nothing_leaves() -> Iterator[None]:
    ctx = current()
    before = list(ctx.after_commit)
    try:
        yield
    finally:
        ctx.after_commit[:] = before


def _walk(tree: Tree, about: str, record_id: int, found: TrialView) -> None:
    if not matching_ids(about, tree.get("if"), [record_id]):
        found.lines.append(
            _line(_("The record fits"), "ends", _("does not fit, so nothing would start"), icon="filter")
        )
        return
    known = places(tree)
    results: dict[str, Any] = {}
    step_id = first(tree.get("steps"), "")
    for _number in range(MOST):
        place = known.get(step_id)
        if place is None:
            return
        step, kind = place.step, place.step["kind"]
        title = describe.title(step, about)
        if kind in doing.EFFECTS:
            line, output = _effect(step, about, record_id, results)
            found.lines.append(line)
            if line.state == "failed":
                return
            if output:
                results[step_id] = output
            step_id = place.next
        elif kind == "wait":
            found.lines.append(_wait_line(step, about, record_id, title))
            listed = paths(step)
            step_id = first(listed[-1].get("steps"), place.next) if listed else place.next
        elif kind == "ask":
            found.lines.append(_line(title, "waits", _("would ask and wait for the answer"), icon="help-circle"))
            step_id = place.next
        elif kind == "only":
            if not matching_ids(about, step.get("if"), [record_id]):
                found.lines.append(_line(title, "ends", _("does not fit: the run ends here"), icon="filter"))
                return
            found.lines.append(_line(title, "done", _("fits"), icon="filter"))
            step_id = place.next
        elif kind == "branch":
            chosen = next(
                (one for one in paths(step) if one.get("if") is None or matching_ids(about, one["if"], [record_id])),
                None,
            )
            number = paths(step).index(chosen) + 1 if chosen is not None else 0
            found.lines.append(_line(title, "done", _("takes path %(number)d", number=number), icon="arrows-split"))
            step_id = first(chosen.get("steps"), place.next) if chosen is not None else place.next
        else:
            found.lines.append(_line(title, "ends", _("the run ends here"), icon="player-stop"))
            return


def _effect(step: Any, about: str, record_id: int, results: Mapping[str, Any]) -> tuple[Line, Mapping[str, Any]]:
    title, icon = describe.title(step, about), describe.icon(step, about)
    try:
        with savepoint(), unit(reason=title):
            record = find(about, record_id)
            if record is None:
                raise Conflict(_("The record is gone by now."))
            deed = doing.do(step, record, results, f"test-{utc_now().timestamp()}-{step['id']}")
    except Exception as fault:  # noqa: BLE001 - whatever a step raises is what the test is for
        return _line(title, "failed", _("would fail"), icon=icon, error=describe.fault_sentence(fault)), {}
    given = tuple(deed.given.items())
    label = _("would be sent") if deed.sends else _("would be done")
    return _line(title, "done", label, icon=icon, given=given, missing=tuple(deed.missing)), dict(deed.output)


def _wait_line(step: Any, about: str, record_id: int, title: str) -> Line:
    words = describe.waiting_sentence(step, about)
    record = find(about, record_id)
    try:
        if step.get("for") == "date" and record is not None:
            one = record.type.find(str(step.get("field")))
            until = moments.at_date(record.get(one.name) if one is not None else None, step)
        elif step.get("for") == "time":
            until = moments.after(utc_now(), step)
        else:
            return _line(title, "waits", words, icon="clock")
    except Invalid as fault:
        return _line(title, "waits", words, icon="clock", error=fault.message)
    return _line(
        title, "waits", _("%(what)s: until %(when)s", what=words, when=describe.moment_text(until)), icon="clock"
    )


def _line(title: str, state: str, label: str, *, icon: str, **more: Any) -> Line:
    hue = {"done": "green", "waits": "cyan", "failed": "red", "ends": "gray"}[state]
    return Line(title=title, state=state, label=label, hue=hue, icon=icon, **more)
