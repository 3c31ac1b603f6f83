"""Document templates: texts with placeholders that become contracts, offers and letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kumiko import (
    Choice,
    Conflict,
    Draft,
    Field,
    Invalid,
    PlainRecordType,
    RecordAction,
    RenderedText,
    attach_file,
    catalogue,
    check_text,
    get,
    record_values,
    render_text,
    session,
    unit,
)
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_sales import customers, printing
from kumiko_sales.document_rules import known_language
from kumiko_sales.models import INVOICE, ORDER, QUOTE, TEMPLATE, Base

CONTRACT, OFFER, LETTER = "contract", "offer", "letter"
KINDS = (
    Choice(key=CONTRACT, label=_l("Contract"), hue="violet"),
    Choice(key=OFFER, label=_l("Offer"), hue="blue"),
    Choice(key=LETTER, label=_l("Letter"), hue="teal"),
)
#: What a template may be about; the keys of choices are those of the types.
ABOUT = (
    Choice(key=DEAL, label=_l("A deal")),
    Choice(key=QUOTE, label=_l("A quote")),
    Choice(key=ORDER, label=_l("An order")),
    Choice(key=INVOICE, label=_l("An invoice")),
    Choice(key=ORGANIZATION, label=_l("An organization")),
    Choice(key=PERSON, label=_l("A person")),
)
MOST_CHARS = 60_000
_OFFERED = {"f": "archived", "op": "eq", "v": False}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a template makes of a record: the text, and the placeholders that were empty there."""

    text: str
    missing: tuple[str, ...]


def prepare_template(draft: Draft) -> None:
    """A text that names what there is, and is not larger than a document."""
    if draft.action == "deleted":
        return
    draft.set("archived", bool(draft.get("archived")))
    if draft.get("kind") is None:
        draft.set("kind", LETTER)
    about, body = draft.get("about"), draft.get("body") or ""
    if not about or not body or not (draft.is_new or draft.changes("about", "body")) or draft.replaying:
        return
    if catalogue().find(about) is None:
        draft.refuse("about", _("The module that keeps these records is switched off; switch it on first."))
        return
    for sentence in check_text(body, about):
        draft.refuse("body", sentence)


def filled(template: Any, record: Any) -> RenderedText:
    """The text of a template with the values of a record, in the language of the template or the customer.

    Invalid with a sentence for a mistake in the text and for what would grow too large.
    """
    language = template.get("language") or _language_of(record)
    values = record_values(record.type.key, record.id)
    return render_text(template.get("body") or "", values, max_chars=MOST_CHARS, language=language)


def _language_of(record: Any) -> str:
    if record.type.key == PERSON:
        return str(record.get("language") or customers.company_language())
    known = record.get("language") if "language" in record.type.fields else ""
    linked = "person" in record.type.fields and "organization" in record.type.fields
    return str(known or (customers.language_of(record) if linked else customers.company_language()))


def make_document(record: Any, values: Any) -> None:
    """A PDF from a template with the values of a record, kept with it. `values`: template (id)."""
    template = get(TEMPLATE, values["template"])
    if template.get("about") != record.type.key:
        raise Conflict(_("“%(template)s” is about something else; choose another template.", template=template.title))
    made = filled(template, record)
    if not made.text.strip():
        raise Invalid(_("“%(template)s” comes out empty here; nothing was made.", template=template.title))
    language = template.get("language") or _language_of(record)
    content = printing.letter(template.title, made.text, _address(record), language)
    with unit(reason=_("document made")):
        name = f"{template.title} - {record.title}"[:180]
        attach_file(record.type.key, record.id, f"{name}.pdf", content, media_type="application/pdf",
                    kind=printing.DOCUMENT)  # fmt: skip


def _address(record: Any) -> str:
    linked = "person" in record.type.fields and "organization" in record.type.fields
    if record.get("address") and record.type.key in (QUOTE, ORDER, INVOICE):
        return str(record.get("address"))
    return customers.address_of(record) if linked and record.type.key != PERSON else customers.own_address(record)


def templates_for(type_key: str) -> Sequence[Choice]:
    """Templates about a type that are offered, by name."""
    model: Any = TEMPLATE_TYPE.model
    query = (
        select(model.id, model.name, model.kind)
        .where(model.about == type_key, model.archived.is_(False), model.deleted_at.is_(None))
        .order_by(model.name)
        .limit(100)
    )
    return [Choice(key=str(row.id), label=row.name) for row in session().execute(query)]


def actions() -> list[RecordAction]:
    """Make a document from a template, of each kind of record that templates are about."""
    return [
        RecordAction(
            type=choice.key, name="make_document", label=_l("Make a document"), icon="template", run=make_document,
            offers={"template": lambda record: templates_for(record.type.key)},
            fields=(
                Field(
                    name="template", kind="link", to=TEMPLATE, label=_l("Template"), required=True,
                    target_filter=_OFFERED,
                ),
            ),
            confirm=_l("A PDF with the values of this record is kept among its files."),
        )
        for choice in ABOUT
    ]  # fmt: skip


TEMPLATE_TYPE = PlainRecordType(
    key=TEMPLATE, collection="document-templates", label=_l("Document template"),
    label_plural=_l("Document templates"), base=Base, icon="template", hue="violet", order=918,
    prepare=prepare_template, timeline=False, dictionary=True,
    public="everybody makes documents from them",
    grants={
        "head": {"create": "all", "edit": "all", "delete": "all", "bulk": "all"},
        "seller": dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none"),
    },
    fields=(
        Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=120),
        Field(name="kind", kind="choice", label=_l("Kind"), choices=KINDS, default=LETTER),
        Field(name="about", kind="choice", label=_l("About"), choices=ABOUT, required=True, default=DEAL),
        Field(
            name="language", kind="text", label=_l("Language"), max_length=10, validate=known_language,
            help=_l("Amounts and days are written in it. Empty means the customer's."),
        ),
        Field(
            name="body", kind="longtext", label=_l("Text"), required=True, sortable=False,
            help=_l("Placeholders such as {{ organization.name }} or {{ amount }}. A line that begins with # is a "
                    "heading, one with - a point."),
        ),
        Field(name="archived", kind="boolean", label=_l("Archived"), default=False, help=_l("No longer offered.")),
    ),
    list_columns=("name", "kind", "about", "language", "archived"), quick_fields=("name", "kind", "about", "body"),
    default_sort="name", keys=("external_id", "name"), subtitle="kind",
)  # fmt: skip
