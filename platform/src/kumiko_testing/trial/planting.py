"""Records for the trial: one of each type that the plugin has something to do with, as far as one can be made."""

from __future__ import annotations

from dataclasses import dataclass, field

from kumiko.host.errors import DeclarationError, KumikoError, ScopeError
from kumiko_testing import leaks
from kumiko_testing.trial.house import OWNER, TrialHouse


@dataclass
class Filled:
    """What was planted, and why nothing of some types could be."""

    planted: leaks.Planted = field(default_factory=leaks.Planted)
    refused: dict[str, str] = field(default_factory=dict)  # type key -> sentence
    broken: dict[str, str] = field(default_factory=dict)  # type key -> what is wrong with the code, not with values


def plant(house: TrialHouse) -> Filled:
    """Plant foreign records of every type; a type that takes none is left out, with the reason."""
    filled = Filled()
    owner, team = house.user_id(OWNER), house.team_id("There")

    def refused(key: str, error: Exception) -> None:
        into = filled.broken if isinstance(error, DeclarationError | ScopeError) else filled.refused
        into[key] = error.message if isinstance(error, KumikoError) else str(error)

    with house.acting():
        filled.planted = leaks.plant(owner_id=owner, team_id=team, refused=refused)
    return filled
