"""Every provider of processes/1 does this."""

from __future__ import annotations

from kumiko_contracts.parties import ORGANIZATION
from kumiko_contracts.processes import DRAFT, PROCESS, VERSION
from kumiko_contracts.suites import Lab, same


def a_new_process_does_nothing_yet(lab: Lab) -> None:
    """A process that was never published is a draft and is not started: the refusal is a sentence."""
    process_id = lab.create(PROCESS, {"name": "Greet", "about": ORGANIZATION})
    customer = lab.create(ORGANIZATION, {"name": "Acme"})
    same(lab.read(PROCESS, process_id)["state"], DRAFT, "state of a new process")
    said = lab.refusal(lambda: lab.service(VERSION).start(process_id, (ORGANIZATION, customer)))
    same(said != "", True, "whether starting a draft is refused")


CHECKS = (a_new_process_does_nothing_yet,)
