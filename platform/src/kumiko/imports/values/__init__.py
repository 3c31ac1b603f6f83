"""Typed values from the cells of a table. Every `parse_*` returns the value or raises ValueFault with a sentence."""

from __future__ import annotations

from kumiko.imports.values.dates import DateOrder, column_date_order, parse_date, parse_moment
from kumiko.imports.values.faults import ValueFault
from kumiko.imports.values.flags import parse_boolean
from kumiko.imports.values.numbers import DecimalMark, column_decimal_mark, parse_money_minor, parse_number

__all__ = [
    "DateOrder",
    "DecimalMark",
    "ValueFault",
    "column_date_order",
    "column_decimal_mark",
    "parse_boolean",
    "parse_date",
    "parse_moment",
    "parse_money_minor",
    "parse_number",
]
