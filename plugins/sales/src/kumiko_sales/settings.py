"""What a company settles once for its documents."""

from __future__ import annotations

from kumiko import Field, SettingsSection
from kumiko import lazy_gettext as _l
from kumiko_sales.numbers import check_pattern

_PATTERN = _l("{number} is the counter; with {year} or {yy} it begins at 1 each year.")


def _weights() -> tuple[Field, ...]:
    """How much each part of a seller's rating counts; the usual ones are those of the worked example (K46)."""
    labels = (
        ("attainment", _l("Rating: weight of the goal reached"), 50),
        ("win_rate", _l("Rating: weight of the win rate"), 20),
        ("punctuality", _l("Rating: weight of tasks in time"), 20),
        ("answers", _l("Rating: weight of answers in time"), 10),
    )
    return tuple(
        Field(name=f"weight_{name}", kind="percent", label=label, default=usual, required=True)
        for name, label, usual in labels
    )


def section() -> SettingsSection:
    """The section of the settings page."""
    return SettingsSection(
        title=_l("Quotes and invoices"),
        fields=(
            Field(
                name="seller_address", kind="longtext", label=_l("Address of the company"),
                help=_l("Below the company's name on quotes and invoices."),
            ),
            Field(name="tax_number", kind="text", label=_l("Tax number"), max_length=60),
            Field(name="bank", kind="longtext", label=_l("Bank"), help=_l("Where customers pay to, such as an IBAN.")),
            Field(name="footer", kind="longtext", label=_l("Foot of each page")),
            Field(
                name="quote_pattern", kind="text", label=_l("Numbers of quotes"), default="Q-{year}-{number}",
                required=True, max_length=40, validate=check_pattern, help=_PATTERN,
            ),
            Field(
                name="order_pattern", kind="text", label=_l("Numbers of orders"), default="O-{year}-{number}",
                required=True, max_length=40, validate=check_pattern, help=_PATTERN,
            ),
            Field(
                name="invoice_pattern", kind="text", label=_l("Numbers of invoices"), default="INV-{year}-{number}",
                required=True, max_length=40, validate=check_pattern, help=_PATTERN,
            ),
            Field(
                name="number_digits", kind="integer", label=_l("Digits of the counter"), default=4, minimum=1,
                maximum=10, required=True,
            ),
            Field(
                name="terms_days", kind="integer", label=_l("Days to pay"), default=14, minimum=0, maximum=365,
                required=True,
            ),
            Field(
                name="quote_days", kind="integer", label=_l("Days that quotes are valid"), default=30, minimum=0,
                maximum=365, required=True,
            ),
            Field(
                name="prices_include_tax", kind="boolean", label=_l("Prices include tax"), default=False,
                help=_l("Of new documents; each may say otherwise."),
            ),
            *_weights(),
            Field(
                name="answer_minutes", kind="integer", label=_l("Answer within, minutes of working time"), default=60,
                minimum=1, maximum=100_000, required=True, help=_l("What counts as an answer in time for a new lead."),
            ),
        ),
    )  # fmt: skip
