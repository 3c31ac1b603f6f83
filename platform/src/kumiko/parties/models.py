"""Tables of persons and organizations. Lists (e-mails, phones, addresses...) are part rows of their record."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, Date, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, MinorUnits
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope
from kumiko.records.mixin import PartMixin, RecordMixin, record_indexes

PERSON = "parties.person"
ORGANIZATION = "parties.organization"


class Base(DeclarativeBase):
    metadata = plugin_metadata("parties")


class Person(RecordMixin, Base):
    """A human being. `name` is composed of the parts; `email`, `phone`, `organization_id` and `city` mirror the primary
    rows of the lists, so that lists, search and imports need no join."""

    __tablename__ = "parties_person"
    __scope__ = Scope.record(PERSON)
    __table_args__ = (
        *record_indexes("parties_person"),
        Index("ix_parties_person_email", "email"),
        Index("ix_parties_person_phone", "phone"),
        Index("ix_parties_person_organization", "organization_id", "id"),
        Index("ix_parties_person_referred_by", "referred_by_id"),
    )

    salutation: Mapped[str | None] = mapped_column(String(40))
    first_name: Mapped[str | None] = mapped_column(String(120))
    middle_name: Mapped[str | None] = mapped_column(String(120))
    last_name: Mapped[str | None] = mapped_column(String(120))
    job_title: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(20))
    time_zone: Mapped[str | None] = mapped_column(String(60))
    birthday: Mapped[date | None] = mapped_column(Date)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    organization_id: Mapped[int | None] = mapped_column(Id)
    city: Mapped[str | None] = mapped_column(String(120))
    do_not_call: Mapped[bool] = mapped_column(Boolean, default=False)
    lifecycle_stage: Mapped[str | None] = mapped_column(String(20))
    referred_by_id: Mapped[int | None] = mapped_column(Id)
    source: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)


class Organization(RecordMixin, Base):
    """A company, authority or club. `email`, `phone`, `city` and `country` mirror the primary rows of the lists."""

    __tablename__ = "parties_organization"
    __scope__ = Scope.record(ORGANIZATION)
    __table_args__ = (
        *record_indexes("parties_organization"),
        Index("ix_parties_organization_email", "email"),
        Index("ix_parties_organization_domain", "domain"),
        Index("ix_parties_organization_parent", "parent_id"),
    )

    legal_name: Mapped[str | None] = mapped_column(String(300))
    registration_number: Mapped[str | None] = mapped_column(String(80))
    tax_number: Mapped[str | None] = mapped_column(String(80))
    website: Mapped[str | None] = mapped_column(String(300))
    domain: Mapped[str | None] = mapped_column(String(253))
    industry: Mapped[str | None] = mapped_column(String(120))
    employees: Mapped[int | None] = mapped_column(Integer)
    annual_revenue_minor: Mapped[int | None] = mapped_column(MinorUnits)
    annual_revenue_currency: Mapped[str | None] = mapped_column(String(3))
    founded_year: Mapped[int | None] = mapped_column(Integer)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    city: Mapped[str | None] = mapped_column(String(120))
    country: Mapped[str | None] = mapped_column(String(80))
    parent_id: Mapped[int | None] = mapped_column(Id)
    customer_since: Mapped[date | None] = mapped_column(Date)
    currency: Mapped[str | None] = mapped_column(String(3))
    payment_terms: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)


class _Email(PartMixin):
    address: Mapped[str | None] = mapped_column(String(254), index=True)
    kind: Mapped[str | None] = mapped_column(String(20))
    primary: Mapped[bool | None] = mapped_column(Boolean)
    opted_out: Mapped[bool | None] = mapped_column(Boolean)
    invalid: Mapped[bool | None] = mapped_column(Boolean)


class _Phone(PartMixin):
    number: Mapped[str | None] = mapped_column(String(40), index=True)
    kind: Mapped[str | None] = mapped_column(String(20))
    primary: Mapped[bool | None] = mapped_column(Boolean)


class _Address(PartMixin):
    kind: Mapped[str | None] = mapped_column(String(20))
    street: Mapped[str | None] = mapped_column(String(300))
    city: Mapped[str | None] = mapped_column(String(120))
    region: Mapped[str | None] = mapped_column(String(120))
    postal_code: Mapped[str | None] = mapped_column(String(20))
    country: Mapped[str | None] = mapped_column(String(80))


class PersonEmail(_Email, Base):
    __tablename__ = "parties_person_email"
    __scope__ = Scope.through(PERSON, "parent_id")


class PersonPhone(_Phone, Base):
    __tablename__ = "parties_person_phone"
    __scope__ = Scope.through(PERSON, "parent_id")


class PersonAddress(_Address, Base):
    __tablename__ = "parties_person_address"
    __scope__ = Scope.through(PERSON, "parent_id")


class PersonMessenger(PartMixin, Base):
    """An account of the person with a messenger ("telegram", "@anna")."""

    __tablename__ = "parties_person_messenger"
    __scope__ = Scope.through(PERSON, "parent_id")

    service: Mapped[str | None] = mapped_column(String(20))
    handle: Mapped[str | None] = mapped_column(String(200))


class PersonOrganization(PartMixin, Base):
    """Works, or worked, for an organization."""

    __tablename__ = "parties_person_organization"
    __scope__ = Scope.through(PERSON, "parent_id")

    organization_id: Mapped[int | None] = mapped_column(Id, index=True)
    role: Mapped[str | None] = mapped_column(String(200))
    primary: Mapped[bool | None] = mapped_column(Boolean)
    from_on: Mapped[date | None] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)


class OrganizationEmail(_Email, Base):
    __tablename__ = "parties_organization_email"
    __scope__ = Scope.through(ORGANIZATION, "parent_id")


class OrganizationPhone(_Phone, Base):
    __tablename__ = "parties_organization_phone"
    __scope__ = Scope.through(ORGANIZATION, "parent_id")


class OrganizationAddress(_Address, Base):
    __tablename__ = "parties_organization_address"
    __scope__ = Scope.through(ORGANIZATION, "parent_id")
