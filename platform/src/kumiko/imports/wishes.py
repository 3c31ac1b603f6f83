"""What somebody asked of an import, as text: fields and columns by name, before anything is looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _

RUN = "run"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """The mapping of one import.

    A path is a field (`amount`), a part of it (`amount.currency`), or a field of a linked record (`team.parent`).
    `maps`: (path, column title). `sets`: (path, text for every row). `values`: (path, their word, our word).
    `key`: the field by which existing records are found. `create`: collections whose missing records are made.
    `duplicates` ("skip", "update", "create" or "", which looks for none): what becomes of a row whose record seems
    to be there although its key does not say so. `automations`: "run" tells processes and other modules of the rows as
    of what people type; else only those hear of them that asked for imports.
    `date_order` ("dmy", "mdy") and `decimal_mark` decide where a column does not decide by itself.
    """

    collection: str
    maps: tuple[tuple[str, str], ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str, str], ...] = ()
    key: str = ""
    create: tuple[str, ...] = ()
    date_order: str = ""
    decimal_mark: str = ""
    duplicates: str = ""
    automations: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "collection": self.collection,
            "map": dict(self.maps),
            "set": dict(self.sets),
            "values": [list(one) for one in self.values],
            "key": self.key,
            "create": list(self.create),
            "date_order": self.date_order,
            "decimal_mark": self.decimal_mark,
            "duplicates": self.duplicates,
            "automations": self.automations,
        }

    def renamed(self, rename: Callable[[str], str]) -> Wishes:
        """The same wishes with other names for the paths."""
        return replace(
            self,
            maps=tuple((rename(path), column) for path, column in self.maps),
            sets=tuple((rename(path), text) for path, text in self.sets),
            values=tuple((rename(path), theirs, ours) for path, theirs, ours in self.values),
            key=rename(self.key) if self.key else "",
        )

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Wishes:
        """The wishes in a JSON object as `as_json` makes it; Invalid names what is wrong."""
        unknown = sorted(set(said) - set(cls(collection="").as_json()))
        if unknown:
            known = ", ".join(cls(collection="").as_json())
            sentence = _("there is no field %(name)r here; known are: %(known)s", name=unknown[0], known=known)
            raise Invalid(_("Some values are not accepted."), {unknown[0]: [sentence]})
        return cls(
            collection=_text(said, "collection"),
            maps=_pairs(said, "map"),
            sets=_pairs(said, "set"),
            values=_triples(said),
            key=_text(said, "key"),
            create=_names(said, "create"),
            date_order=_one_of(said, "date_order", ("", "dmy", "mdy")),
            decimal_mark=_one_of(said, "decimal_mark", ("", ".", ",")),
            duplicates=_one_of(said, "duplicates", ("", "skip", "update", "create")),
            automations=_one_of(said, "automations", ("", "muted", RUN)),
        )


def _fault(name: str, wanted: str) -> Invalid:
    return Invalid(_("Some values are not accepted."), {name: [wanted]})


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name) or ""
    if not isinstance(value, str):
        raise _fault(name, _("wanted a text"))
    return value.strip()


def _one_of(said: Mapping[str, Any], name: str, offered: tuple[str, ...]) -> str:
    value = _text(said, name)
    if value not in offered:
        raise _fault(name, _("wanted one of: %(offered)s", offered=", ".join(one for one in offered if one)))
    return value


def _pairs(said: Mapping[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    value = said.get(name) or {}
    if not isinstance(value, Mapping) or not all(isinstance(one, str | int | float | bool) for one in value.values()):
        raise _fault(name, _("wanted an object of texts by field"))
    return tuple((str(path), one if isinstance(one, str) else str(one)) for path, one in value.items())


def _names(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = said.get(name) or []
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise _fault(name, _("wanted a list of collections"))
    return tuple(value)


def _triples(said: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    value = said.get("values") or []
    if isinstance(value, Mapping):  # {"stage": {"Won": "won"}} reads better in a program
        value = [
            [path, theirs, ours]
            for path, words in value.items()
            for theirs, ours in (words.items() if isinstance(words, Mapping) else [(None, None)])
        ]
    if not isinstance(value, list | tuple) or not all(
        isinstance(one, list | tuple) and len(one) == 3 and all(isinstance(text, str) for text in one) for one in value
    ):
        raise _fault("values", _("wanted a list of [field, their word, our word]"))
    return tuple((one[0], one[1], one[2]) for one in value)
