"""The job that removes bytes which no row names: of units that were rolled back, and of files that were purged."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select

from kumiko.files.models import File
from kumiko.files.store import store
from kumiko.host.columns import table_of
from kumiko.host.context import transaction
from kumiko.host.scoping import trusted
from kumiko.jobs import JobContext, sliced
from kumiko.records.leftovers import free_types

YOUNG_S = 24 * 3600  # longer than any transaction
_SLICE = 500
_file = table_of(File)


@sliced
def sweep(job: JobContext) -> None:
    """Remove what no file names, and what is in the bin for good stays: it can be restored."""
    with job.slice():
        kept = store()
    names = kept.names(older_than_s=YOUNG_S)
    while chunk := list(itertools.islice(names, _SLICE)):
        with job.slice():
            for sha256 in set(chunk) - _named(chunk):
                kept.remove(sha256)


def _named(names: Iterable[str]) -> set[str]:
    return set(trusted(select(_file.c.sha256).where(_file.c.sha256.in_(list(names)))).scalars())


def forget_types(loaded: Any) -> None:
    """Delete the files of records of a module whose data are deleted; their bytes go with the next sweep."""
    keys = [key for key, _label, _table in free_types(loaded)]
    with transaction():
        trusted(delete(_file).where(_file.c.record_type.in_(keys)))
