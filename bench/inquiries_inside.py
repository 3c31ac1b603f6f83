"""Inquiries through a form on a web site: every one sent, written down, taken in by the worker, and counted.

    inquiries_inside.py [--inquiries 10000] [--postmaster PID]

Run by `story.py`. Each form goes the whole way through the web application, fifty from each address of the internet;
every tenth is a click that was repeated, which must not become a second inquiry. Bare work of a form: one INSERT of its
bytes and one of a job, in a transaction. Fails when one is lost or doubled.
"""

from __future__ import annotations

import collections
import json
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from at_work import AtWork
from meter import max_rss_mib, ratio, rss_mib
from werkzeug.test import Client

from kumiko import create, utc_now
from kumiko.host.columns import table_of
from kumiko_deals.inquiry_models import Inquiry
from kumiko_integrations.models import FORM, Intake

PER_ADDRESS = 50
TAKE_IN = "integrations.take_in"


def main() -> None:
    work = AtWork(__doc__ or "")
    work.work_off()
    with work.acting():
        form = create(FORM, {"name": "Bench", "least_s": 0, "source": "Website"})
    names = {row["means"]: f"q{row['id']}" for row in form.get("fields")}
    path, count = f"/f/{form.get('key')}", work.asked.inquiries
    client, refused = Client(work.host, use_cookies=False), collections.Counter()

    def body(number: int) -> str:
        said = {
            "name": f"Visitor {number}", "email": f"visitor{number}@stranger{number % 997}.example",
            "message": f"Please send an offer for {number % 40 + 1} presses, number {number}.",
        }  # fmt: skip
        return urlencode({names[key]: value for key, value in said.items()} | {"_page": "https://shop.example/?a=1"})

    def send(number: int) -> None:
        address = f"10.{number // PER_ADDRESS // 250}.{number // PER_ADDRESS % 250}.7"
        for _click in range(2 if number % 10 == 0 else 1):
            answer = client.post(
                path, data=body(number), content_type="application/x-www-form-urlencoded",
                headers={"Accept": "application/json"}, environ_overrides={"REMOTE_ADDR": address},
            )  # fmt: skip
            if answer.status_code != 200:
                refused[answer.status_code] += 1

    def send_all() -> None:
        for number in range(count):
            send(number)

    found: dict[str, Any] = {"inquiries": count, "rss at the start, MiB": rss_mib()}
    found["sent, bare"] = bare(work, body)
    found["sent"] = work.meter.measure(send_all, count)
    found["sent, ratio"] = ratio(found["sent"], found["sent, bare"])
    found["taken in"] = work.meter.measure(lambda: work.work_off(TAKE_IN), count)
    found["what follows"] = work.meter.measure(work.work_off, count)
    intake, inquiry = table_of(Intake), table_of(Inquiry)
    with work.host.database.reader.connect() as connection:
        ours = intake.c.account == f"form:{form.id}"
        found["intake"] = dict(connection.execute(
            sa.select(intake.c.state, sa.func.count()).where(ours).group_by(intake.c.state)).all())  # fmt: skip
        ours = inquiry.c.account == f"form:{form.id}"
        found["inquiries by state"] = dict(connection.execute(
            sa.select(inquiry.c.state, sa.func.count()).where(ours).group_by(inquiry.c.state)).all())  # fmt: skip
    found |= {"refused": dict(refused), "broken jobs": work.broken(), "max rss, MiB": max_rss_mib()}
    found["lost"] = count - sum(found["inquiries by state"].values())
    print(json.dumps(found))
    if found["lost"] or refused:
        raise SystemExit(f"of {count} inquiries {found['lost']} are lost; refused: {dict(refused)}")


def bare(work: AtWork, body: Any, count: int = 500) -> Any:
    """The same bytes into a plain table with one index, and a row of a queue beside it; one transaction each."""
    metadata = sa.MetaData()
    raw = sa.Table(
        "bench_raw", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("at", sa.DateTime),
        sa.Column("name", sa.String(100), unique=True), sa.Column("body", sa.LargeBinary),
    )  # fmt: skip
    queue = sa.Table(
        "bench_queue", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("raw", sa.Integer)
    )
    engine = work.host.database.engine
    metadata.create_all(engine)

    def insert_all() -> None:
        for number in range(count):
            with engine.begin() as connection:
                row = {"at": utc_now().replace(tzinfo=None), "name": f"n{number}", "body": body(number).encode()}
                made = connection.execute(raw.insert().values(**row)).inserted_primary_key
                connection.execute(queue.insert().values(raw=made[0] if made else 0))

    found = work.meter.measure(insert_all, count)
    metadata.drop_all(engine)
    return found


if __name__ == "__main__":
    main()
