"""Another kind for a field of many records: a job in slices. Meanwhile the field is archived, so nobody sees it half
changed; its values are one group of units, which one undo takes back. A killed worker goes on where it stopped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from kumiko.fields import conversion, definitions
from kumiko.fields.names import CONVERT_JOB, FIELD, type_named
from kumiko.fields.record_types import HUES
from kumiko.host import context
from kumiko.host.columns import utc_now
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext
from kumiko.jobs.models import READY, RUNNING, job_table
from kumiko.jobs.queries import JobView, get_job
from kumiko.records import service
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.states import load_states
from kumiko.records.units import open_group, unit
from kumiko.records.views import RecordView

#: Other processes know of the archived field within this time; what they wrote before is converted, too.
LATER = timedelta(seconds=2)
ATTEMPTS = 20  # of a worker that is killed while it works; what is done stays done
CONVERTED = "converted"  # mark of the draft that ends a conversion
_PARTS = ("kind", "target", "choices")


def change_kind(field_id: int, kind: str, target: str = "") -> int | None:
    """Give a field another kind: now, in one unit (None), or for many records by a job, whose id this is.

    Invalid and Conflict say why it cannot be. A field that becomes one with choices gets those that its values make.
    """
    view = service.get(FIELD, field_id)
    info, old = _field(view)
    values: dict[str, Any] = {"kind": kind, **({"target": target} if kind == "link" else {})}
    if info is not None and old is not None and kind in definitions.CHOICES and not view.get("choices"):
        labels = conversion.labels_of(info, old) or [_("First choice")]
        values["choices"] = [{"label": label, "hue": HUES[number % len(HUES)]} for number, label in enumerate(labels)]
    total = conversion.count(info, old) if info is not None and old is not None else 0
    if total <= conversion.AT_ONCE or kind == view.get("kind"):
        service.update(FIELD, field_id, values)
        return None
    with unit(reason=_("another kind")) as opened:
        opened.group_id = group_id = open_group(_("another kind"), via=context.current().via)
        settled = _settled(field_id, values)
        before = bool(view.get("archived"))
        if not before:
            service.update(FIELD, field_id, {"archived": True})
        payload = {
            "field": field_id, "values": settled, "group": group_id, "via": context.current().via, "total": total,
            "archived": before,
        }  # fmt: skip
        return enqueue(
            CONVERT_JOB, payload, actor_id=context.principal().user_id, order_keys=[f"field:{field_id}"],
            run_at=utc_now() + LATER, max_attempts=ATTEMPTS,
        )  # fmt: skip


def convert_by_action(record: RecordView, values: Mapping[str, Any]) -> None:
    """The action `convert` of a definition."""
    change_kind(record.id, str(values["kind"]), str(values.get("target") or ""))


def _settled(field_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """The definition's new values, checked as a change of it would be; nothing is written."""
    known = catalogue().get(FIELD)
    draft = service.change_draft(load_states(known, [field_id], lock=True)[field_id], values)
    service.prepare([draft])
    return {name: draft.get(name) for name in _PARTS}


def running(field_id: int) -> int | None:
    """The job that gives a field another kind at the moment."""
    query = select(job_table.c.id, job_table.c.payload).where(
        job_table.c.name == CONVERT_JOB, job_table.c.status.in_((READY, RUNNING))
    )
    return next((row.id for row in trusted(query) if row.payload.get("field") == field_id), None)


def find_progress(field_id: int, job_id: int) -> JobView:
    """How far a conversion is; NotFound when there is none."""
    job = get_job(job_id)
    if job.name != CONVERT_JOB or job.payload["field"] != field_id:
        raise NotFound(_("There is no such job."))
    return job


def refuse_meanwhile(draft: Draft) -> None:
    """Refuse what would spoil a conversion that is under way."""
    if draft.is_new or draft.replaying or CONVERTED in draft.marks:
        return
    if draft.changes("archived", "kind", "target", "choices") and running(draft.record_id or 0) is not None:
        draft.refuse("archived", _("It is getting another kind at the moment; wait until that is done."))


def _field(view: RecordView) -> tuple[TypeInfo | None, FieldInfo | None]:
    found = type_named(str(view.get("record_type")))
    info = found.whole if found is not None else None
    return info, info.find_kept(f"custom.{view.get('key')}") if info is not None else None


@sliced
def work(job: JobContext) -> None:
    """The job: values slice by slice, then the definition, all in one group."""
    said = job.payload
    while True:
        with job.slice():
            known = catalogue().get(FIELD)
            state = load_states(known, [said["field"]]).get(said["field"])
            if state is None or state.deleted or not state.values["archived"]:
                return  # the definition went, or the beginning was undone: nothing is left to do
            at, done, lost = (job.state.get(name, 0) for name in ("at", "done", "lost"))
            info, old = _field(service.get(FIELD, said["field"]))
            if info is None or old is None:
                return
            row = {**state.values, **{name: said["values"][name] for name in ("kind", "target")}}
            new = conversion.made(row, said["values"]["choices"] or ())
            _inside(said)
            with unit(reason=_("another kind")):
                found = conversion.step(info, old, new, at)
            if not found.last:
                break
            done, lost = done + found.done, lost + found.lost
            job.checkpoint({"at": found.last, "done": done, "lost": lost})
            job.progress(done, max(said["total"], done), _("%(count)d did not fit", count=lost) if lost else "")
    with job.settle():
        _inside(said)
        known = catalogue().get(FIELD)
        with unit(reason=_("another kind")) as opened:
            state = load_states(known, [said["field"]], lock=True)[said["field"]]
            draft = service.draft_of_change(state, {**said["values"], "archived": said["archived"]})
            draft.marks.add(CONVERTED)
            service.run_rules([draft])
            service._write_checked(opened, [draft])


def _inside(said: Any) -> None:
    now = context.current()
    now.group_id, now.via = said["group"], said["via"]
