"""Tables of the record layer: the journal, and what every record may have (tags, shares, external ids, search)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope

_JOURNAL = "read through the record layer, limited to readable records"


class Base(DeclarativeBase):
    metadata = plugin_metadata("records")
    type_annotation_map = {datetime: UtcDateTime}


class Unit(Base):
    """One commit, or (is_group) a bracket around several: an import, a bulk edit, a hand-over.

    Ids ascend in time. `undo_of` names the unit or group that this unit undid.
    """

    __tablename__ = "records_unit"
    __scope__ = Scope.internal(_JOURNAL)
    __table_args__ = (Index("ix_records_unit_group", "group_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_id: Mapped[int | None] = mapped_column(Id)
    actor: Mapped[str] = mapped_column(String(200), default="")
    via: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(500), default="")
    request_id: Mapped[str] = mapped_column(String(64), default="")
    is_group: Mapped[bool] = mapped_column(Boolean, default=False)
    group_id: Mapped[int | None] = mapped_column(Id)
    undo_of: Mapped[int | None] = mapped_column(Id)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[int | None] = mapped_column(Id)
    xact: Mapped[int | None] = mapped_column(BigInteger)  # PostgreSQL: transaction id, for a gap-free feed


class Entry(Base):
    """What one unit did to one record. `before` and `after` hold the changed fields in journal form.

    `action`: created changed deleted restored. Names of extension fields carry their plugin ("sales:stage"); rows of
    lists are `field#id`. `undone` is null, true, or the list of undone names. Entries of undo units are `derived`:
    they follow from the marks and have no say in the value rule (design 2).
    """

    __tablename__ = "records_entry"
    __scope__ = Scope.internal(_JOURNAL)
    __table_args__ = (
        Index("ix_records_entry_record", "record_id", "id"),
        Index("ix_records_entry_unit", "unit_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    unit_id: Mapped[int] = mapped_column(Id)
    type_key: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Id)
    action: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(Integer)
    derived: Mapped[bool] = mapped_column(Boolean, default=False)
    before: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    after: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    names: Mapped[Any] = mapped_column(JsonValue, nullable=True)  # of what extension links named: readable without them
    undone: Mapped[Any] = mapped_column(JsonValue, nullable=True)


class Mark(Base):
    """Names of one entry that an undo unit marked (`undone`), or, as a redo, took the marks back of."""

    __tablename__ = "records_mark"
    __scope__ = Scope.internal(_JOURNAL)
    __table_args__ = (Index("ix_records_mark_unit", "unit_id", "entry_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    unit_id: Mapped[int] = mapped_column(Id)
    entry_id: Mapped[int] = mapped_column(Id)
    names: Mapped[Any] = mapped_column(JsonValue)
    undone: Mapped[bool] = mapped_column(Boolean)


class ContractEvent(Base):
    """A business fact stated by a unit ("deals.deal_won/1")."""

    __tablename__ = "records_event"
    __scope__ = Scope.internal(_JOURNAL)
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    unit_id: Mapped[int] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(120))
    type_key: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Id, index=True)
    payload: Mapped[Any] = mapped_column(JsonValue, nullable=True)


class Absence(Base):
    """A module with subscriptions that was off, until it has caught up: how far it knows the journal.

    What it must still be told are entries after `entry_id` and facts after `event_id`. As long as the row exists,
    writers make no deliveries for it, so that newer changes of a record cannot overtake older ones.
    """

    __tablename__ = "records_absence"
    __scope__ = Scope.internal("the record layer's memory of modules that are off")

    plugin: Mapped[str] = mapped_column(String(80), primary_key=True)
    left_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entry_id: Mapped[int] = mapped_column(Id)
    event_id: Mapped[int] = mapped_column(Id)


class Tag(Base):
    __tablename__ = "records_tag"
    __scope__ = Scope.internal("read with their records")
    __table_args__ = (Index("ix_records_tag_value", "value", "record_id"),)

    record_id: Mapped[int] = mapped_column(Id, primary_key=True)
    value: Mapped[str] = mapped_column(String(80), primary_key=True)


class Share(Base):
    """A record that somebody co-owns or was given."""

    __tablename__ = "records_share"
    __scope__ = Scope.internal("read with their records")
    __table_args__ = (Index("ix_records_share_user", "user_id", "record_id"),)

    record_id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(Id, primary_key=True)


class ExternalId(Base):
    """The name of a record in another system; "" is the default system, the usual key of imports."""

    __tablename__ = "records_external_id"
    __scope__ = Scope.internal("read with their records")
    __table_args__ = (Index("ix_records_external_id_value", "type_key", "system", "value"),)

    record_id: Mapped[int] = mapped_column(Id, primary_key=True)
    system: Mapped[str] = mapped_column(String(80), primary_key=True)
    type_key: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(String(300))


class SearchDocument(Base):
    """One document per live record; `text` is normalised (kumiko.records.search)."""

    __tablename__ = "records_search"
    __scope__ = Scope.internal("searched through kumiko.records.search")

    record_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    type_key: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)


class IdempotencyKey(Base):
    """The answer to a POST that carried an Idempotency-Key, so that a repeated one makes nothing twice."""

    __tablename__ = "records_idempotency"
    __scope__ = Scope.internal("the REST edge")
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[int | None] = mapped_column(Id)
    key: Mapped[str] = mapped_column(String(200))
    request_hash: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[int] = mapped_column(Id)
    type_key: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    answer: Mapped[Any] = mapped_column(JsonValue, nullable=True)  # of requests that made no record


class SavedView(Base):
    """A named list of a collection, private or shared. `query` is its `saved_views.MEMBERS`."""

    __tablename__ = "records_view"
    __scope__ = Scope.internal("read through kumiko.records.views: own and shared ones")

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    type_key: Mapped[str] = mapped_column(String(80), index=True)
    name: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int | None] = mapped_column(Id)
    shared: Mapped[bool] = mapped_column(Boolean, default=False)
    query: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SavedViewShare(Base):
    """A team or user that a view is shared with; `shared` of the view itself means everybody."""

    __tablename__ = "records_view_share"
    __scope__ = Scope.internal("read through kumiko.records.view_sharing")

    view_id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(4), primary_key=True)  # team, user
    subject_id: Mapped[int] = mapped_column(Id, primary_key=True)


class SavedViewPlace(Base):
    """Where a person wants a view among the others, and which one that person's list opens with."""

    __tablename__ = "records_view_place"
    __scope__ = Scope.internal("read with the views")

    user_id: Mapped[int] = mapped_column(Id, primary_key=True)
    view_id: Mapped[int] = mapped_column(Id, primary_key=True)
    position: Mapped[int | None] = mapped_column(Integer)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)


class SavedViewRole(Base):
    """The view that lists of a type open with for a role's people who chose none themselves."""

    __tablename__ = "records_view_role"
    __scope__ = Scope.internal("read with the views")

    type_key: Mapped[str] = mapped_column(String(80), primary_key=True)
    role: Mapped[str] = mapped_column(String(80), primary_key=True)
    view_id: Mapped[int] = mapped_column(Id, index=True)
