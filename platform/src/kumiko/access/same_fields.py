"""Fields that say the same: a limit to one of them is a limit to all, or one would tell what another one hides.

A type names them in `says_the_same` (`kumiko.duplicates.declaring.MatchedRecordType`): a list of e-mails and the field
with the first of them, a web address and its domain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Groups = tuple[tuple[str, ...], ...]


def groups_of(record_type: Any) -> Groups:
    """Groups of names of a record type."""
    found: Groups = getattr(record_type, "says_the_same", ())
    return found


def together(groups: Iterable[tuple[str, ...]], limits: Mapping[str, str]) -> dict[str, str]:
    """Field -> "read" or "hidden", the strongest of its group for each of them."""
    found = dict(limits)
    for group in groups:
        words = {limits[name] for name in group if name in limits}
        if words:
            found |= dict.fromkeys(group, "hidden" if "hidden" in words else "read")
    return found
