"""Products and tax rates: what is sold, and what is added to it for the state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from kumiko import Choice, Draft, Field, PlainRecordType, session, unscoped, update
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_sales.models import PRODUCT, TAX_RATE, Base

GOOD, SERVICE = "good", "service"
KINDS = (
    Choice(key=GOOD, label=_l("Good"), hue="blue"),
    Choice(key=SERVICE, label=_l("Work or service"), hue="violet"),
)
OFFERED = {"f": "archived", "op": "eq", "v": False}
_KEPT_BY_HEADS = {
    "head": {"create": "all", "edit": "all", "delete": "all", "bulk": "all"},
    "seller": dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none"),
}


def prepare_tax_rate(draft: Draft) -> None:
    """Each name once; archived or not, default or not."""
    if draft.action == "deleted":
        return
    draft.set("archived", bool(draft.get("archived")))
    draft.set("is_default", bool(draft.get("is_default")) and not draft.get("archived"))
    _refuse_taken(draft, TAX_RATE_TYPE.model, "name", _("There is already a tax rate “%(text)s”; use that one."))


def after_tax_rates(drafts: Sequence[Draft]) -> None:
    """One default only. What an undo brings back brings the former default back, too."""
    for draft in drafts:
        gone = draft.action == "deleted" or draft.via == "undo"
        if gone or not draft.get("is_default") or not draft.changes("is_default"):
            continue
        model: Any = TAX_RATE_TYPE.model
        query = select(model.id).where(model.is_default.is_(True), model.id != draft.record_id)
        for other in session().execute(query).scalars().all():
            update(TAX_RATE, other, {"is_default": False})


def prepare_product(draft: Draft) -> None:
    """Each code once; a good unless told otherwise."""
    if draft.action == "deleted":
        return
    draft.set("archived", bool(draft.get("archived")))
    if draft.get("kind") is None:
        draft.set("kind", GOOD)
    for name in ("price", "cost"):
        if draft.get(name) is not None and draft.get(name).minor < 0:
            draft.refuse(name, _("an amount cannot be below 0 here"))
    _refuse_taken(draft, PRODUCT_TYPE.model, "code", _("There is already a product with the code “%(text)s”."))


def _refuse_taken(draft: Draft, model: Any, name: str, sentence: str) -> None:
    text = (draft.get(name) or "").strip()
    if not text or not (draft.changes(name) or draft.action == "restored"):
        return
    column = getattr(model, name)
    query = select(model.id).where(func.lower(column) == text.lower(), model.deleted_at.is_(None))
    with unscoped("a code is taken whoever may see it"):
        taken = [one for one in session().execute(query.limit(2)).scalars() if one != draft.record_id]
    if taken:
        draft.refuse(name, sentence % {"text": text})


TAX_RATE_TYPE = PlainRecordType(
    key=TAX_RATE, collection="tax-rates", label=_l("Tax rate"), label_plural=_l("Tax rates"), base=Base,
    icon="percentage", order=915, prepare=prepare_tax_rate, after=after_tax_rates, dictionary=True, timeline=False,
    public="everybody who makes quotes chooses a tax rate", grants=_KEPT_BY_HEADS, menu=False,
    fields=(
        Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=100),
        Field(name="percent", kind="percent", label=_l("Percent"), required=True, minimum=0, maximum=100),
        Field(
            name="is_default", kind="boolean", label=_l("Usual rate"), default=False,
            help=_l("Taken for lines that say nothing else."),
        ),
        Field(
            name="archived", kind="boolean", label=_l("Archived"), default=False,
            help=_l("No longer offered; documents keep it."),
        ),
    ),
    list_columns=("name", "percent", "is_default", "archived"), quick_fields=("name", "percent", "is_default"),
    default_sort="name", keys=("external_id", "name"), subtitle="percent",
)  # fmt: skip

PRODUCT_TYPE = PlainRecordType(
    key=PRODUCT, collection="products", label=_l("Product"), label_plural=_l("Products"), base=Base,
    icon="package", hue="amber", order=50, prepare=prepare_product, dictionary=True, timeline=False,
    public="everybody who sells sees what there is to sell", grants=_KEPT_BY_HEADS,
    fields=(
        Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=300),
        Field(name="code", kind="text", label=_l("Code"), searchable=True, max_length=60),
        Field(name="kind", kind="choice", label=_l("Kind"), choices=KINDS, default=GOOD),
        Field(name="unit", kind="text", label=_l("Unit"), max_length=20, help=_l("Such as pcs, h, kg, month.")),
        Field(name="price", kind="money", label=_l("Price"), help=_l("Of one unit, as quotes and invoices take it.")),
        Field(name="cost", kind="money", label=_l("Cost"), help=_l("What one unit costs us.")),
        Field(name="tax_rate", kind="link", to=TAX_RATE, label=_l("Tax rate"), target_filter=OFFERED),
        Field(name="category", kind="text", label=_l("Category"), max_length=100),
        Field(name="description", kind="longtext", label=_l("Description"), sortable=False),
        Field(
            name="archived", kind="boolean", label=_l("Archived"), default=False,
            help=_l("No longer offered; documents keep it."),
        ),
    ),
    list_columns=("name", "code", "kind", "unit", "price", "tax_rate", "category", "archived"),
    quick_fields=("name", "code", "kind", "unit", "price", "tax_rate"), subtitle="code",
    default_sort="name", keys=("external_id", "code", "name"),
)  # fmt: skip
