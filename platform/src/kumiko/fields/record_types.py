"""Custom fields, rules of fields and page layouts as record types: with history, undo, REST, import and export."""

from __future__ import annotations

from kumiko.access.models import ROLE
from kumiko.fields import layout_rules, rules
from kumiko.host.base import plugin_base
from kumiko.host.declarations import ACTIONS, Choice, Field
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.records.plain_types import PlainRecordType

Base = plugin_base("fields")
FIELD, RULE, LAYOUT = "fields.custom_field", "fields.rule", "fields.layout"
_BY_ADMINISTRATORS = dict.fromkeys((one for one in ACTIONS if one != "read"), "none")
_GRANTS = dict.fromkeys(("head", "seller", "analyst"), _BY_ADMINISTRATORS)
_PUBLIC = "everybody works with the fields that it describes"

KINDS: tuple[Choice, ...] = (
    Choice(key="text", label=_l("Text")),
    Choice(key="longtext", label=_l("Long text")),
    Choice(key="integer", label=_l("Whole number")),
    Choice(key="number", label=_l("Number")),
    Choice(key="money", label=_l("Amount of money")),
    Choice(key="date", label=_l("Date")),
    Choice(key="moment", label=_l("Date and time")),
    Choice(key="boolean", label=_l("Yes or no")),
    Choice(key="choice", label=_l("One of several choices")),
    Choice(key="multichoice", label=_l("Several of several choices")),
    Choice(key="email", label=_l("E-mail address")),
    Choice(key="phone", label=_l("Phone number")),
    Choice(key="url", label=_l("Web address")),
    Choice(key="user", label=_l("User")),
    Choice(key="link", label=_l("Link to another record")),
)
HUES = ("gray", "red", "orange", "amber", "lime", "green", "teal", "cyan", "blue", "indigo", "violet", "pink")

_RECORD_TYPE = Field(
    name="record_type", kind="text", label=_l("Records"), required=True, max_length=80,
    help=_l("Whose field it is: a collection such as deals, or the key of a type such as deals.deal."),
)  # fmt: skip
_DEFAULT = Field(name="default", kind="text", label=_l("Value to start with"), max_length=500,
                 help=_l("New records have it when nobody gives another."))  # fmt: skip
_CONDITIONS = (
    Field(name="shown_when", kind="json", label=_l("Shown only when")),
    Field(name="required_when", kind="json", label=_l("Needed when")),
    Field(name="locked_when", kind="json", label=_l("Not to be changed when")),
)

CUSTOM_FIELD = PlainRecordType(
    key=FIELD, collection="custom-fields", label=_l("Custom field"), label_plural=_l("Custom fields"), icon="forms",
    hue="violet", base=Base, order=960, public=_PUBLIC, grants=_GRANTS, timeline=False, menu=False,
    prepare=rules.prepare_field, after=rules.after_fields, default_sort="record_type", subtitle="record_type",
    list_columns=("name", "record_type", "kind", "key", "required", "filterable", "archived"),
    fields=(
        Field(name="name", kind="text", label=_l("Label"), required=True, searchable=True, max_length=80),
        _RECORD_TYPE,
        Field(name="key", kind="text", label=_l("Key"), max_length=40,
              help=_l("Its name for programs, in imports and filters: custom.KEY. It stays for good; made from the"
                      " label when left empty.")),
        Field(name="kind", kind="choice", label=_l("Kind"), required=True, choices=KINDS),
        Field(name="help", kind="text", label=_l("Help"), max_length=300),
        Field(name="choices", kind="list", label=_l("Choices"), items=(
            Field(name="label", kind="text", label=_l("Label"), required=True, max_length=80),
            Field(name="hue", kind="choice", label=_l("Colour"),
                  choices=tuple(Choice(key=hue, label=hue.capitalize()) for hue in HUES)),
            Field(name="archived", kind="boolean", label=_l("Archived")),
            Field(name="key", kind="text", label=_l("Key"), max_length=80),
        )),
        Field(name="target", kind="text", label=_l("Leads to"), max_length=80,
              help=_l("For a link: a collection such as organizations.")),
        Field(name="required", kind="boolean", label=_l("Needed"), default=False),
        Field(name="unique", kind="boolean", label=_l("Unique"), default=False,
              help=_l("No two records may have the same value.")),
        Field(name="filterable", kind="boolean", label=_l("Filter and sort by it"), default=True,
              help=_l("The database keeps an index, so that it is quick with any number of records.")),
        Field(name="searchable", kind="boolean", label=_l("Found by search"), default=False),
        Field(name="board", kind="boolean", label=_l("Board"), default=False,
              help=_l("Its choices become the columns of a board.")),
        _DEFAULT,
        Field(name="minimum", kind="number", label=_l("Least")),
        Field(name="maximum", kind="number", label=_l("Most")),
        Field(name="section", kind="text", label=_l("Section"), max_length=80,
              help=_l("The heading it stands below, on cards and forms.")),
        Field(name="position", kind="integer", label=_l("Position"), minimum=0, maximum=100_000),
        *_CONDITIONS,
        Field(name="archived", kind="boolean", label=_l("Archived"), default=False,
              help=_l("Hidden everywhere; its values are kept and come back with it.")),
    ),
)  # fmt: skip

