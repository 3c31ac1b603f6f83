"""Exchange rates as a record type: typed in, imported from a file, or written by a program (`/api/v1/rates`)."""

from __future__ import annotations

from kumiko.currencies import rules
from kumiko.host.declarations import Field, SettingsSection
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.records.days import company_today
from kumiko.records.input_fields import company_currency
from kumiko.records.plain_types import PlainRecordType, plugin_base

RATE_KEY = "currencies.rate"
Base = plugin_base("currencies")

RATE = PlainRecordType(
    key=RATE_KEY, collection="rates", label=_l("Exchange rate"), label_plural=_l("Exchange rates"),
    icon="arrows-exchange", hue="amber", order=930, base=Base, timeline=False, menu=False, prepare=rules.prepare_rate,
    after=rules.after_rates, public="everybody's totals are converted by the same rates",
    grants={
        "head": dict.fromkeys(("create", "edit", "delete", "bulk", "export"), "all"),
        **dict.fromkeys(
            ("seller", "analyst"), dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none")
        ),
    },
    fields=(
        Field(name="name", kind="text", label=_l("Name"), derived=True, writable=False, searchable=True,
              max_length=60),
        Field(name="currency", kind="text", label=_l("Currency"), required=True, max_length=3,
              help=_l("Three letters: USD.")),
        Field(name="valid_on", kind="date", label=_l("From this day on"), required=True, default=company_today,
              help=_l("It counts until the day of the next rate of this currency.")),
        Field(name="rate", kind="number", label=_l("Rate"), required=True,
              help=_l("How much of the company's currency one unit is worth: 0.92 when 1 USD is 0.92 EUR.")),
        Field(name="base", kind="text", label=_l("In"), max_length=3, default=company_currency, by_hand=False,
              help=_l("The company's currency when the rate was entered; rates into another one do not count.")),
    ),
    list_columns=("currency", "valid_on", "rate", "base"), quick_fields=("currency", "valid_on", "rate"),
    default_sort="-valid_on", keys=("external_id", "name"),
)  # fmt: skip


def converting() -> SettingsSection:
    """Whether sums in several currencies are shown as one."""
    return SettingsSection(
        title=_l("Currencies"),
        fields=(
            Field(name="convert", kind="boolean", label=_l("Sums in the company's currency"), default=True,
                  help=_l("As far as there are exchange rates; the sum says which. Else each currency by itself.")),
        ),
    )  # fmt: skip
