"""A place to try contracts in: what the checks of `kumiko_contracts.suites` may do, on the records of a running house.

`run_suite("deals/1", house)` runs the checks of one contract against whoever provides it in that house. A check is a
function of a `Lab`; the first line of its docstring is the sentence it proves, and it raises AssertionError with what
it found instead.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import func, select

from kumiko import services
from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.context import Principal
from kumiko.host.contracts import find_contract
from kumiko.host.errors import KumikoError
from kumiko.host.scoping import trusted
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.dumps import dump_view
from kumiko.records.models import ContractEvent, Unit
from kumiko.records.undo import undo
from kumiko.records.units import unit

ROLES = ("administrator", "seller")
_event, _unit = table_of(ContractEvent), table_of(Unit)

#: Gives a context of a person with one of ROLES.
Acting = Callable[[str], AbstractContextManager[Any]]


class Lab:
    """A `kumiko_contracts.suites.Lab`. Acts as an administrator, inside `acting("seller")` as one who sees his own."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._heard = trusted(select(func.max(_event.c.id))).scalar() or 0  # id of the newest event that was told of

    def service(self, capability: str) -> Any:
        """Whoever provides a contract, as a module that requires it gets him."""
        return services.get(capability)

    def create(self, type_key: str, values: Mapping[str, Any]) -> int:
        """Make a record; gives its id."""
        return service.create(type_key, values).id

    def change(self, type_key: str, record_id: int, values: Mapping[str, Any]) -> None:
        """Change fields of a record."""
        service.update(type_key, record_id, values)

    def delete(self, type_key: str, record_id: int) -> None:
        """Put a record into the bin."""
        service.delete(type_key, record_id)

    def read(self, type_key: str, record_id: int) -> dict[str, Any]:
        """A record as REST shows it to the acting person."""
        return dict(dump_view(service.get(type_key, record_id)))

    def act(self, type_key: str, record_id: int, action: str, values: Mapping[str, Any]) -> None:
        """Do a record action, as its button does."""
        service.run_action(type_key, record_id, action, values)

    def change_by(self, type_key: str, record_id: int, rule: Callable[[Any], None]) -> None:
        """Write a change of a record in which `rule(draft)` takes part, as the rules of an extension do."""
        info = catalogue().get(type_key)
        with unit() as opened:
            draft = service.change_draft(service._state(info, record_id, "edit", lock=True), {})
            rule(draft)
            service.prepare([draft])
            service._write_checked(opened, [draft])

    def undo_last(self) -> None:
        """Undo the unit written last."""
        newest = select(func.max(_unit.c.id)).where(_unit.c.undone_at.is_(None), ~_unit.c.is_group)
        undo(trusted(newest).scalar_one())

    @contextmanager
    def acting(self, role: str) -> Iterator[None]:
        """Act as somebody with this role: "administrator" or "seller"."""
        if role not in ROLES:
            raise ValueError(f"there is no role {role!r} in the lab; there are {', '.join(ROLES)}")
        with self._acting(role):
            yield

    @contextmanager
    def bringing_history(self) -> Iterator[None]:
        """What is written inside is history that is brought in, as by an import."""
        here = context.current()
        before, here.via = here.via, "import"
        try:
            yield
        finally:
            here.via = before

    def facts(self) -> list[tuple[str, int, dict[str, Any]]]:
        """Contract events stated since the last call: (name, id of the record, payload), in their order."""
        query = select(_event).where(_event.c.id > self._heard).order_by(_event.c.id)
        found = trusted(query).mappings().all()
        if found:
            self._heard = found[-1]["id"]
        return [(one["name"], one["record_id"], dict(one["payload"] or {})) for one in found]

    def refusal(self, deed: Callable[[], Any]) -> str:
        """The sentence with which a deed is refused; "" when it was done."""
        try:
            deed()
        except KumikoError as refusal:
            return said(refusal)
        return ""


def suite_of(capability: str) -> tuple[Callable[[Any], None], ...]:
    """The checks of a contract: of the module that its `SUITE` names, else of `suites` beside it; none without one."""
    contract = find_contract(capability)
    if contract is None:
        return ()
    package, _, word = contract.__name__.rpartition(".")
    name = getattr(contract, "SUITE", f"{package}.suites.{word}" if package else f"{word}_suite")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not name.startswith(missing.name):
            raise
        return ()
    return tuple(module.CHECKS)


def run_suite(capability: str, house: Any) -> list[tuple[str, str]]:
    """(sentence, what was found instead or "") for every check of a contract, in the given house.

    `house` is a `kumiko_testing.trial.house.TrialHouse` or a `kumiko_testing.records.House`.
    """
    acting = acting_in(house)
    found = []
    for check in suite_of(capability):
        with acting("administrator"):
            found.append((sentence_of(check), _problem(check, Lab(acting))))
    return found


def sentence_of(check: Callable[[Any], None]) -> str:
    """What a check proves."""
    return (check.__doc__ or check.__name__.replace("_", " ")).strip().partition("\n")[0].rstrip(".")


def _problem(check: Callable[[Any], None], lab: Lab) -> str:
    try:
        check(lab)
    except AssertionError as found:
        return str(found) or "it is not so"
    except KumikoError as refusal:
        return f"it was refused: {said(refusal)}"
    except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
        return f"{type(error).__name__}: {error}"
    return ""


def said(refusal: KumikoError) -> str:
    """A refusal with the sentences of its fields."""
    fields = getattr(refusal, "errors", {})
    return " ".join([refusal.message, *(f"{name}: {' '.join(lines)}" for name, lines in fields.items())])


def acting_in(house: Any) -> Acting:
    """How to act as an administrator or a seller in a house."""
    from kumiko_testing import records  # local: both houses are optional for the other

    if not isinstance(house, records.House):
        acting: Acting = house.acting
        return acting  # the people of a trial are named by their roles
    people = {
        "administrator": Principal(
            user_id=901, name="Administrator", grants={"*": records.ALL}, roles=("administrator",)
        ),
        "seller": Principal(user_id=902, name="Seller", grants={"*": records.OWN}),
    }
    return lambda role: house.acting(people[role])
