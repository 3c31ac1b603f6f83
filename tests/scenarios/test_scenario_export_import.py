"""What an export of any type writes comes in again and changes nothing; titles of other programs are known."""

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
from kumiko.imports.origins import find_origin
from kumiko.imports.plan import compile_plan
from kumiko.imports.suggest import suggest
from kumiko.imports.tables import open_table
from kumiko.imports.wishes import Wishes
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko_testing.records import open_house

#: In the hour that New York has twice, with more digits than a workbook keeps.
AWKWARD = {"moment": "2026-11-01T06:30:00.123456Z", "number": 1234567.890123456}


#: (program, collection, titles of its export, what some of them mean here)
HEADS = [
    ("HubSpot", "persons", "Record ID,First Name,Last Name,Email,Contact owner,Lifecycle Stage",
     {"external_id": "Record ID", "owner": "Contact owner", "email": "Email"}),
    ("HubSpot", "deals", "Record ID,Deal Name,Deal Stage,Amount,Close Date,Associated Company",
     {"name": "Deal Name", "amount": "Amount", "organization": "Associated Company"}),
    ("Pipedrive", "deals", "Deal - ID,Deal - Title,Deal - Value,Person - Email,Organization - Name",
     {"external_id": "Deal - ID", "name": "Deal - Title", "organization": "Organization - Name",
      "person.email": "Person - Email"}),
    ("Salesforce", "deals", "Account Name,Opportunity Name,Stage,Close Date,Amount,Opportunity Owner",
     {"name": "Opportunity Name", "organization": "Account Name", "expected_close_on": "Close Date"}),
    ("Salesforce", "persons", "Contact ID,First Name,Last Name,Account Name,Email",
     {"external_id": "Contact ID", "organization": "Account Name"}),
    ("Zoho CRM", "leads", "Record Id,Lead Owner,Company,Last Name,Email,Lead Source",
     {"external_id": "Record Id", "owner": "Lead Owner"}),
    ("Zoho CRM", "deals", "Record Id,Deal Owner,Deal Name,Closing Date,Account Name",
     {"name": "Deal Name", "organization": "Account Name", "expected_close_on": "Closing Date"}),
    ("Bitrix24", "deals", "ID,Deal Name,Pipeline,Stage,Responsible person,Company,Contact",
     {"external_id": "ID", "name": "Deal Name", "owner": "Responsible person"}),
    ("Odoo", "deals", "External ID,Opportunity,Expected Revenue,Salesperson,Customer",
     {"external_id": "External ID", "amount": "Expected Revenue", "owner": "Salesperson"}),
    ("EspoCRM", "persons", "id,firstName,lastName,emailAddress,accountName,assignedUserName",
     {"external_id": "id", "organization": "accountName", "owner": "assignedUserName"}),
    ("Twenty", "persons", "Id,First name,Last name,Primary email,Company,Job title",
     {"email": "Primary email", "organization": "Company"}),
    ("Twenty", "organizations", "Id,Name,Domain name,Employees,Address City",
     {"name": "Name", "website": "Domain name", "employees": "Employees"}),
]  # fmt: skip


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


def test_titles_of_other_programs_betray_them_and_lead_to_our_fields(full_house):
    wrong = []
    with full_house.acting(SYSTEM):
        for program, collection, titles, meant in HEADS:
            columns = titles.split(",")
            origin, info = find_origin(columns), catalogue().by_collection[collection]
            assert origin is not None, titles
            maps = dict(origin.wishes(info, columns, suggest(info, columns)).maps)
            said = (origin.name, origin.collection_of(columns), {path: maps.get(path) for path in meant})
            if said != (program, collection, meant):
                wrong.append((said, (program, collection, meant)))
    assert wrong == []
