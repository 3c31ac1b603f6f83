"""Lines of a deal: what is offered before there is a document. While there are any, the amount is their net total."""

from __future__ import annotations

from kumiko import Draft, Money, company_currency
from kumiko import gettext as _
from kumiko_sales import lines
from kumiko_sales.document_rules import usually_with_tax

NAME = "sales_lines"


def price(draft: Draft) -> None:
    """Count the lines of a deal on its way into the store, and let the amount follow."""
    if NAME not in draft.values and not ("amount" in draft.values and draft.get(NAME)):
        return
    amount = draft.get("amount")
    rows = draft.get(NAME) or []
    currency = lines.currency_of(rows) or (amount.currency if amount is not None else company_currency())
    made = lines.count(draft, NAME, currency, prices_include_tax=usually_with_tax())
    if made is None or not rows:
        return
    total = Money(made.net_minor, currency)
    given = draft.values.get("amount")
    if given not in (None, total) and (draft.is_new or draft.changes("amount")) and draft.via != "undo":
        draft.guard("amount", _("The amount follows from the lines, which come to %(total)s; change these, or leave "
                                "the amount out.", total=f"{total.value} {currency}"))  # fmt: skip
    draft.set("amount", total)
