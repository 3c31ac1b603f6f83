"""Kumiko: the public names for plugin authors. Everything here is a promise; everything else may change.

Names are looked up when they are first used, so that `import kumiko` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_PLACES: dict[str, tuple[str, ...]] = {
    "kumiko.host.hookspecs": ("hookimpl",),
    "kumiko.features": ("feature", "feature_on", "may_use"),
    "kumiko.host.declarations": (
        "Assets",
        "Badge",
        "Board",
        "BoardScope",
        "Choice",
        "DemoData",
        "EventType",
        "Extension",
        "Feature",
        "Field",
        "Health",
        "JobType",
        "Lane",
        "MenuItem",
        "PaletteCommand",
        "Panel",
        "Permission",
        "RecordAction",
        "RecordType",
        "SettingsSection",
        "Subscription",
    ),
    "kumiko.offers": (
        "ActionCall",
        "ActionType",
        "Channel",
        "Dataset",
        "Measure",
        "Metric",
        "MetricAsked",
        "MetricRow",
        "MetricTable",
        "TriggerType",
        "offered",
    ),
    "kumiko.records.measures": ("Grouping", "grouped_field", "labels_of", "measure", "measured_ids"),
    "kumiko.records.measure_days": ("next_period",),
    "kumiko.records.measure_sources": ("Source", "source_of", "sources"),
    "kumiko.host.errors": (
        "Busy",
        "Conflict",
        "Forbidden",
        "Invalid",
        "KumikoError",
        "ModuleOff",
        "NotFound",
        "NotSignedIn",
        "Stale",
        "TooMany",
        "Veto",
        "VersionRequired",
    ),
    "kumiko.host.context": (
        "Context",
        "Principal",
        "acting_as",
        "as_system",
        "current",
        "principal",
        "session",
        "transaction",
        "unscoped",
    ),
    "kumiko.host.columns": ("Id", "JsonValue", "MinorUnits", "UtcDateTime", "utc_now"),
    "kumiko.host.base": ("plugin_base",),
    "kumiko.host.database": ("plugin_metadata",),
    "kumiko.host.scoping": ("Scope",),
    "kumiko.host.i18n": ("gettext", "lazy_gettext"),
    "kumiko.host.guard": ("savepoint",),
    "kumiko.host.settings": ("settings_of",),
    "kumiko.calendar.services": (
        "absent_on",
        "add_working_minutes",
        "away",
        "deputy_of",
        "is_working_time",
        "next_working_moment",
        "working_minutes",
    ),
    "kumiko.records.catalogue": ("catalogue",),
    "kumiko.records.days": ("company_day", "company_today", "company_zone"),
    "kumiko.records.drafts": ("Draft",),
    "kumiko.records.mixin": ("PartMixin", "RecordMixin", "record_indexes"),
    "kumiko.records.field_log": ("FieldStep", "field_log"),
    "kumiko.records.input_fields": ("company_currency",),
    "kumiko.records.money": ("Money", "exponent"),
    "kumiko.jobs.queue": ("enqueue",),
    "kumiko.jobs.job": ("JobContext", "external", "sliced"),
    "kumiko.files.services": ("FileContent", "FileInfo", "attach_file", "files_of", "max_file_bytes", "read_file"),
    "kumiko.imports.export": ("find_exportable",),
    "kumiko.mailing.services": ("SystemMail", "find_system_mail", "send_system_mail"),
    "kumiko.mailing.smtp": ("Delivery", "MailDelayed", "MailRefused", "SmtpServer", "deliver"),
    "kumiko.secrets": ("seal", "unseal"),
    "kumiko.records.links": ("record_names",),
    "kumiko.records.phone_numbers": ("normal_phone",),
    "kumiko.records.plain_types": ("PlainExtension", "PlainRecordType"),
    "kumiko.records.record_refs": ("RecordRef", "is_referable"),
    "kumiko.records.queries": ("all_ids", "list_count", "list_newest", "list_totals"),
    "kumiko.records.service": ("bulk", "create", "delete", "emit", "find", "get", "restore", "run_action", "update"),
    "kumiko.records.together": ("New", "create_together", "new_ids"),
    "kumiko.records.trying": ("matching_filters",),
    "kumiko.records.undo": ("undo",),
    "kumiko.records.units": ("group", "unit"),
    "kumiko.records.rights": ("may",),
    "kumiko.records.rows": ("Rows", "list_rows"),
    "kumiko.records.saved_views": ("views_naming",),
    "kumiko.records.views": ("LinkValue", "RecordView"),
    "kumiko.texts": ("RenderedText", "check_text", "record_values", "render_text", "text_names"),
    "kumiko.web.formats": ("compact_money", "day_text", "money_text", "number_text", "percent_text", "typed_number"),
    "kumiko.pdf": ("Pdf",),
    "kumiko.web.i18n": ("ngettext", "reader", "reading_as"),
    "kumiko.imports.writers": ("csv_chunks", "write_xlsx"),
    "kumiko.web.filters_form": ("as_node", "chips", "filter_row", "read_conditions"),
    "kumiko.web.pages": (
        "asked_for_part",
        "draw_page",
        "field_inputs",
        "field_values",
        "get_for_setup",
        "go_to",
        "save_record",
        "say_with",
        "typed_draft",
        "version_sent",
    ),
    "kumiko.web.viewmodels": ("Action", "FieldView", "Link", "Option"),
    "kumiko.notify.mentions": ("mentioned_users", "without_marks"),
    "kumiko.notify.services": ("notify_people", "send_notice"),
}
_MODULES = ("services",)  # kumiko.services.get("deals/1")
_WHERE = {name: place for place, names in _PLACES.items() for name in names}

if TYPE_CHECKING:
    from kumiko import services as services
    from kumiko.calendar.services import absent_on as absent_on
    from kumiko.calendar.services import add_working_minutes as add_working_minutes
    from kumiko.calendar.services import away as away
    from kumiko.calendar.services import deputy_of as deputy_of
    from kumiko.calendar.services import is_working_time as is_working_time
    from kumiko.calendar.services import next_working_moment as next_working_moment
    from kumiko.calendar.services import working_minutes as working_minutes
    from kumiko.features import feature as feature
    from kumiko.features import feature_on as feature_on
    from kumiko.features import may_use as may_use
    from kumiko.files.services import FileContent as FileContent
    from kumiko.files.services import FileInfo as FileInfo
    from kumiko.files.services import attach_file as attach_file
    from kumiko.files.services import files_of as files_of
    from kumiko.files.services import max_file_bytes as max_file_bytes
    from kumiko.files.services import read_file as read_file
    from kumiko.host.base import plugin_base as plugin_base
    from kumiko.host.columns import Id as Id
    from kumiko.host.columns import JsonValue as JsonValue
    from kumiko.host.columns import MinorUnits as MinorUnits
    from kumiko.host.columns import UtcDateTime as UtcDateTime
    from kumiko.host.columns import utc_now as utc_now
    from kumiko.host.context import Context as Context
    from kumiko.host.context import Principal as Principal
    from kumiko.host.context import acting_as as acting_as
    from kumiko.host.context import as_system as as_system
    from kumiko.host.context import current as current
    from kumiko.host.context import principal as principal
    from kumiko.host.context import session as session
    from kumiko.host.context import transaction as transaction
    from kumiko.host.context import unscoped as unscoped
    from kumiko.host.database import plugin_metadata as plugin_metadata
    from kumiko.host.declarations import Assets as Assets
    from kumiko.host.declarations import Badge as Badge
    from kumiko.host.declarations import Board as Board
    from kumiko.host.declarations import BoardScope as BoardScope
    from kumiko.host.declarations import Choice as Choice
    from kumiko.host.declarations import DemoData as DemoData
    from kumiko.host.declarations import EventType as EventType
    from kumiko.host.declarations import Extension as Extension
    from kumiko.host.declarations import Feature as Feature
    from kumiko.host.declarations import Field as Field
    from kumiko.host.declarations import Health as Health
    from kumiko.host.declarations import JobType as JobType
    from kumiko.host.declarations import Lane as Lane
    from kumiko.host.declarations import MenuItem as MenuItem
    from kumiko.host.declarations import PaletteCommand as PaletteCommand
    from kumiko.host.declarations import Panel as Panel
    from kumiko.host.declarations import Permission as Permission
    from kumiko.host.declarations import RecordAction as RecordAction
    from kumiko.host.declarations import RecordType as RecordType
    from kumiko.host.declarations import SettingsSection as SettingsSection
    from kumiko.host.declarations import Subscription as Subscription
    from kumiko.host.errors import Busy as Busy
    from kumiko.host.errors import Conflict as Conflict
    from kumiko.host.errors import Forbidden as Forbidden
    from kumiko.host.errors import Invalid as Invalid
    from kumiko.host.errors import KumikoError as KumikoError
    from kumiko.host.errors import ModuleOff as ModuleOff
    from kumiko.host.errors import NotFound as NotFound
    from kumiko.host.errors import NotSignedIn as NotSignedIn
    from kumiko.host.errors import Stale as Stale
    from kumiko.host.errors import TooMany as TooMany
    from kumiko.host.errors import VersionRequired as VersionRequired
    from kumiko.host.errors import Veto as Veto
    from kumiko.host.guard import savepoint as savepoint
    from kumiko.host.hookspecs import hookimpl as hookimpl
    from kumiko.host.i18n import gettext as gettext
    from kumiko.host.i18n import lazy_gettext as lazy_gettext
    from kumiko.host.scoping import Scope as Scope
    from kumiko.host.settings import settings_of as settings_of
    from kumiko.imports.export import find_exportable as find_exportable
    from kumiko.imports.writers import csv_chunks as csv_chunks
    from kumiko.imports.writers import write_xlsx as write_xlsx
    from kumiko.jobs.job import JobContext as JobContext
    from kumiko.jobs.job import external as external
    from kumiko.jobs.job import sliced as sliced
    from kumiko.jobs.queue import enqueue as enqueue
    from kumiko.mailing.services import SystemMail as SystemMail
    from kumiko.mailing.services import find_system_mail as find_system_mail
    from kumiko.mailing.services import send_system_mail as send_system_mail
    from kumiko.mailing.smtp import Delivery as Delivery
    from kumiko.mailing.smtp import MailDelayed as MailDelayed
    from kumiko.mailing.smtp import MailRefused as MailRefused
    from kumiko.mailing.smtp import SmtpServer as SmtpServer
    from kumiko.mailing.smtp import deliver as deliver
    from kumiko.notify.mentions import mentioned_users as mentioned_users
    from kumiko.notify.mentions import without_marks as without_marks
    from kumiko.notify.services import notify_people as notify_people
    from kumiko.notify.services import send_notice as send_notice
    from kumiko.offers import ActionCall as ActionCall
    from kumiko.offers import ActionType as ActionType
    from kumiko.offers import Channel as Channel
    from kumiko.offers import Dataset as Dataset
    from kumiko.offers import Measure as Measure
    from kumiko.offers import Metric as Metric
    from kumiko.offers import MetricAsked as MetricAsked
    from kumiko.offers import MetricRow as MetricRow
    from kumiko.offers import MetricTable as MetricTable
    from kumiko.offers import TriggerType as TriggerType
    from kumiko.offers import offered as offered
    from kumiko.pdf import Pdf as Pdf
    from kumiko.records.catalogue import catalogue as catalogue
    from kumiko.records.days import company_day as company_day
    from kumiko.records.days import company_today as company_today
    from kumiko.records.days import company_zone as company_zone
    from kumiko.records.drafts import Draft as Draft
    from kumiko.records.field_log import FieldStep as FieldStep
    from kumiko.records.field_log import field_log as field_log
    from kumiko.records.input_fields import company_currency as company_currency
    from kumiko.records.links import record_names as record_names
    from kumiko.records.measure_days import next_period as next_period
    from kumiko.records.measure_sources import Source as Source
    from kumiko.records.measure_sources import source_of as source_of
    from kumiko.records.measure_sources import sources as sources
    from kumiko.records.measures import Grouping as Grouping
    from kumiko.records.measures import grouped_field as grouped_field
    from kumiko.records.measures import labels_of as labels_of
    from kumiko.records.measures import measure as measure
    from kumiko.records.measures import measured_ids as measured_ids
    from kumiko.records.mixin import PartMixin as PartMixin
    from kumiko.records.mixin import RecordMixin as RecordMixin
    from kumiko.records.mixin import record_indexes as record_indexes
    from kumiko.records.money import Money as Money
    from kumiko.records.money import exponent as exponent
    from kumiko.records.phone_numbers import normal_phone as normal_phone
    from kumiko.records.plain_types import PlainExtension as PlainExtension
    from kumiko.records.plain_types import PlainRecordType as PlainRecordType
    from kumiko.records.queries import all_ids as all_ids
    from kumiko.records.queries import list_count as list_count
    from kumiko.records.queries import list_newest as list_newest
    from kumiko.records.queries import list_totals as list_totals
    from kumiko.records.record_refs import RecordRef as RecordRef
    from kumiko.records.record_refs import is_referable as is_referable
    from kumiko.records.rights import may as may
    from kumiko.records.rows import Rows as Rows
    from kumiko.records.rows import list_rows as list_rows
    from kumiko.records.saved_views import views_naming as views_naming
    from kumiko.records.service import bulk as bulk
    from kumiko.records.service import create as create
    from kumiko.records.service import delete as delete
    from kumiko.records.service import emit as emit
    from kumiko.records.service import find as find
    from kumiko.records.service import get as get
    from kumiko.records.service import restore as restore
    from kumiko.records.service import run_action as run_action
    from kumiko.records.service import update as update
    from kumiko.records.together import New as New
    from kumiko.records.together import create_together as create_together
    from kumiko.records.together import new_ids as new_ids
    from kumiko.records.trying import matching_filters as matching_filters
    from kumiko.records.undo import undo as undo
    from kumiko.records.units import group as group
    from kumiko.records.units import unit as unit
    from kumiko.records.views import LinkValue as LinkValue
    from kumiko.records.views import RecordView as RecordView
    from kumiko.secrets import seal as seal
    from kumiko.secrets import unseal as unseal
    from kumiko.texts import RenderedText as RenderedText
    from kumiko.texts import check_text as check_text
    from kumiko.texts import record_values as record_values
    from kumiko.texts import render_text as render_text
    from kumiko.texts import text_names as text_names
    from kumiko.web.filters_form import as_node as as_node
    from kumiko.web.filters_form import chips as chips
    from kumiko.web.filters_form import filter_row as filter_row
    from kumiko.web.filters_form import read_conditions as read_conditions
    from kumiko.web.formats import compact_money as compact_money
    from kumiko.web.formats import day_text as day_text
    from kumiko.web.formats import money_text as money_text
    from kumiko.web.formats import number_text as number_text
    from kumiko.web.formats import percent_text as percent_text
    from kumiko.web.formats import typed_number as typed_number
    from kumiko.web.i18n import ngettext as ngettext
    from kumiko.web.i18n import reader as reader
    from kumiko.web.i18n import reading_as as reading_as
    from kumiko.web.pages import asked_for_part as asked_for_part
    from kumiko.web.pages import draw_page as draw_page
    from kumiko.web.pages import field_inputs as field_inputs
    from kumiko.web.pages import field_values as field_values
    from kumiko.web.pages import get_for_setup as get_for_setup
    from kumiko.web.pages import go_to as go_to
    from kumiko.web.pages import save_record as save_record
    from kumiko.web.pages import say_with as say_with
    from kumiko.web.pages import typed_draft as typed_draft
    from kumiko.web.pages import version_sent as version_sent
    from kumiko.web.viewmodels import Action as Action
    from kumiko.web.viewmodels import FieldView as FieldView
    from kumiko.web.viewmodels import Link as Link
    from kumiko.web.viewmodels import Option as Option


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"kumiko.{name}")
    place = _WHERE.get(name)
    if place is None:
        raise AttributeError(f"module 'kumiko' offers no {name!r}; it offers {', '.join(sorted(_WHERE))}")
    found = getattr(importlib.import_module(place), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*_WHERE, *_MODULES])
