"""What is read of documents and payments beyond lists and cards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Date, and_, case, cast, func, literal, null, or_, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite

from kumiko import company_today, current, session, unscoped
from kumiko_contracts.sales import OpenAmount
from kumiko_sales.models import CANCELLED, INVOICE, ORDER, QUOTE, UNPAID, MadeOnce


def _payment() -> tuple[Any, Any]:
    from kumiko_sales.payments import PAYMENT_TYPE  # local: the types name rules that ask here

    allocations: Any = next(one.model for one in PAYMENT_TYPE.fields if one.name == "allocations")
    return PAYMENT_TYPE.model, allocations


def paid_of(invoice_id: int, *, without: int = 0) -> tuple[int, date | None]:
    """(minor units, day of the last payment) that live payments give an invoice, whoever may see them.

    `without`: id of a payment that is left out.
    """
    payment, part = _payment()
    query = (
        select(func.sum(part.amount_minor), func.max(payment.received_on))
        .join(payment, payment.id == part.parent_id)
        .where(part.invoice_id == invoice_id, payment.deleted_at.is_(None), payment.id != without)
    )
    with unscoped("what is paid of an invoice does not depend on who may see the payments"):
        minor, last_on = session().execute(query).one()
    return int(minor or 0), last_on


def lock_invoices(invoice_ids: Iterable[int]) -> dict[int, Any]:
    """Rows of invoices (state, gross_minor, gross_currency, number, organization_id, person_id), locked until the
    transaction ends: two payments at once cannot both take the rest."""
    from kumiko_sales.documents import INVOICE_TYPE  # local: see above

    model: Any = INVOICE_TYPE.model
    query = (
        select(
            model.id, model.state, model.gross_minor, model.gross_currency, model.number, model.organization_id,
            model.person_id, model.name, model.deleted_at, model.owner_id,
        )
        .where(model.id.in_(sorted(invoice_ids)))
        .order_by(model.id)
        .with_for_update()
    )  # fmt: skip
    with unscoped("an invoice is locked by whoever pays it"):
        return {row.id: row for row in session().execute(query)}


def find_following(type_key: str, link: str, record_id: int) -> str:
    """Name of the live document of a type that was made from this one, whoever may see it; "" when there is none."""
    from kumiko_sales.documents import TYPES

    model: Any = next(one.model for one in TYPES if one.key == type_key)
    query = select(model.name).where(
        getattr(model, f"{link}_id") == record_id, model.deleted_at.is_(None), model.state != CANCELLED
    )
    with unscoped("a document is made from another one once, whoever may see it"):
        return session().execute(query.order_by(model.id).limit(1)).scalar() or ""


def claim_key(key: str) -> int | None:
    """The invoice that was made under a key; None when this transaction is the first to ask: others wait for it."""
    dialect = sqlite if current().database.is_sqlite else postgresql
    with unscoped("keys are told apart whoever asks"):
        session().execute(dialect.insert(MadeOnce).values(key=key[:200]).on_conflict_do_nothing(index_elements=["key"]))
        query = select(MadeOnce.invoice_id).where(MadeOnce.key == key[:200])
        return session().execute(query).scalar_one()


def keep_key(key: str, invoice_id: int) -> None:
    """Write down what was made under a key."""
    with unscoped("keys are told apart whoever asks"):
        session().execute(
            update(MadeOnce).where(MadeOnce.key == key[:200]).values(invoice_id=invoice_id)
            .execution_options(synchronize_session=False)
        )  # fmt: skip


def open_amount(
    *, deal_id: int | None = None, person_id: int | None = None, organization_id: int | None = None
) -> list[OpenAmount]:
    """What is still to be paid of the issued invoices that the person may see, by currency."""
    from kumiko_sales.documents import INVOICE_TYPE

    model: Any = INVOICE_TYPE.model
    late = case((model.due_on < company_today(), model.rest_minor), else_=0)
    query = (
        select(model.rest_currency, func.sum(model.rest_minor), func.sum(late), func.count(model.id))
        .where(model.state.in_(UNPAID), model.deleted_at.is_(None))
        .group_by(model.rest_currency)
        .order_by(model.rest_currency)
    )
    for column, wanted in (
        (model.deal_id, deal_id), (model.person_id, person_id), (model.organization_id, organization_id)
    ):  # fmt: skip
        if wanted is not None:
            query = query.where(column == wanted)
    return [
        OpenAmount(currency=currency, minor=int(minor), overdue_minor=int(overdue), count=count)
        for currency, minor, overdue, count in session().execute(query)
    ]


def payments_of(invoice_id: int) -> list[Any]:
    """Live payments that settle an invoice: id, received_on, amount_minor, currency, method, reference; oldest first.

    Whoever may read the invoice may read what was paid of it.
    """
    payment, part = _payment()
    query = (
        select(
            payment.id, payment.received_on, part.amount_minor, part.amount_currency.label("currency"), payment.method,
            payment.reference,
        )
        .join(payment, payment.id == part.parent_id)
        .where(part.invoice_id == invoice_id, payment.deleted_at.is_(None))
        .order_by(payment.received_on, payment.id)
    )  # fmt: skip
    with unscoped("who may read an invoice may read what was paid of it"):
        return list(session().execute(query))


def related(record: Any, limit: int) -> list[Any]:
    """Documents of a deal or customer, or of the chain that a document stands in, that the person may see, newest
    first: type_key, id, name, state, gross_minor, gross_currency, due_on."""
    from kumiko_sales.documents import TYPES

    parts = []
    for one in TYPES:
        model: Any = one.model
        condition = _related_to(record, one.key, model)
        if condition is None:
            continue
        due = model.due_on if one.key == INVOICE else cast(null(), Date())
        parts.append(
            select(
                literal(one.key).label("type_key"), model.id, model.name, model.state, model.gross_minor,
                model.gross_currency, due.label("due_on"),
            ).where(model.deleted_at.is_(None), condition)
        )  # fmt: skip
    if not parts:
        return []
    both = union_all(*parts).subquery()
    return list(session().execute(select(both).order_by(both.c.id.desc()).limit(limit)))


def _related_to(record: Any, key: str, model: Any) -> Any:
    own = record.type.key
    if own not in (QUOTE, ORDER, INVOICE):
        name = {"deals.deal": "deal_id", "parties.person": "person_id", "parties.organization": "organization_id"}[own]
        return getattr(model, name) == record.id
    ways = []
    if record.link_id("deal") is not None:
        ways.append(model.deal_id == record.link_id("deal"))
    for name, target in (("quote", QUOTE), ("order", ORDER)):
        if own == target and hasattr(model, f"{name}_id"):
            ways.append(getattr(model, f"{name}_id") == record.id)
        if key == target and own != target and record.link_id(name) is not None:
            ways.append(model.id == record.link_id(name))
    return and_(or_(*ways), model.id != record.id) if ways else None
