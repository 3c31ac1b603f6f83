"""For the leak test: a report of everything that somebody may make figures of, as it would be mailed to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from kumiko import KumikoError, create, get, principal, session, sources, unscoped
from kumiko_analytics.mail_text import of_report
from kumiko_analytics.record_types import REPORT, REPORT_KEY

_ROWS = ("name", "owner", "organization", "person")


def arrange() -> None:
    """Reports of each source by its names, and by what its records link to."""
    for source in sources():
        key = source.dataset.key if source.dataset is not None else source.type.key
        for name in _ROWS:
            if source.info.find(name) is None:
                continue
            definition = {"source": key, "rows": [name], "columns": [], "measures": ["count"], "chart": "",
                          "filter": None, "query": ""}  # fmt: skip
            try:
                create(REPORT_KEY, {"name": f"{key} by {name}"[:120], "definition": definition})
            except KumikoError:  # this source has no such rows
                continue


def sent() -> Iterator[str]:
    """The mails of these reports as they would be now."""
    model: Any = REPORT.model
    with unscoped("the acting person's own reports"):
        ids = list(session().execute(select(model.id).where(model.owner_id == principal().user_id)).scalars())
    for record_id in ids:
        try:
            made = of_report(get(REPORT_KEY, record_id))
        except KumikoError as fault:
            yield fault.message
        else:
            yield f"{made.text}\n{made.html}"
