"""What an export of any record type writes comes in again without changing anything, in every format."""

import io
import random
from contextlib import suppress
from dataclasses import replace

import pytest
import undo_lab
from test_scenario_undo_oracle import PLUGINS, build

from kumiko.access import principals
from kumiko.core import CORE
from kumiko.host.context import SYSTEM
from kumiko.host.errors import KumikoError
from kumiko.imports import export
from kumiko.imports.engine import Importer
from kumiko.imports.plan import compile_plan
from kumiko.imports.tables import open_table
from kumiko.imports.wishes import Wishes
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko_testing.records import open_house

#: In the hour that New York has twice, with more digits than a workbook keeps.
AWKWARD = {"moment": "2026-11-01T06:30:00.123456Z", "number": 1234567.890123456}


@pytest.fixture
def full_house(clone_database, tmp_path):
    made = open_house(clone_database("undo oracle", build), tmp_path, CORE, PLUGINS)
    yield made
    made.database.close()


def test_an_export_of_every_type_comes_in_again_and_changes_nothing(full_house):
    with full_house.acting(SYSTEM) as now:
        root = replace(principals.principal_for_email("root@example.com"), zone="America/New_York")
        now.as_principal(root)
        chaos = undo_lab.Chaos(random.Random(5))
        done, awkward = {}, 0
        for info in catalogue().types.values():
            with suppress(KumikoError):
                chaos.create(info)
            for name, one in info.writable(root).items():
                record_id = chaos.some_id(info.key) if one.kind in AWKWARD else None
                if record_id is not None:
                    with suppress(KumikoError):
                        service.update(info.key, record_id, {name: AWKWARD[one.kind]})
                        awkward += 1
        for info in catalogue().types.values():
            if not info.type.importable:
                continue
            for file_format in export.FORMATS:
                stream = io.BytesIO()
                count, _notes = export.export_to(stream, info.collection, file_format)
                if not count:
                    continue
                table = open_table(stream.getvalue(), filename=f"all.{file_format}")
                plan = compile_plan(Wishes(collection=info.collection, key="id"), table.columns)
                report = Importer(table, plan, dry_run=True).run()
                said = (report.created, report.updated, report.unchanged, dict(report.refused))
                done[info.key, file_format] = said == (0, 0, count, {}) or said
        assert {key: said for key, said in done.items() if said is not True} == {}
        assert len(done) >= 3 * 25
        assert awkward >= 5
