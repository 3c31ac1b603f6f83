"""From what a visitor sent to a message: answers by their meaning, the rest as text, where the visitor came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kumiko import Invalid, RawItem
from kumiko import gettext as _
from kumiko_contracts.inquiries import Incoming, Origin, Sender
from kumiko_integrations.form_fields import COMPANY, EMAIL, MESSAGE, NAME, PHONE, SUBJECT

_UTM = ("source", "medium", "campaign", "term", "content")
_LONGEST = 500


def read(form_id: int, item: RawItem) -> Incoming:
    """The message of a submission. What the form was when it was sent is kept with it: it may have changed since."""
    meta = item.meta
    answers = answers_of(item)
    questions = meta.get("questions") or []
    known: dict[str, str] = {}
    lines: list[str] = []
    message = ""
    for question in questions:
        value = answers.get(question["name"], "").strip()
        if not value:
            continue
        means = question["means"]
        if means == MESSAGE and not message:
            message = value
        elif means in (NAME, EMAIL, PHONE, COMPANY, SUBJECT) and means not in known:
            known[means] = value
        else:
            lines.append(f"{question['label']}: {value}")
    if meta.get("consent") and answers.get("consent"):
        lines.append(str(_("Consented: %(text)s", text=meta["consent"])))
    text = "\n\n".join(part for part in (message, "\n".join(lines)) if part)
    return Incoming(
        channel="form",
        account=f"form:{form_id}",
        external_id=item.external_id,
        received_at=item.received_at,
        sender=Sender(
            name=known.get(NAME, ""), email=known.get(EMAIL, ""), phone=known.get(PHONE, ""),
            organization=known.get(COMPANY, ""),
        ),
        subject=known.get(SUBJECT, "") or str(meta.get("form", "")),
        text=text,
        origin=origin_of(answers.get("_page", "") or str(meta.get("referer", "")), answers.get("_referrer", ""), meta),
        language=str(meta.get("language") or ""),
        raw={"form": meta.get("form"), "answers": answers, "page": answers.get("_page", "")},
    )  # fmt: skip


def answers_of(item: RawItem) -> dict[str, str]:
    """Field -> answer of a submission as it came: of a form, or of a script."""
    text = item.body.decode("utf-8", "replace")
    if "json" in str(item.meta.get("media_type", "")):
        try:
            given = json.loads(text)
        except ValueError:
            raise Invalid(_("The body is no JSON.")) from None
        if not isinstance(given, Mapping):
            raise Invalid(_("wanted an object of answers by field"))
        return {str(name): value_text(value) for name, value in given.items()}
    return {
        name: ", ".join(values) for name, values in parse_qs(text, keep_blank_values=True, max_num_fields=200).items()
    }


def value_text(value: Any) -> str:
    """An answer as text."""
    if isinstance(value, list):
        return ", ".join(map(value_text, value))
    if value is None or value is False:
        return ""
    return "yes" if value is True else str(value).replace("\x00", "")


def origin_of(page: str, referrer: str, meta: Mapping[str, Any]) -> Origin:
    """Where a visitor came from: what the address of the page says, else what the form says."""
    try:
        query = parse_qs(urlsplit(page).query, max_num_fields=100)
    except ValueError:
        query = {}
    utm = {name: (query.get(f"utm_{name}") or [""])[0][:200] for name in _UTM}
    return Origin(
        source=utm["source"] or str(meta.get("source") or ""),
        medium=utm["medium"],
        campaign=utm["campaign"] or str(meta.get("campaign") or ""),
        term=utm["term"],
        content=utm["content"],
        landing_page=page[:_LONGEST],
        referrer=referrer[:_LONGEST],
    )
