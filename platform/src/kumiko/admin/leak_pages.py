"""The page of the leak test: exits by roles, when it was run, how much was asked, and what leaked."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from kumiko.admin import desk, leak_job, leak_sent
from kumiko.admin.desk import blueprint, needs
from kumiko.host.context import current
from kumiko.host.errors import KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.jobs.models import DONE, READY, RUNNING
from kumiko.web import answers
from kumiko.web.formats import ago_text, moment_text, number_text
from kumiko.web.viewmodels import Action, Link

PAGE = leak_job.PAGE


@blueprint.get("/leaks")
@needs("audit.read")
def leaks_page() -> Response:
    runs = leak_job.newest()
    return _draw(runs[0] if runs else None, runs)


@blueprint.get("/leaks/<int:proof_id>")
@needs("audit.read")
def leak_run_page(proof_id: int) -> Response:
    run = leak_job.find(proof_id)
    if run is None:
        raise NotFound(_("There is no run %(id)d of the leak test.", id=proof_id))
    return _draw(run, leak_job.newest())


@blueprint.post("/leaks")
@needs("audit.read")
def start_leak_test() -> Response:
    try:
        proof_id = leak_job.start()
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    return answers.done(f"{PAGE}/{proof_id}")


def _draw(run: Any, runs: list[Any]) -> Response:
    works = run is not None and run["status"] in (READY, RUNNING)
    results = (run["results"] if run is not None else None) or {}
    roles = results.get("roles", [])
    return desk.draw(
        "admin/leaks.html",
        run=_run(run) if run is not None else None,
        works=works,
        note=(run["progress_note"] or "") if works else "",
        roles=[{**one, "count": number_text(one["probes"])} for one in roles],
        groups=_groups(results.get("exits", []), [one["key"] for one in roles]),
        leaks=[_leak(leak, one["name"]) for one in roles for leak in one["leaks"]],
        refused=sorted({f"{key}: {why}" for one in roles for key, why in one["refused"].items()}),
        runs=[_run(one) for one in runs],
        actions=() if works else (Action(_("Run the test now"), PAGE, "shield-check", method="post", primary=True),),
        tabs=desk.tabs("leaks"),
        crumbs=(Link(_("Leak test"), PAGE),),
    )


def _leak(leak: dict[str, Any], role: str) -> dict[str, Any]:
    """One leak; of what is sent by itself its way stands for the question."""
    by_itself = leak["exit"].startswith(leak_sent.PREFIX)
    where = dict(leak_sent.labels()).get(leak["exit"], leak["exit"]) if by_itself else ""
    return {**leak, "role": role, "where": where}


def _run(row: Any) -> dict[str, Any]:
    works = row["status"] in (READY, RUNNING)
    failed = not works and row["finished_at"] is None
    tone = "amber" if works else "red" if failed or row["leaks"] else "green"
    word = (
        _("is running") if works
        else _("broke off") if failed
        else _("%(count)d leaks", count=row["leaks"]) if row["leaks"]
        else _("no leak")
    )  # fmt: skip
    return {
        "href": f"{PAGE}/{row['id']}", "at": row["at"], "at_text": moment_text(row["at"]), "ago": ago_text(row["at"]),
        "probes": number_text(row["probes"]), "leaks": row["leaks"], "word": word, "tone": tone,
        "done": row["status"] == DONE or row["finished_at"] is not None,
    }  # fmt: skip


def _groups(exits: list[dict[str, Any]], roles: list[str]) -> list[dict[str, Any]]:
    """Exits by the part of the system that registered them; those with leaks first."""
    found: dict[str, list[dict[str, Any]]] = {}
    names = dict(leak_sent.labels())
    for one in exits:
        found.setdefault(_title(one["of"]), []).append(one)
    groups = []
    for title, listed in sorted(found.items()):
        cells = [
            (sum(one["probes"].get(role, 0) for one in listed), sum(one["leaks"].get(role, 0) for one in listed))
            for role in roles
        ]
        rows = [
            (
                names.get(one["exit"], one["exit"]),
                [(one["probes"].get(role, 0), one["leaks"].get(role, 0)) for role in roles],
            )
            for one in listed
        ]
        rows.sort(key=lambda row: (not any(leaks for _probes, leaks in row[1]), row[0]))
        groups.append({"title": title, "cells": cells, "rows": rows, "bad": any(leaks for _probes, leaks in cells)})
    groups.sort(key=lambda group: not group["bad"])
    return groups


def _title(name: str) -> str:
    generation = current().generation
    loaded = generation.plugins.get(name) if generation is not None else None
    return str(loaded.manifest.title) if loaded is not None else name.replace("_", " ").capitalize()
