"""What a report is: a source, filters, rows, columns, measures and a chart; as it is kept and as an address says it.

Parameters of an address that begin with "_" are the report's (`_source`, `_row`, `_col`, `_measure`, `_chart`), all
others are the conditions of a list of that source, as in the address of the list itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.datastructures import MultiDict

from kumiko import Grouping, Invalid, KumikoError, Measure, as_node, read_conditions, source_of
from kumiko import gettext as _
from kumiko_analytics.periods import UNITS

HOWS = ("count", "sum", "avg", "min", "max", "median", "distinct", "share")
CHARTS = ("", "bars", "stacked", "line", "pie")
MOST_GROUPS, MOST_MEASURES, MOST_QUERY = 3, 6, 4000


@dataclass(frozen=True)
class MeasureOf:
    """A measure of a report: `how` with a field or without; "share" is the part of the whole."""

    how: str
    field: str = ""

    @property
    def token(self) -> str:
        return f"{self.how}:{self.field}" if self.field else self.how

    def as_measure(self, type_key: str, node: Any, day: str) -> Measure:
        """What `kumiko.measure` computes; of a share the sum, or the count."""
        how = self.how if self.how != "share" else "sum" if self.field else "count"
        return Measure(type=type_key, how=how, field=self.field, node=node, day=day)


@dataclass(frozen=True)
class Report:
    """A report, readable or not: what is wrong with it shows when it is run. `node`: filter; `query`: the same as the
    parameters of a list, for the editor."""

    source: str
    rows: tuple[Grouping, ...] = ()
    columns: tuple[Grouping, ...] = ()
    measures: tuple[MeasureOf, ...] = (MeasureOf("count"),)
    chart: str = ""
    node: Any = None
    query: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def day(self) -> str:
        """The day or moment that it is split by: amounts are converted by the rate of that day."""
        return next((one.path for one in (*self.rows, *self.columns) if one.unit), "")

    def as_kept(self) -> dict[str, Any]:
        """As the record keeps it."""
        return {
            "source": self.source, "rows": [token_of(one) for one in self.rows],
            "columns": [token_of(one) for one in self.columns], "measures": [one.token for one in self.measures],
            "chart": self.chart, "filter": self.node, "query": self.query,
        }  # fmt: skip

    def pairs(self) -> list[tuple[str, str]]:
        """Parameters of an address that mean this report."""
        made = [("_source", self.source), *(("_row", token_of(one)) for one in self.rows)]
        made += [("_col", token_of(one)) for one in self.columns]
        made += [("_measure", one.token) for one in self.measures]
        made += [("_chart", self.chart)] if self.chart else []
        return made + parse_qsl(self.query)

    def href(self, path: str, *more: tuple[str, str]) -> str:
        return f"{path}?{urlencode([*self.pairs(), *more])}"


def token_of(one: Grouping) -> str:
    return f"{one.path}:{one.unit}" if one.unit else one.path


def report_of(args: MultiDict[str, str]) -> Report:
    """The report that an address means; Invalid says what is wrong with its conditions."""
    source = args.get("_source", "")
    pairs = [(name, value) for name, value in args.items(multi=True) if not name.startswith("_") and value != ""]
    pairs = [pair for pair in pairs if pair[0] not in ("view", "after", "sort", "columns", "q")]
    made = _made(source, args.getlist("_row"), args.getlist("_col"), args.getlist("_measure"), args.get("_chart", ""))
    if not source or not pairs:
        return made
    query = urlencode(pairs)
    if len(query) > MOST_QUERY:
        raise _invalid(_("the filters are too long"))
    return Report(made.source, made.rows, made.columns, made.measures, made.chart, node_of(source, query), query)


def node_of(source: str, query: str) -> Any:
    """Conditions in the form of a list's address as a filter."""
    args: MultiDict[str, str] = MultiDict(parse_qsl(query))
    info = source_of(source).info
    conditions = read_conditions(info, args)
    from kumiko_analytics.checks import parsed_filter  # local: cycle

    return as_node(conditions, parsed_filter(args.get("filter", "")))


def kept_report(value: Any) -> Report:
    """The report that a record keeps."""
    held = value if isinstance(value, Mapping) else {}
    made = _made(str(held.get("source", "")), held.get("rows", []), held.get("columns", []), held.get("measures", []),
                 str(held.get("chart", "")))  # fmt: skip
    return Report(made.source, made.rows, made.columns, made.measures, made.chart, held.get("filter"),
                  str(held.get("query", "")))  # fmt: skip


def checked(value: Any) -> dict[str, Any]:
    """A definition as it is kept; Invalid names what is wrong with its form. Fields may be missing later, and are not
    asked for here: a report outlives the module whose fields it names."""
    if not isinstance(value, Mapping):
        raise _invalid(_("a report is an object with source, rows, columns, measures, chart and filter"))
    unknown = sorted(set(value) - {"source", "rows", "columns", "measures", "chart", "filter", "query"})
    if unknown:
        raise _invalid(_("a report has no %(names)s", names=", ".join(map(str, unknown))[:80]))
    for name in ("rows", "columns", "measures"):
        if not isinstance(value.get(name, []), list) or not all(isinstance(one, str) for one in value.get(name, [])):
            raise _invalid(_("%(name)s is a list of texts", name=name))
    node = value.get("filter")
    if node is not None and not isinstance(node, Mapping):
        raise _invalid(_("filter is an object in the language of filters"))
    if len(str(value.get("query", ""))) > MOST_QUERY or len(str(node)) > 5 * MOST_QUERY:
        raise _invalid(_("the filters are too long"))
    report = kept_report(value)
    if not report.source:
        raise _invalid(_("a report needs a source: the key of a record type or dataset"))
    return report.as_kept()


def _made(source: str, rows: Any, columns: Any, measures: Any, chart: str) -> Report:
    groups = [tuple(_grouping(str(one)) for one in dict.fromkeys(many) if one) for many in (rows, columns)]
    if any(len(one) > MOST_GROUPS for one in groups):
        raise _invalid(_("at most %(most)d groups in rows or columns", most=MOST_GROUPS))
    wanted = tuple(_measure(str(one)) for one in dict.fromkeys(measures) if one) or (MeasureOf("count"),)
    if len(wanted) > MOST_MEASURES:
        raise _invalid(_("at most %(most)d measures", most=MOST_MEASURES))
    if chart not in CHARTS:
        raise _invalid(
            _("there is no chart %(found)r; known: %(known)s", found=chart[:40], known=", ".join(CHARTS[1:]))
        )
    return Report(source[:120], groups[0], groups[1], wanted, chart)


def _grouping(token: str) -> Grouping:
    path, _colon, unit = token.partition(":")
    if (unit and unit not in UNITS) or len(path) > 120:
        raise _invalid(_("%(token)s is no group; wanted a field, or a day with :month", token=token[:80]))
    return Grouping(path, unit)


def _measure(token: str) -> MeasureOf:
    how, _colon, name = token.partition(":")
    if how not in HOWS or len(name) > 120 or (not name and how not in ("count", "share")):
        raise _invalid(_("%(token)s is no measure; wanted count or sum:FIELD", token=token[:80]))
    return MeasureOf(how, name)


def is_readable(report: Report) -> bool:
    """Whether the source is there and the person may read it."""
    try:
        source_of(report.source)
    except KumikoError:
        return False
    return True


def _invalid(sentence: str) -> Invalid:
    return Invalid(sentence, {"definition": [sentence]})
