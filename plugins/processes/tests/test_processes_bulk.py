"""A bulk edit of 5,000 deals: as many runs, none twice; what it takes is printed."""

import collections
import time

import pytest

from kumiko import bulk, create_many


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_bulk_edit_of_five_thousand_deals_starts_as_many_runs(lab, database_kind):
    count = 5000
    with lab.acting("root@example.com"):
        ids = []
        for start in range(0, count, 1000):
            ids += create_many("deals.deal", [{"name": f"Deal {start + number}"} for number in range(1000)])
    lab.work_off()
    took = {}
    for word in ("off", "on"):
        if word == "on":
            lab.publish([{"id": "s1", "kind": "set", "values": {"campaign": "seen"}}],
                        {"on": "changed", "field": "next_step"})  # fmt: skip
        began = time.perf_counter()
        with lab.acting("root@example.com"):
            bulk("deals.deal", ids, values={"next_step": f"call {word}"})
        took[f"edit, process {word}"] = time.perf_counter() - began
    began = time.perf_counter()
    while any(status == "ready" for name in ("records.deliver", "processes.begin") for _p, status in lab.jobs(name)):
        lab.worker.run_once()
    took["5,000 runs begun"] = time.perf_counter() - began
    began = time.perf_counter()
    lab.work_off()
    took["5,000 runs done"] = time.perf_counter() - began
    print(database_kind, {name: f"{seconds:.1f} s" for name, seconds in took.items()})
    assert collections.Counter(lab.runs()) == {("done", None): count}
