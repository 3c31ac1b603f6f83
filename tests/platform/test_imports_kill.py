"""The worker of an import is killed with SIGKILL at its chunks: every row comes in exactly once."""

import io
import json
import signal

import pytest
from imports_lab import Lab, build

from kumiko.imports import engine


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("imports lab", build), tmp_path)
    yield made
    made.database.close()


def check_killed(lab, monkeypatch, *, rows, chunk_rows, kills):
    """`kills`: for each worker process, the chunk of its own at which it ends, "before" or "after" the commit."""
    ask = lab.program()
    text = "code,name\n" + "".join(f"A{n},{'' if n % 10 == 9 else f'Thing {n}'}\n" for n in range(rows))
    wishes = json.dumps({"map": {"external_id": "code", "name": "name"}})
    file = (io.BytesIO(text.encode()), "a.csv")
    address = ask("POST", "/api/v1/imports", data={"collection": "things", "file": file, "wishes": wishes}).headers[
        "Location"
    ]
    monkeypatch.setattr(engine, "CHUNK", chunk_rows)
    for check, ended in (("check", "checked"), ("run", "done")):
        assert ask("POST", f"{address}/{check}").status_code == 202
        for chunk, when in kills:
            assert lab.run_until_killed(chunk_rows=chunk_rows, chunk=chunk, when=when) == -signal.SIGKILL
        lab.work(lambda ended=ended: ask("GET", address).json["status"] == ended)

    done = ask("GET", address).json
    refused = rows // 10
    assert sorted(name for name, _state in lab.things()) == sorted(f"Thing {n}" for n in range(rows) if n % 10 != 9)
    for report in (done["check"], done["result"]):
        assert (report["rows"], report["created"], report["refused"]) == (rows, rows - refused, refused)
    assert done["result"]["counted"] == {"created sample.thing": rows - refused}
    assert ask("GET", f"{address}/rows?kind=refused").json["counts"] == {"new": rows - refused, "refused": refused}
    assert ask("POST", f"{address}/undo").json["reverted"] == rows - refused
    assert lab.things() == []


@pytest.mark.timeout(300)
def test_a_killed_import_goes_on_with_every_row_exactly_once(lab, monkeypatch):
    check_killed(lab, monkeypatch, rows=20, chunk_rows=4, kills=((2, "before"), (1, "after")))


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_an_import_killed_at_every_chunk_loses_and_doubles_no_row(lab, monkeypatch):
    kills = tuple((chunk, when) for when in ("before", "after") for chunk in (1, 1, 2, 1))
    check_killed(lab, monkeypatch, rows=60, chunk_rows=5, kills=kills)
