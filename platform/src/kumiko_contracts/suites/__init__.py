"""What every provider of a contract must do, as plain functions: `CHECKS` of `suites.deals` for deals/1.

A check gets a `Lab` (an installation of its own with the provider in it), raises AssertionError with a sentence when
the provider does something else, and its docstring's first line says what is promised. `kumiko plugin check` and
`kumiko plugin replace` run them, and a provider's own tests do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Lab(Protocol):
    """What a check works with. Values are in REST form; records are made and read with the rights of who is acting."""

    def service(self, capability: str) -> Any:
        """The provider's service."""

    def create(self, type_key: str, values: Mapping[str, Any]) -> int:
        """Make a record; gives its id."""

    def change(self, type_key: str, record_id: int, values: Mapping[str, Any]) -> None:
        """Change fields of a record."""

    def delete(self, type_key: str, record_id: int) -> None:
        """Put a record into the bin."""

    def read(self, type_key: str, record_id: int) -> Mapping[str, Any]:
        """The record as REST gives it."""

    def act(self, type_key: str, record_id: int, action: str, values: Mapping[str, Any]) -> None:
        """Run a record action, as its button does."""

    def change_by(self, type_key: str, record_id: int, rule: Callable[[Any], None]) -> None:
        """Write a change of a record in which `rule(draft)` takes part, as the rules of an extension do."""

    def undo_last(self) -> None:
        """Undo the unit written last."""

    def acting(self, role: str) -> AbstractContextManager[None]:
        """Be "administrator" (who may everything, and is acting outside of this) or "seller" (own records only)."""

    def bringing_history(self) -> AbstractContextManager[None]:
        """What is written inside is history that is brought in, as by an import."""

    def facts(self) -> list[tuple[str, int, Mapping[str, Any]]]:
        """Contract events stated since the last call: name, record id, payload."""

    def refusal(self, deed: Callable[[], Any]) -> str:
        """The sentence with which a deed is refused; "" when it was done."""


def same(found: Any, wanted: Any, what: str) -> None:
    """AssertionError with a sentence unless both are equal."""
    if found != wanted:
        raise AssertionError(f"{what}: wanted {wanted!r}, found {found!r}")
