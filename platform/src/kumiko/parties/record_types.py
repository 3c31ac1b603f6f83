"""Persons and organizations as record types: fields, lists, choices, what is searched and what an import may use."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from kumiko.duplicates.declaring import MatchedRecordType, Matching, MatchRule
from kumiko.host.declarations import Choice, Field, RecordType
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.parties import models
from kumiko.parties.models import ORGANIZATION, PERSON
from kumiko.parties.rules import prepare_organization, prepare_person

_CONTACTS = (
    MatchRule(field="email", kind="email"),
    MatchRule(field="emails.address", kind="email"),
    MatchRule(field="phone", kind="phone"),
    MatchRule(field="phones.number", kind="phone"),
    MatchRule(field="city", kind="place"),
    MatchRule(field="addresses.city", kind="place"),
    MatchRule(field="addresses.street", kind="place"),
)
PERSON_MATCHING = Matching(
    rules=(
        *_CONTACTS,
        MatchRule(field="name", kind="person"),
        MatchRule(field="first_name+last_name", kind="person"),
        MatchRule(field="organization", kind="link"),
        MatchRule(field="organizations.organization", kind="link"),
    ),
    first_touch=("source",),
)
ORGANIZATION_MATCHING = Matching(
    rules=(
        *_CONTACTS,
        MatchRule(field="name", kind="company"),
        MatchRule(field="legal_name", kind="company"),
        MatchRule(field="website", kind="domain"),
        MatchRule(field="emails.address", kind="domain"),
        MatchRule(field="tax_number", kind="number"),
        MatchRule(field="registration_number", kind="number"),
    )
)

CONTACT_KINDS = (
    Choice(key="work", label=_l("Work")),
    Choice(key="private", label=_l("Private")),
    Choice(key="other", label=_l("Other")),
)
PHONE_KINDS = (
    Choice(key="work", label=_l("Work")),
    Choice(key="mobile", label=_l("Mobile")),
    Choice(key="private", label=_l("Private")),
    Choice(key="fax", label=_l("Fax")),
    Choice(key="other", label=_l("Other")),
)
ADDRESS_KINDS = (
    Choice(key="office", label=_l("Office")),
    Choice(key="billing", label=_l("Billing")),
    Choice(key="delivery", label=_l("Delivery")),
    Choice(key="private", label=_l("Private")),
    Choice(key="other", label=_l("Other")),
)
MESSENGERS = (
    Choice(key="whatsapp", label=_l("WhatsApp")),
    Choice(key="telegram", label=_l("Telegram")),
    Choice(key="signal", label=_l("Signal")),
    Choice(key="linkedin", label=_l("LinkedIn")),
    Choice(key="skype", label=_l("Skype")),
    Choice(key="other", label=_l("Other")),
)
LIFECYCLE = (
    Choice(key="contact", label=_l("Contact"), hue="gray"),
    Choice(key="lead", label=_l("Lead"), hue="amber"),
    Choice(key="prospect", label=_l("Prospect"), hue="blue"),
    Choice(key="customer", label=_l("Customer"), hue="green"),
    Choice(key="former", label=_l("Former customer"), hue="red"),
)


def _lower(value: Any) -> Any:
    return str(value).lower()


def _zone(value: Any) -> Any:
    if value not in available_timezones():
        raise Invalid(_("%(zone)r is no time zone; wanted one like Europe/Lisbon", zone=value))
    return value


def _emails(model: type) -> tuple[Field, Field]:
    single = Field(
        name="email", kind="email", label=_l("E-mail"), searchable=True, derived=True, validate=_lower, max_length=254
    )
    rows = Field(
        name="emails", kind="list", label=_l("E-mails"), model=model, searchable=True, sortable=False,
        items=(
            Field(name="address", kind="email", label=_l("Address"), searchable=True, validate=_lower, max_length=254),
            Field(name="kind", kind="choice", label=_l("Kind"), choices=CONTACT_KINDS),
            Field(name="primary", kind="boolean", label=_l("Primary")),
            Field(name="opted_out", kind="boolean", label=_l("Wants no mailings")),
            Field(name="invalid", kind="boolean", label=_l("Does not work")),
        ),
    )  # fmt: skip
    return single, rows


def _phones(model: type) -> tuple[Field, Field]:
    single = Field(name="phone", kind="phone", label=_l("Phone"), searchable=True, derived=True)
    rows = Field(
        name="phones", kind="list", label=_l("Phones"), model=model, searchable=True, sortable=False,
        items=(
            Field(name="number", kind="phone", label=_l("Number"), searchable=True),
            Field(name="kind", kind="choice", label=_l("Kind"), choices=PHONE_KINDS),
            Field(name="primary", kind="boolean", label=_l("Primary")),
        ),
    )  # fmt: skip
    return single, rows


def _addresses(model: type) -> Field:
    return Field(
        name="addresses", kind="list", label=_l("Addresses"), model=model, sortable=False,
        items=(
            Field(name="kind", kind="choice", label=_l("Kind"), choices=ADDRESS_KINDS),
            Field(name="street", kind="text", label=_l("Street")),
            Field(name="postal_code", kind="text", label=_l("Postal code")),
            Field(name="city", kind="text", label=_l("City")),
            Field(name="region", kind="text", label=_l("Region")),
            Field(name="country", kind="text", label=_l("Country")),
        ),
    )  # fmt: skip


_SAME = (("email", "emails"), ("phone", "phones"))


def person() -> RecordType:
    """The record type parties.person."""
    return MatchedRecordType(
        key=PERSON,
        matching=PERSON_MATCHING,
        says_the_same=(*_SAME, ("organization", "organizations"), ("city", "addresses")),
        collection="persons",
        label=_l("Person"),
        label_plural=_l("Persons"),
        model=models.Person,
        icon="user",
        hue="blue",
        order=10,
        known=True,
        subtitle="email",
        keys=("external_id", "email"),
        prepare=prepare_person,
        fields=(
            Field(
                name="name", kind="text", label=_l("Name"), derived=True, searchable=True, max_length=300,
                help=_l("Made of first, middle and last name; a name given in one piece is split into them."),
            ),
            Field(name="first_name", kind="text", label=_l("First name")),
            Field(name="last_name", kind="text", label=_l("Last name")),
            Field(name="middle_name", kind="text", label=_l("Middle name")),
            Field(name="salutation", kind="text", label=_l("Salutation")),
            Field(name="job_title", kind="text", label=_l("Job title")),
            Field(
                name="organization", kind="link", to=ORGANIZATION, label=_l("Organization"), derived=True,
                help=_l("The primary one of the organizations this person works for."),
            ),
            Field(
                name="organizations", kind="list", label=_l("Organizations"), model=models.PersonOrganization,
                sortable=False,
                items=(
                    Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
                    Field(name="role", kind="text", label=_l("Role")),
                    Field(name="primary", kind="boolean", label=_l("Primary")),
                    Field(name="from_on", kind="date", label=_l("From")),
                    Field(name="until_on", kind="date", label=_l("Until")),
                ),
            ),
            *_emails(models.PersonEmail),
            *_phones(models.PersonPhone),
            Field(name="do_not_call", kind="boolean", label=_l("Do not call"), default=False),
            Field(
                name="messengers", kind="list", label=_l("Messengers"), model=models.PersonMessenger, sortable=False,
                searchable=True,
                items=(
                    Field(name="service", kind="choice", label=_l("Service"), choices=MESSENGERS),
                    Field(name="handle", kind="text", label=_l("Name there"), searchable=True),
                ),
            ),
            Field(name="city", kind="text", label=_l("City"), derived=True, help=_l("City of the first address.")),
            _addresses(models.PersonAddress),
            Field(name="lifecycle_stage", kind="choice", label=_l("Lifecycle"), choices=LIFECYCLE),
            Field(name="source", kind="text", label=_l("Source"), help=_l("How this person first came to us.")),
            Field(name="referred_by", kind="link", to=PERSON, label=_l("Recommended by")),
            Field(name="birthday", kind="date", label=_l("Birthday")),
            Field(name="language", kind="text", label=_l("Language")),
            Field(name="time_zone", kind="text", label=_l("Time zone"), validate=_zone),
            Field(name="description", kind="longtext", label=_l("About"), sortable=False),
        ),
        list_columns=("name", "organization", "job_title", "email", "phone", "city", "lifecycle_stage", "owner"),
        quick_fields=("name", "organization", "job_title", "email", "phone"),
        card_groups=(
            (_l("Contact"), ("emails", "phones", "messengers", "do_not_call", "addresses")),
            (_l("Work"), ("organization", "job_title", "organizations")),
            (_l("Name"), ("salutation", "first_name", "middle_name", "last_name")),
            (_l("Personal"), ("birthday", "language", "time_zone")),
            (_l("Relation"), ("lifecycle_stage", "source", "referred_by", "description", "owner", "team", "tags")),
        ),
    )  # fmt: skip


def organization() -> RecordType:
    """The record type parties.organization."""
    return MatchedRecordType(
        key=ORGANIZATION,
        matching=ORGANIZATION_MATCHING,
        says_the_same=(*_SAME, ("website", "domain"), ("city", "country", "addresses")),
        collection="organizations",
        label=_l("Organization"),
        label_plural=_l("Organizations"),
        model=models.Organization,
        icon="building",
        hue="violet",
        order=20,
        known=True,
        subtitle="domain",
        keys=("external_id", "name"),
        prepare=prepare_organization,
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=300),
            Field(name="legal_name", kind="text", label=_l("Legal name"), searchable=True),
            Field(name="industry", kind="text", label=_l("Industry")),
            Field(name="website", kind="url", label=_l("Website"), max_length=300),
            Field(
                name="domain", kind="text", label=_l("Domain"), writable=False, derived=True, searchable=True,
                help=_l("Taken from the website."),
            ),
            *_emails(models.OrganizationEmail),
            *_phones(models.OrganizationPhone),
            Field(name="city", kind="text", label=_l("City"), derived=True, help=_l("City of the first address.")),
            Field(
                name="country", kind="text", label=_l("Country"), derived=True, help=_l("Country of the first address.")
            ),
            _addresses(models.OrganizationAddress),
            Field(name="employees", kind="integer", label=_l("Employees"), minimum=0, maximum=20_000_000),
            Field(name="annual_revenue", kind="money", label=_l("Annual revenue")),
            Field(name="founded_year", kind="integer", label=_l("Founded"), minimum=1, maximum=9999),
            Field(name="parent", kind="link", to=ORGANIZATION, label=_l("Belongs to")),
            Field(name="registration_number", kind="text", label=_l("Registration number"), searchable=True),
            Field(name="tax_number", kind="text", label=_l("Tax number"), searchable=True),
            Field(name="customer_since", kind="date", label=_l("Customer since")),
            Field(name="currency", kind="text", label=_l("Currency"), max_length=3),
            Field(name="payment_terms", kind="text", label=_l("Payment terms")),
            Field(name="description", kind="longtext", label=_l("About"), sortable=False),
        ),
        list_columns=("name", "industry", "city", "country", "phone", "employees", "annual_revenue", "owner"),
        quick_fields=("name", "website", "industry", "phone", "city"),
        card_groups=(
            (_l("Contact"), ("website", "emails", "phones", "addresses")),
            (_l("Company"), ("legal_name", "industry", "employees", "annual_revenue", "founded_year", "parent")),
            (_l("Accounts"), ("customer_since", "currency", "payment_terms", "registration_number", "tax_number")),
            (_l("Relation"), ("description", "owner", "team", "tags")),
        ),
    )  # fmt: skip
