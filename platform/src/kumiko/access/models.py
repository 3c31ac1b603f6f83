"""Tables of users, teams and roles (record types), and of the ways in (internal, never in an export)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Table, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime, utc_now
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope
from kumiko.records.mixin import RecordMixin, record_indexes

USER, TEAM, ROLE = "access.user", "access.team", "access.role"

_ALIVE = text("deleted_at IS NULL")


class AccessBase(DeclarativeBase):
    metadata = plugin_metadata("access")
    type_annotation_map = {datetime: UtcDateTime}


def table(mapped: type[AccessBase]) -> Table:
    """The table of a mapped class, for statements of Core."""
    found = mapped.__table__
    assert isinstance(found, Table)
    return found


class User(RecordMixin, AccessBase):
    """Somebody who owns records. Without an e-mail address nobody can sign in as this user.

    `team_id` (a common column of records) is the user's team; `roles` holds keys of roles.
    """

    __tablename__ = "access_user"
    __scope__ = Scope.record(USER)
    __table_args__ = (
        *record_indexes("access_user"),
        Index("ix_access_user_email_alive", "email", unique=True, sqlite_where=_ALIVE, postgresql_where=_ALIVE),
    )

    email: Mapped[str | None] = mapped_column(String(254))
    roles: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    language: Mapped[str | None] = mapped_column(String(10))
    zone: Mapped[str | None] = mapped_column(String(60))
    theme: Mapped[str | None] = mapped_column(String(10))
    shortcuts_off: Mapped[bool] = mapped_column(Boolean, default=False)
    notices_by_mail: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class Team(RecordMixin, AccessBase):
    """A node of the tree of teams. Its head sees this team and those below when the head's role says subtree."""

    __tablename__ = "access_team"
    __scope__ = Scope.record(TEAM)
    __table_args__ = record_indexes("access_team")

    parent_id: Mapped[int | None] = mapped_column(Id)
    head_id: Mapped[int | None] = mapped_column(Id)


class Role(RecordMixin, AccessBase):
    """What the people who have it may do; only what differs from the defaults of modules is stored.

    `grants`: {type key or "*": {action: level}}; `fields`: {type key: {field: "hidden" | "read"}};
    `permissions`: {name: bool}. `kind` names the default role whose module defaults apply ("" = none).
    """

    __tablename__ = "access_role"
    __scope__ = Scope.record(ROLE)
    __table_args__ = (
        *record_indexes("access_role"),
        Index("ix_access_role_key_alive", "key", unique=True, sqlite_where=_ALIVE, postgresql_where=_ALIVE),
    )

    key: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str | None] = mapped_column(String(40))
    grants: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    fields: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    permissions: Mapped[Any] = mapped_column(JsonValue, nullable=True)


class Credential(AccessBase):
    """A user's password, as an argon2 hash. `known` marks passwords of sample users, which everybody can look up."""

    __tablename__ = "access_credential"
    __scope__ = Scope.internal("passwords")

    user_id: Mapped[int] = mapped_column(Id, ForeignKey(User.id), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(200))
    known: Mapped[bool] = mapped_column(Boolean, default=False)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class Session(AccessBase):
    """A browser that is signed in. Only the SHA-256 of its cookie is stored."""

    __tablename__ = "access_session"
    __scope__ = Scope.internal("sessions")
    __table_args__ = (Index("ix_access_session_user_id", "user_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(Id)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(300), default="")
    view_as_id: Mapped[int | None] = mapped_column(Id)  # the user through whose eyes an administrator looks
    must_enrol: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # see `enrolment`


class Token(AccessBase):
    """A token for the API: its user's rights, reading only, or no more than `scopes` allow (None = all)."""

    __tablename__ = "access_token"
    __scope__ = Scope.internal("access tokens")
    __table_args__ = (Index("ix_access_token_user_id", "user_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(120), default="")
    read_only: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    scopes: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    expires_at: Mapped[datetime | None]


class TokenUse(AccessBase):
    """How many requests a token made in a minute (minutes since 1970), over all processes."""

    __tablename__ = "access_token_use"
    __scope__ = Scope.internal("counts of requests")

    token_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    requests: Mapped[int] = mapped_column(Integer)


class OneTimeLink(AccessBase):
    """A link that lets its holder in once. `purpose`: sign-in, password, reset or half (the code is still missing)."""

    __tablename__ = "access_one_time_link"
    __scope__ = Scope.internal("one-time links")

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(Id, index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class Attempt(AccessBase):
    """Failed sign-ins, counted per account and per address in the database, so that every process knows."""

    __tablename__ = "access_attempt"
    __scope__ = Scope.internal("throttling")

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]


class SecondFactor(AccessBase):
    """What makes a user's codes, sealed. `last_step`: of the last code that was taken, so that none opens twice."""

    __tablename__ = "access_second_factor"
    __scope__ = Scope.internal("second factors")

    user_id: Mapped[int] = mapped_column(Id, ForeignKey(User.id), primary_key=True, autoincrement=False)
    secret: Mapped[str] = mapped_column(String(400))
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    confirmed_at: Mapped[datetime | None]  # None: the code that proves it has not been typed yet


class RecoveryCode(AccessBase):
    """A code for the day on which the device is lost, as a hash; each lets in once."""

    __tablename__ = "access_recovery_code"
    __scope__ = Scope.internal("recovery codes")

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(Id, index=True)
    used_at: Mapped[datetime | None]


class Device(AccessBase):
    """A browser in which a user has signed in before; only the hash of its cookie is stored, and one of its program and
    address."""

    __tablename__ = "access_device"
    __scope__ = Scope.internal("known browsers")
    __table_args__ = (Index("ix_access_device_user_id", "user_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    trait: Mapped[str] = mapped_column(String(64), default="")
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class Identity(AccessBase):
    """A person at a sign-in provider and the user here. The provider may change the address; the subject stays."""

    __tablename__ = "access_identity"
    __scope__ = Scope.internal("identities at sign-in providers")
    __table_args__ = (Index("ix_access_identity_user_id", "user_id"),)

    issuer: Mapped[str] = mapped_column(String(300), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[int] = mapped_column(Id)
    made_at: Mapped[datetime]