FIELD_RULE = PlainRecordType(
    key=RULE, collection="field-rules", label=_l("Rule of a field"), label_plural=_l("Rules of fields"), icon="forms",
    hue="violet", base=Base, order=961, public=_PUBLIC, grants=_GRANTS, timeline=False, menu=False,
    prepare=rules.prepare_rule, after=rules.after_rules, default_sort="record_type", subtitle="record_type",
    list_columns=("name", "record_type", "field", "required"),
    fields=(
        Field(name="name", kind="text", label=_l("Name"), writable=False, derived=True, max_length=200),
        _RECORD_TYPE,
        Field(name="field", kind="text", label=_l("Field"), required=True, max_length=80,
              help=_l("A field that a module brings, by its name.")),
        Field(name="required", kind="boolean", label=_l("Needed"), default=False),
        _DEFAULT,
        *_CONDITIONS,
    ),
)  # fmt: skip

PAGE_LAYOUT = PlainRecordType(
    key=LAYOUT, collection="layouts", label=_l("Page layout"), label_plural=_l("Page layouts"), icon="layout-list",
    hue="violet", base=Base, order=962, public=_PUBLIC, grants=_GRANTS, timeline=False, menu=False,
    prepare=layout_rules.prepare, after=layout_rules.after, default_sort="record_type", subtitle="record_type",
    list_columns=("name", "record_type", "role"),
    fields=(
        Field(name="name", kind="text", label=_l("Name"), writable=False, derived=True, max_length=200),
        _RECORD_TYPE,
        Field(name="role", kind="link", to=ROLE, label=_l("Role"),
              help=_l("Who sees it; empty: everybody whose role has none.")),
        Field(name="sections", kind="json", label=_l("Sections"), required=True,
              help=_l('A list of {"title", "fields": [{"name", "wide"}], "closed"}, in order.')),
        Field(name="hidden", kind="json", label=_l("Hidden fields"), help=_l("Names of fields, as a list.")),
        Field(name="tabs", kind="json", label=_l("Tabs"), help=_l('{"order": [...], "hidden": [...]}')),
        Field(name="columns", kind="json", label=_l("Columns of the list"),
              help=_l("Names of fields, as a list: what a list shows until somebody chooses others.")),
        Field(name="cards", kind="json", label=_l("Fields on cards of boards"),
              help=_l("Names of fields, as a list; empty: as the module has them.")),
        Field(name="panels", kind="json", label=_l("Panels"),
              help=_l('The panels of the card: {"order": [...], "hidden": [...]}.')),
    ),
)  # fmt: skip
