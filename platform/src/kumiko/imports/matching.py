"""Which records rows are about: by their key, and by what else tells that a record is there already."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kumiko.host import context
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.imports.doubles import SKIP, UPDATE, find_doubles
from kumiko.imports.likeness import find_alike, find_repeated
from kumiko.imports.plan import EXTERNAL, Plan
from kumiko.imports.seen import FirstRows
from kumiko.imports.targets import look_up
from kumiko.imports.work import Work
from kumiko.records import rights
from kumiko.records.states import load_states


def match(plan: Plan, works: Sequence[Work]) -> None:
    """Find the records that the keys name, in one statement, and load those that may be changed."""
    info, key = plan.info, plan.key
    by_key = {str(work.key): work for work in works if work.key is not None}
    if not by_key:
        return
    ids: dict[int, Work] = {}
    matched: set[str] = set()
    for record_id, _team, text in look_up(info, key, list(by_key), readable_only=key != EXTERNAL):
        work = by_key[text]
        if record_id in ids:
            continue
        if text in matched:
            work.faults.append(
                _("several %(what)s have %(key)s %(value)s; name them by another key",
                  what=inside(info.type.label_plural), key=key, value=repr(text))
            )  # fmt: skip
        ids[record_id] = work
        matched.add(text)
    if key == "id":
        for text, work in by_key.items():
            if text not in matched:
                work.faults.append(_("id: there is no %(what)s %(id)s that you may see",
                                     what=inside(info.type.label), id=text))  # fmt: skip
    person = context.principal()
    states = load_states(info, list(ids), criterion=rights.criterion(info, person, "edit"), lock=True)
    for record_id, work in ids.items():
        work.state = states.get(record_id)
        if work.state is None:
            work.faults.append(
                _("%(key)s %(value)s names a record that you may not change", key=key, value=repr(work.key))
            )


def mark_doubles(plan: Plan, works: Sequence[Work], firsts: FirstRows, *, foreseen_new: Collection[int] = ()) -> None:
    """New rows whose record seems to be there already: left out, or that record is changed, as it was wished.

    `firsts`: which row of the file brought an address first. `foreseen_new`: rows that an accepted rehearsal found
    new; they come in as it said.
    """
    wish = plan.wishes.duplicates
    new = [work for work in works if work.state is None and not work.faults and work.row.number not in foreseen_new]
    if wish not in (SKIP, UPDATE) or not new:
        return
    found = find_doubles(plan, new)
    repeated = find_repeated(new, firsts)
    rest = [work for work in new if work.row.number not in found]
    alike = find_alike(plan.info, rest) | {
        number: one for number, one in repeated.items() if number not in found
    }  # fmt: skip
    sure: dict[int, int] = {}
    if wish == UPDATE:
        sure = {number: ids[0] for number, (ids, _sentence) in found.items() if len(ids) == 1}
        sure |= {number: one.record_id for number, one in alike.items() if one.sure and one.record_id is not None}
    info = plan.info
    criterion = rights.criterion(info, context.principal(), "edit")
    states = load_states(info, sorted(set(sure.values())), criterion=criterion, lock=True) if sure else {}
    taken = {work.state.id for work in works if work.state is not None}
    for work in new:
        ids, sentence = found.get(work.row.number, ((), ""))
        like = alike.get(work.row.number)
        if not ids and like is None:
            continue
        work.double_id = ids[0] if ids else like.record_id if like is not None else None
        wanted = sure.get(work.row.number)
        state = states.get(wanted) if wanted is not None and wanted not in taken else None
        if state is None:
            work.is_double = True
            work.faults.append(sentence if ids or like is None else like.sentence)
        else:
            taken.add(state.id)
            work.state = state
