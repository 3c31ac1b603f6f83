"""What a bulk edit would do: drawn from a rehearsal, as a step of the dialog or at the end of a job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from flask import Response, request

from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import links
from kumiko.records.bulk import Act, confirm, rehearse
from kumiko.records.bulk_outcome import Preview, Sample
from kumiko.records.bulk_removal import Along, Naming
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.queries import COUNT_CAP
from kumiko.web.answers import done, in_dialog, page
from kumiko.web.formats import count_text
from kumiko.web.i18n import ngettext
from kumiko.web.lists import link_to
from kumiko.web.types import type_of
from kumiko.web.values import label_of, value_text
from kumiko.web.viewmodels import Change
from kumiko.web.viewmodels.bulk import BulkPreviewView, SampleRow

MOST_REFUSED = 20


def draw(info: TypeInfo, ids: Sequence[int], found: Preview, *, note: str = "") -> Response:
    """The preview as the next step of the form that asked for it."""
    sent = [(name, value) for name, value in request.form.items(multi=True)
            if name not in ("_csrf", "_step", "_mark", "ids", "query")]  # fmt: skip
    view = BulkPreviewView(
        title=_("Preview: change %(what)s", what=inside(info.type.label_plural)),
        action=f"/{info.collection}/bulk",
        changed=count_text(found.changed),
        equal=count_text(found.equal),
        refused_count=count_text(len(found.refused)),
        samples=rows(info, found.samples),
        more=more_text(found.changed, len(found.samples)),
        refused=_refused(info, found),
        hidden=(*sent, ("ids", ",".join(map(str, ids))), ("_mark", found.mark)),
        submit=ngettext("Change %(num)s record", "Change %(num)s records", found.changed) if found.changed else "",
        cancel_href=f"/{info.collection}",
        crumbs=(link_to(info),),
        note=note,
    )
    template = "kumiko/bulk_preview_dialog.html" if in_dialog() else "kumiko/bulk_preview.html"
    return page(template, 409 if note and not in_dialog() else 200, v=view)


def draw_removal(info: TypeInfo, ids: Sequence[int], found: Preview, *, note: str = "") -> Response:
    """What a deletion would do, with the button that has exactly this done."""
    view = BulkPreviewView(
        title=_("Preview: delete %(what)s", what=inside(info.type.label_plural)),
        action=f"/{info.collection}/bulk/delete",
        changed=count_text(found.changed),
        equal="",
        refused_count=count_text(len(found.refused)),
        samples=tuple(replace(one, changes=()) for one in rows(info, found.samples)),
        more=more_text(found.changed, len(found.samples)),
        refused=_refused(info, found),
        hidden=(("ids", ",".join(map(str, ids))), ("_mark", found.mark)),
        submit=ngettext("Delete %(num)s record", "Delete %(num)s records", found.changed) if found.changed else "",
        cancel_href=f"/{info.collection}",
        crumbs=(link_to(info),),
        note=note,
        removes=True,
        along=tuple(_along(one) for one in found.along),
        naming=tuple(_naming(one) for one in found.naming),
    )
    template = "kumiko/bulk_preview_dialog.html" if in_dialog() else "kumiko/bulk_preview.html"
    return page(template, 409 if note and not in_dialog() else 200, v=view)


def _along(one: Along) -> str:
    info = catalogue().get(one.type_key)
    what = f"{count_text(one.count)} {inside(info.type.label if one.count == 1 else info.type.label_plural)}"
    said = {"deleted": _("%(what)s: to the bin, too", what=what), "changed": _("%(what)s: changed", what=what),
            "created": _("%(what)s: made", what=what), "restored": _("%(what)s: brought back", what=what)}  # fmt: skip
    return said[one.action]


def _naming(one: Naming) -> str:
    info = catalogue().get(one.type_key)
    count = f"{count_text(COUNT_CAP)}+" if one.count > COUNT_CAP else count_text(one.count)
    what = inside(info.type.label if one.count == 1 else info.type.label_plural)
    return _("%(what)s, in the field “%(field)s”", what=f"{count} {what}", field=label_of(info.fields[one.field]))


def more_text(changed: int, shown: int) -> str:
    """ "and 12 more" below the records that are shown."""
    rest = changed - shown
    return ngettext("and %(num)s more", "and %(num)s more", rest) if rest > 0 else ""


def rows(info: TypeInfo, samples: Iterable[Sample]) -> tuple[SampleRow, ...]:
    """Records with the values that change."""
    return tuple(
        SampleRow(
            one.before.title,
            f"/{info.collection}/{one.before.id}",
            tuple(
                Change(
                    label_of(info.fields[name]),
                    value_text(info.fields[name], one.before.values.get(name)),
                    value_text(info.fields[name], one.after.values.get(name)),
                )
                for name in one.names
                if name in one.after.values
            ),
        )
        for one in samples
    )


def rows_again(info: TypeInfo, ids: Sequence[int], act: Act) -> tuple[SampleRow, ...]:
    """The same for records that a job kept by their ids."""
    return rows(info, rehearse(info.key, ids, act).samples) if ids else ()


def _refused(info: TypeInfo, found: Preview) -> tuple[tuple[str, str], ...]:
    """Record and reason, the first ones; the others in numbers."""
    first = list(found.refused.items())[:MOST_REFUSED]
    names = links.names_of((info, info, record_id) for record_id, _why in first) if first else {}
    listed = [(names.get((info.key, record_id), str(record_id)), _why(info, why)) for record_id, why in first]
    rest = len(found.refused) - len(first)
    if rest > 0:
        listed.append((ngettext("%(num)s more", "%(num)s more", rest), ""))
    return tuple(listed)


def _why(info: TypeInfo, sentence: str) -> str:
    """A reason with the field's label in place of its name."""
    name, colon, rest = sentence.partition(": ")
    one = info.find(name) if colon else None
    return sentence if one is None else f"{label_of(one)}: {rest}"


def go(collection: str, job_id: int) -> Response:
    """POST /COLLECTION/bulk/JOB/go: do what the preview of a job showed."""
    info = type_of(collection)
    ordered = confirm(info, job_id)
    return done(f"/{collection}/bulk/{ordered.job}")
