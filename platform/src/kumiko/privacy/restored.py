"""After a backup came back: persons who were erased since are erased again, however it was restored."""

from __future__ import annotations

from collections.abc import Iterator

from kumiko.host.context import current
from kumiko.host.i18n import gettext as _
from kumiko.privacy import erased


def again() -> list[str]:
    """Erase again whoever the list beside the database names and the database still knows; says what was done."""
    context = current()
    if context.generation is None:
        return []
    config = context.generation.config
    erased.remember(context.database, config.home)
    done = erased.again(context.database, context.generation, config)
    return [
        _("Erasure %(id)d was repeated: %(count)d places, %(left)d left.", id=number,
          count=sum(found.counts.values()), left=sum(found.left.values()))
        for number, found in done
    ]  # fmt: skip


def examine() -> Iterator[tuple[str, str, str]]:
    """For the doctor: erasures that this database has not seen yet."""
    context = current()
    if context.generation is not None:
        late = len(erased.waiting(context.database, context.generation.config.home))
        if late:
            yield "note", "personal data", f"{late} erasures are repeated when the server starts: a backup is older"
