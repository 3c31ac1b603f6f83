"""Saved views: who sees them, in which order, what a list opens with; bulk edits that do what their preview said."""

import random
import re
import threading

import pytest
import sqlalchemy as sa
from web_lab import Person, open_lab, statements, text_of

from kumiko.access import accounts
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound
from kumiko.host.scoping import trusted
from kumiko.jobs.worker import Worker
from kumiko.records import bulk, queries, saved_views, service
from kumiko.records.bulk import Act
from kumiko.records.catalogue import catalogue
from kumiko.records.history import unit_summary
from kumiko.records.undo import undo
from kumiko.records.units import unit
from kumiko.records.view_order import order_views, set_default, set_role_defaults
from kumiko.records.view_sharing import Sharing

ROOT, SAM, MIA = "root@example.com", "sam@example.com", "mia@example.com"


@pytest.fixture
def lab(clone_database, tmp_path):
    made = open_lab(clone_database, tmp_path)
    with made.acting():
        made.team = service.create("access.team", {"name": "North"}).id
        made.mia = accounts.add_user("Mia", MIA, roles=["seller"], password="three blue rivers")
        service.update("access.user", made.mia, {"team": made.team})
    yield made
    made.database.close()


def names(lab, who):
    with lab.acting(who):
        return [one.name for one in saved_views.list_views("sample.thing")]


def test_a_view_is_seen_by_those_it_is_shared_with_and_shares_no_records(lab):
    sam = lab.user_id(SAM)
    with lab.acting(ROOT):
        info = catalogue().get("sample.thing")
        service.create("sample.thing", {"name": "root's own", "size": 5})
        query = {
            "filter": {"f": "size", "op": "gte", "v": 1},
            "group": "state",
            "columns": ["size"],
            "widths": {"size": 90},
        }
        saved_views.create_view(info, "A mine", query)
        team = saved_views.create_view(info, "B team", query, sharing=Sharing(teams=(lab.team,)))
        person = saved_views.create_view(info, "C Sam", query, sharing=Sharing(users=(sam,)))
        saved_views.create_view(info, "D all", query, shared=True)
        with pytest.raises(Invalid) as refused:
            saved_views.update_view(person.id, sharing=Sharing(users=(999,)))
        assert refused.value.errors == {"sharing": ["there is no user 999 that you may see"]}
    assert names(lab, ROOT) == ["A mine", "B team", "C Sam", "D all"]
    assert names(lab, SAM) == ["C Sam", "D all"]
    assert names(lab, MIA) == ["B team", "D all"]
    with lab.acting(SAM):
        assert queries.all_ids(catalogue().get("sample.thing"), node=saved_views.get_view(person.id).filter) == []
        with pytest.raises(Forbidden):
            saved_views.update_view(person.id, name="x")
        with pytest.raises(NotFound):
            saved_views.duplicate_view(team.id)
        copy = saved_views.duplicate_view(person.id)
        assert (copy.name, copy.mine, copy.sharing.is_private, copy.filter) == (
            "C Sam (copy)",
            True,
            True,
            query["filter"],
        )
        with pytest.raises(Forbidden):
            set_role_defaults(person.id, ["seller"])


