"""Pages of duplicates: pairs that were found, what was decided about them, sure ones merged at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from kumiko.duplicates import finding, identity, pairs, together
from kumiko.duplicates.declaring import matched_types, matching_of
from kumiko.duplicates.models import IGNORED, OPEN
from kumiko.duplicates.pairs import Pair
from kumiko.host.context import principal
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.states import load_states
from kumiko.web import merge_pages, merge_progress
from kumiko.web.answers import done, page
from kumiko.web.formats import ago_text, count_text
from kumiko.web.i18n import ngettext
from kumiko.web.lists import link_to
from kumiko.web.types import type_of
from kumiko.web.values import value_text
from kumiko.web.viewmodels import (
    Action,
    Empty,
    Link,
    Option,
    PairRow,
    PairSide,
    PairsView,
    SureRow,
    SureView,
    Toast,
)

blueprint = Blueprint("web_duplicates", __name__)
_ID = "int(min=1, max=9223372036854775807)"
PAGE, MOST_SURE = 50, 50
_FACTS = ("email", "phone", "domain", "city", "date")

blueprint.add_url_rule(
    "/duplicates/merge/<collection>", "merge", merge_pages.show, methods=["GET", "POST"]
)  # fmt: skip
blueprint.add_url_rule(f"/duplicates/merges/<{_ID}:job_id>", "merging", merge_progress.show, methods=["GET"])


def readable_types() -> list[TypeInfo]:
    """The types with rules whose records the person may see."""
    return [info for info in matched_types() if rights.level(info, principal(), "read") != "none"]


@blueprint.get("/duplicates")
def start() -> Response:
    types = readable_types()
    if not types:
        raise NotFound(_("There is nothing at this address, or you may not know of it."))
    return done(f"/duplicates/{types[0].collection}")


@blueprint.get("/duplicates/<collection>")
def show(collection: str) -> Response:
    """The list of pairs, the surest first."""
    info = _type(collection)
    return page("kumiko/duplicates.html", v=_view(info))


def _type(collection: str) -> TypeInfo:
    info = type_of(collection)
    if matching_of(info) is None:
        raise NotFound(_("%(what)s are never taken for each other.", what=str(info.type.label_plural)))
    return info


def _view(info: TypeInfo) -> PairsView:
    asked = _asked()
    listed, following = pairs.pairs(
        info, state=asked["state"], least=int(asked["least"]), reason=asked["reason"], q=asked["q"],
        after=request.args.get("after", ""), limit=PAGE,
    )  # fmt: skip
    count = pairs.count(
        info, state=asked["state"], least=int(asked["least"]), reason=asked["reason"], q=asked["q"]
    )  # fmt: skip
    base = f"/duplicates/{info.collection}"
    looked = pairs.searched(info)
    working = _working(info)
    text = _("New and changed records are compared as they come; the others have not been looked through yet.")
    if looked.at is not None:
        text = _("All records were looked through %(ago)s; new and changed ones are compared as they come.",
                 ago=ago_text(looked.at))  # fmt: skip
    counted = "1,000+" if count > pairs.COUNTED else count_text(count)
    return PairsView(
        title=_("Duplicates"),
        types=tuple(
            Link(str(one.type.label_plural), f"/duplicates/{one.collection}", one.type.icon, active=one is info)
            for one in readable_types()
        ),
        states=(
            Link(_("Possible"), base, active=asked["state"] == OPEN),
            Link(_("Not the same"), f"{base}?state={IGNORED}", active=asked["state"] == IGNORED),
        ),
        action=base,
        least=tuple(
            Option(str(one), _("from %(score)d %%", score=one), chosen=str(one) == asked["least"])
            for one in (0, 70, 80, 90)
        ),
        reasons=tuple(Option(key, word, chosen=key == asked["reason"]) for key, word in _reasons()),
        hidden=(("state", asked["state"]),),
        q=asked["q"],
        count=ngettext("%(num)s pair", "%(num)s pairs", count).replace(count_text(count), counted),
        searched=text,
        progress=working,
        progress_href=f"{base}?{urlencode(asked)}" if working else "",
        rows=tuple(_rows(info, listed, asked)),
        actions=_actions(info, base, working=bool(working)),
        empty=None if listed else _nothing(info, asked),
        more_href=f"{base}?{urlencode({**asked, 'after': following})}" if following else "",
        crumbs=(Link(_("Duplicates"), "/duplicates"),),
    )


def _asked() -> dict[str, str]:
    least, state = request.args.get("least", ""), request.args.get("state", "")
    return {
        "state": IGNORED if state == IGNORED else OPEN,
        "least": least if least.isdecimal() and len(least) < 4 else "0",
        "reason": request.args.get("reason", "")[:20],
        "q": request.args.get("q", "").strip()[:100],
    }


def _reasons() -> list[tuple[str, str]]:
    return [
        ("", _("any reason")), ("email", _("same e-mail")), ("phone", _("same phone")), ("name", _("same name")),
        ("similar", _("similar name")), ("domain", _("same web domain")),
        ("number", _("same tax or registration number")),
    ]  # fmt: skip


def _working(info: TypeInfo) -> str:
    """How far a search through all records is; "" while none works."""
    job = finding.working(info)
    if job is None:
        return ""
    if not job.total:
        return job.note or _("A search through all records waits for its turn.")
    share = min(100, round(100 * job.done / job.total))
    return _("Looking through all records: %(share)d %%, %(note)s", share=share, note=job.note)


def _actions(info: TypeInfo, base: str, *, working: bool) -> tuple[Action, ...]:
    found: list[Action] = []
    if principal().may("duplicates.find") and not working:
        found.append(Action(_("Look through all"), f"{base}/find", "search", method="post"))
    if rights.level(info, principal(), "bulk") != "none":
        found.append(Action(_("Merge sure pairs"), f"{base}/sure", "arrow-merge"))
    if principal().may("settings.edit") or principal().is_administrator:
        found.append(Action(_("Rules"), "/admin/settings#duplicates", "settings"))
    return tuple(found)


def _nothing(info: TypeInfo, asked: Mapping[str, str]) -> Empty:
    if asked["state"] == IGNORED:
        return Empty(_("Nothing here"), _("Pairs that somebody called “not the same” are kept here; each can be "
                                          "taken back."), "circle-check")  # fmt: skip
    if pairs.searched(info).at is None:
        return Empty(_("No pairs"), _("“Look through all” compares the records that are there already."), "search")
    return Empty(
        _("No pairs"),
        _("Nobody among %(what)s seems to be there twice.", what=inside(info.type.label_plural)), "circle-check",
    )  # fmt: skip


def _rows(info: TypeInfo, listed: list[Pair], asked: Mapping[str, str]) -> Iterable[PairRow]:
    states = load_states(info, sorted({one for pair in listed for one in (pair.left_id, pair.right_id)}), many=False)
    readable = info.readable(principal())
    names = [name for name, one in readable.items() if one.kind in _FACTS or name in _FACTS][:3]

    def side(record_id: int, name: str) -> PairSide:
        values = states[record_id].values if record_id in states else {}
        facts = [value_text(readable[one], values.get(one)) for one in names if values.get(one)]
        return PairSide(name or f"#{record_id}", f"/{info.collection}/{record_id}", " · ".join(map(str, facts)))

    editable = rights.level(info, principal(), "edit") != "none" and not principal().read_only
    focus = request.args.get("at", "")
    for number, pair in enumerate(listed):
        ids = f"{pair.left_id},{pair.right_id}"
        here = urlencode({**asked, "at": number})
        other = OPEN if pair.state == IGNORED else IGNORED
        decide = Action(
            _("Possible after all") if pair.state == IGNORED else _("Not the same"),
            f"/duplicates/{info.collection}/{pair.left_id}/{pair.right_id}/{other}?{here}",
            "arrow-back-up" if pair.state == IGNORED else "x", method="post", keys="i",
        )  # fmt: skip
        yield PairRow(
            key=f"pair-{pair.left_id}-{pair.right_id}",
            score=_("%(score)d %%", score=pair.score),
            hue="green" if pair.score >= identity.sure_from() else "amber" if pair.score >= 75 else "gray",
            why=pair.why,
            left=side(pair.left_id, pair.left_name),
            right=side(pair.right_id, pair.right_name),
            merge=Action(_("Merge"), f"/duplicates/merge/{info.collection}?ids={ids}", "arrow-merge", keys="m")
            if editable
            else None,
            decide=decide if editable else None,
            focus=focus == str(number),
        )


@blueprint.post("/duplicates/<collection>/find")
def look(collection: str) -> Response:
    """Start a search through all records."""
    info = _type(collection)
    if not principal().may("duplicates.find"):
        raise Forbidden(_("Your role does not allow you to look through all records; ask an administrator."))
    finding.start(info)
    return done(f"/duplicates/{collection}", Toast(_("The search has begun")))


@blueprint.post(f"/duplicates/<collection>/<{_ID}:left_id>/<{_ID}:right_id>/<state>")
def decide(collection: str, left_id: int, right_id: int, state: str) -> Response:
    """Remember that two records are not the same, or take that back."""
    info = _type(collection)
    if state not in (OPEN, IGNORED):
        raise NotFound(_("There is nothing at this address."))
    pairs.decide(info, left_id, right_id, state)
    kept = {**_asked(), "at": request.args.get("at", "")}
    other = OPEN if state == IGNORED else IGNORED
    said = _("Not the same: remembered") if state == IGNORED else _("The pair is possible again")
    undo = f"/duplicates/{collection}/{left_id}/{right_id}/{other}"
    return done(f"/duplicates/{collection}?{urlencode(kept)}", Toast(said, undo=undo))


@blueprint.get("/duplicates/<collection>/sure")
def sure(collection: str) -> Response:
    """What merging the sure pairs would do."""
    info = _type(collection)
    rights.require("bulk", info)
    return page("kumiko/duplicates_sure.html", v=_sure_view(info))


def _sure_view(info: TypeInfo) -> SureView:
    least = identity.sure_from()
    planned = together.look(info, least=least, most=MOST_SURE)
    names = pairs.names_of(info, [one for each in planned for one in each.ids])

    def link(record_id: int) -> Link:
        return Link(names.get(record_id, f"#{record_id}"), f"/{info.collection}/{record_id}")

    rows = tuple(
        SureRow(
            key=",".join(map(str, one.ids)), winner=link(one.ids[0]), losers=tuple(map(link, one.ids[1:])),
            follows=follows_text(one.plan.coming) if one.plan is not None else "", refused=one.refused,
        )
        for one in planned
    )  # fmt: skip
    return SureView(
        title=_("Merge sure pairs"),
        action=f"/duplicates/{info.collection}/sure",
        rows=rows,
        submit=_("Merge those ticked"),
        intro=_("Pairs from %(least)d %% on. The older record remains and is filled up from the other; everything "
                "that belongs to the other follows. All of it is one step that can be undone.", least=least),
        cancel_href=f"/duplicates/{info.collection}",
        crumbs=(Link(_("Duplicates"), f"/duplicates/{info.collection}"), link_to(info)),
        empty=None if rows else Empty(_("No sure pairs"), _("Look at the others one by one."), "circle-check"),
    )  # fmt: skip


def follows_text(coming: Mapping[str, int]) -> str:
    """ "3 deals, 12 messages"; "nothing" when nothing names the records."""
    known = catalogue()
    parts = [f"{count_text(count)} {inside(known.get(key).type.label_plural)}" for key, count in coming.items()]
    return ", ".join(parts) or _("nothing else")


@blueprint.post("/duplicates/<collection>/sure")
def merge_sure(collection: str) -> Response:
    """Merge the ticked ones in the background."""
    info = _type(collection)
    rights.require("bulk", info)
    clusters = [_ids(text) for text in request.form.getlist("cluster")][:MOST_SURE]
    if not clusters:
        raise Invalid(_("Tick at least one pair."))
    ordered = together.order(info, clusters)
    return done(
        f"/duplicates/{collection}",
        Toast(_("The records are being merged"), undo=f"/units/{ordered.group}/undo", href=f"/units/{ordered.group}"),
    )


def _ids(text: str) -> list[int]:
    parts = text.split(",")
    if not 2 <= len(parts) <= 20 or not all(part.isdecimal() and len(part) < 19 for part in parts):
        raise Invalid(_("This choice cannot be read; open the page again."))
    return [int(part) for part in parts]
