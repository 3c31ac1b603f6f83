"""`kumiko hand-over`: what somebody owns goes to successors; with the same preview, and the same undo, as the page."""

from __future__ import annotations

from typing import Any

import click

from kumiko.access import accounts
from kumiko.leaving import remaining, services
from kumiko.leaving.models import HAND_OVER
from kumiko.records import service


@click.command("hand-over")
@click.argument("email", metavar="E-MAIL")
@click.option("--to", "successors", multiple=True, required=True, help="E-mail of a successor; several times for more.")
@click.option("--rule", type=click.Choice(services.RULES), default="one", help="To one, evenly, or evenly in teams.")
@click.option("--dry-run", is_flag=True, help="Only say what would go to whom.")
@click.pass_obj
def hand_over(shell: Any, email: str, successors: tuple[str, ...], rule: str, dry_run: bool) -> None:
    """Hand over everything that the user E-MAIL owns, and close the way in. `kumiko undo GROUP` takes it back."""
    person_id = accounts.get_user_id(email)
    ids = [accounts.get_user_id(one) for one in successors]
    planned = services.plan(person_id, ids, rule)
    rows = [(holding.key, planned.names[one], count) for holding, counts in planned.rows
            for one, count in counts.items()]  # fmt: skip
    stays = [(one.what, one.count, one.becomes) for one in remaining.remaining(person_id)]
    for key, name, count in rows:
        shell.say(f"{key} -> {name}: {count:,}")
    for what, count, becomes in stays:
        shell.say(f"stays: {what} ({count:,}). {becomes}")
    said = {"total": planned.total, "views": planned.views, "moves": [list(row) for row in rows],
            "stays": [list(row) for row in stays]}  # fmt: skip
    if dry_run:
        shell.say(f"{planned.total:,} records and {planned.views} saved lists would change hands.", **said)
        return
    made = service.get(HAND_OVER, services.start(person_id, ids, rule))
    job_id, group_id = made.get("job_id"), made.get("group_id")
    if job_id is None:
        shell.say(
            f"{made.get('moved'):,} records changed hands (group {group_id}).", group=group_id, id=made.id, **said
        )
        return
    shell.say(f"Job {job_id} hands over {planned.total:,} records (group {group_id}); a worker process does it.",
              job=job_id, group=group_id, id=made.id, **said)  # fmt: skip