def test_lists_open_with_ones_own_choice_or_that_of_a_role_and_tabs_stand_in_ones_order(lab):
    with lab.acting(ROOT):
        info = catalogue().get("sample.thing")
        large = saved_views.create_view(info, "Large", {"filter": {"f": "size", "op": "gte", "v": 9}}, shared=True)
        late = saved_views.create_view(info, "Late", {"sort": "-due_on", "kind": "board", "board": {"scope": "ready"}},
                                       shared=True)  # fmt: skip
        set_role_defaults(large.id, ["seller"])
    root, sam = Person(lab, ROOT), Person(lab, SAM)
    assert root.get("/things").status_code == 200, "root is no seller"
    assert sam.get("/things").headers["Location"] == f"/things?size__gte=9&view={large.id}"
    with lab.acting(SAM):
        set_default(late.id)
        order_views([late.id, large.id])
    assert sam.get("/things").headers["Location"] == f"/things/board?sort=-due_on&scope=ready&view={late.id}"
    with statements() as seen:
        page = sam.get("/things?view=all")
    assert len(seen) <= 5, seen
    assert re.findall(r'class="km-view" href="([^"?]*)', page.text) == ["/things", "/things/board", "/things"]
    assert re.findall(r'class="km-view"[^>]*aria-current', page.text) == [
        'class="km-view" href="/things?view=all" aria-current'
    ]
    sam.post(f"/things/views/{late.id}/first?on=false")
    assert sam.get("/things").headers["Location"].startswith("/things?size__gte=9")
    root.post(f"/things/views/{large.id}/move?to=down")
    assert (names(lab, ROOT), names(lab, SAM)) == (["Late", "Large"], ["Late", "Large"])

    moved = root.get(f"/things/board?sort=-due_on&scope=all&view={late.id}")
    keep = re.search(rf'action="(/things/views/{late.id}/keep[^"]*)"', moved.text)[1].replace("&amp;", "&")
    assert ("Save changes to “Late”" in text_of(moved), "Rename or share this view" in text_of(moved)) == (True, True)
    assert root.post(keep).headers["Location"] == f"/things/board?sort=-due_on&scope=all&view={late.id}"
    kept = root.get(f"/things/board?sort=-due_on&scope=all&view={late.id}")
    assert ("Save changes" in text_of(kept), "Manage views" in text_of(kept)) == (False, True)
    changed = root.get(f"/things?size__gte=7&view={large.id}")
    assert "Save changes to “Large”" in text_of(changed)
    root.post(f"/things/views/{large.id}/keep?size__gte=7&group_by=state")
    shown = text_of(root.get("/things/views"))
    assert "for everybody lists of the roles seller open with it" in shown
    root.post(f"/things/views/{large.id}", {"name": "Big", "shared": ["false"], "teams": [str(lab.team)], "users": "",
                                            "roles": [""]})  # fmt: skip
    with lab.acting(ROOT):
        kept = saved_views.get_view(large.id)
    assert (kept.name, kept.filter, kept.group, kept.sharing, kept.default_roles) == (
        "Big", {"f": "size", "op": "gte", "v": "7"}, "state", Sharing(teams=(lab.team,)), ())  # fmt: skip
    root.post(f"/things/views/{large.id}/delete")
    assert names(lab, MIA) == ["Late"]
    with lab.acting():
        for table in ("records_view_share", "records_view_place", "records_view_role"):
            left = trusted(sa.text(f"SELECT count(*) FROM {table} WHERE view_id = {large.id}"))
            assert left.scalar() == 0, table


def shelf(lab, count, **more):
    with lab.acting(ROOT), unit():
        return [service.create("sample.thing", {"name": f"Lamp {n}", "size": n, "code": "c", **more}).id
                for n in range(count)]  # fmt: skip


def dump(ids):
    found = {}
    for record_id in ids:
        view = service.get("sample.thing", record_id)
        found[record_id] = {
            name: str(view.values[name]) for name in view.values if name not in ("updated_at", "updated_by")
        }
    return found


@pytest.mark.parametrize("rounds", [8, pytest.param(300, marks=pytest.mark.soak)])
def test_what_a_preview_says_is_what_is_done_and_one_undo_takes_it_back(lab, rounds):
    """Random acts: the counts, the refusals and the values of the preview are those of the act, then undone."""
    rng = random.Random(27)
    ids = shelf(lab, 12, flavours=["sweet"], tags=["red"])
    with lab.acting(ROOT):
        info = catalogue().get("sample.thing")
        for record_id in ids[:3]:
            service.update("sample.thing", record_id, {"code": None})
        for _number in range(rounds):
            chosen = rng.sample(ids, rng.randint(1, 12))
            act = rng.choice((
                Act(values={"state": "done"}),  # refused without a code
                Act(values={"size": rng.randint(0, 11), "due_on": "2026-05-01"}),
                Act(values={"code": None, "remark": "x"}),
                Act(add_tags=["vip"], drop_tags=["red"]),
                Act(add={"flavours": ["sour"]}, drop={"flavours": ["sweet"]}),
                Act(add={"flavours": ["sweet", "sour"]}),
            ))  # fmt: skip
            before = dump(ids)
            seen = bulk.preview(info, [*chosen, 999_999], act)
            assert dump(ids) == before, "a preview changes nothing"
            done = bulk.act_on(info, [*chosen, 999_999], act, mark=seen.mark)
            after = dump(ids)
            moved = [record_id for record_id in ids if after[record_id] != before[record_id]]
            assert (seen.changed, dict(seen.refused)) == (done.changed, done.refused)
            assert (len(moved), seen.changed + seen.equal + len(seen.refused)) == (done.changed, len(chosen) + 1)
            for one in seen.samples:
                old, new = before[one.before.id], after[one.before.id]
                told = {name: (str(one.before.values[name]), str(one.after.values[name])) for name in one.names}
                assert told == {name: (old[name], new[name]) for name in new if old[name] != new[name]}
            if done.unit is not None:
                undo(done.unit)
            assert dump(ids) == before
        seen = bulk.preview(info, ids, Act(values={"size": 3}))
        service.update("sample.thing", ids[5], {"remark": "meanwhile"})
        with pytest.raises(Conflict, match="since the preview"):
            bulk.act_on(info, ids, Act(values={"size": 3}), mark=seen.mark)
        assert service.get("sample.thing", ids[4]).get("size") == 4, "nothing was written"


def test_the_dialog_shows_the_preview_and_then_does_exactly_that(lab):
    ids = shelf(lab, 4)
    root = Person(lab, ROOT)
    sent = {"ids": ",".join(map(str, ids)), "size": "3", "_step": "preview"}
    page = root.post("/things/bulk", sent, HX_Request="true", X_Dialog="1")
    assert text_of(page).count("Size: 0 3") == 1
    assert "change 3" in text_of(page)
    assert "are so already 1" in text_of(page)
    hidden = dict(re.findall(r'<input type="hidden" name="(?!_csrf)([^"]+)" value="([^"]*)">', page.text))
    with lab.acting(ROOT):
        service.update("sample.thing", ids[0], {"size": 9})
    stale = root.post("/things/bulk", hidden, HX_Request="true", X_Dialog="1")
    assert "Somebody changed some of these records since the preview" in text_of(stale)
    hidden = dict(re.findall(r'<input type="hidden" name="(?!_csrf)([^"]+)" value="([^"]*)">', stale.text))
    done = root.post("/things/bulk", hidden, HX_Request="true", X_Dialog="1")
    assert "3 records changed" in done.headers["HX-Trigger"]
    back = root.post("/things/bulk", {**hidden, "_step": "form"}, HX_Request="true", X_Dialog="1")
    assert 'name="size"' in back.text
    assert 'value="3"' in back.text


def test_above_a_thousand_the_preview_is_a_job_and_what_changed_since_is_left(lab, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 10)
    monkeypatch.setattr(bulk, "SLICE", 6)
    ids = shelf(lab, 25)
    root = Person(lab, ROOT)
    path = root.post("/things/bulk", {"query": "", "size": "7", "_step": "preview"}).headers["Location"]
    stop = threading.Event()
    seen = []
    monkeypatch.setattr(
        bulk, "rehearse", lambda *about: (seen.append(1), stop.set())[1] or rehearse(*about), raising=True
    )
    Worker(lab.host, stop).run_once()  # ends after its first slice, as when it is killed
    monkeypatch.setattr(bulk, "rehearse", rehearse)
    assert 'value="6" max="25"' in root.get(path).text
    work(lab)
    page = root.get(path)
    assert "24 would change, 1 are so already, 0 are refused. Nothing was changed yet." in text_of(page)
    assert "and 16 more" in text_of(page)
    with lab.acting(ROOT):
        service.update("sample.thing", ids[2], {"remark": "meanwhile"})
    go = re.search(r'action="(/things/bulk/\d+/go)"', page.text)[1]
    done = root.post(go).headers["Location"]
    work(lab)
    ended = text_of(root.get(done))
    assert "23 records changed." in ended
    assert "changed since the preview 1" in ended
    with lab.acting(ROOT):
        sizes = [service.get("sample.thing", one).get("size") for one in ids]
    assert sizes == [7, 7, 2, *[7] * 22]
    group = int(re.search(r'action="/units/(\d+)/undo"', root.get(done).text)[1])
    with lab.acting(ROOT):
        assert unit_summary(group).is_group
    assert Person(lab, SAM).post(go).status_code == 404


rehearse = bulk.rehearse


def work(lab):
    worker = Worker(lab.host, threading.Event())
    while worker.run_once():
        pass


def test_the_palette_names_recent_cards_and_searches_one_kind(lab):
    ids = shelf(lab, 2)
    root, sam = Person(lab, ROOT), Person(lab, SAM)
    recent = f"/things/{ids[1]},/things/{ids[0]},/walls/7,/things/x"
    page = root.get(f"/palette?q=&recent={recent}")
    assert re.findall(r'data-href="(/things/\d+)"', page.text) == [f"/things/{ids[1]}", f"/things/{ids[0]}"]
    assert "Recently opened" not in sam.get(f"/palette?q=&recent={recent}").text
    assert "Lamp 1" in root.get("/palette?q=things:+lamp").text
    assert "Lamp 1" not in root.get("/palette?q=topics:+lamp").text
    found = root.get("/search?q=lamp&kind=things").text
    assert 'href="/search?q=lamp"' in found
