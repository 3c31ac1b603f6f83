"""Figures of leads: how many came in by which channel, what became of them, how soon somebody answered.

An answer is a person's: automatic ones and those of a chatbot are none (`responses` notes the first human contact).
"""

from __future__ import annotations

from typing import Any

from kumiko import Measure, Metric, utc_now
from kumiko import lazy_gettext as _l
from kumiko_deals.inquiry_models import INQUIRY, LEAD

SPLITS = ("channel", "source", "campaign", "owner", "team", "month")
ANSWERED = {"f": "first_responded_at", "op": "nempty"}


def metrics() -> list[Metric]:
    """Inquiries, leads, conversion, response times."""
    leads = Measure(type=LEAD, label=_l("leads by the day they came in"), day="created_at")
    converted = Measure(
        type=LEAD, label=_l("of them converted so far"), day="created_at", node={"f": "converted_at", "op": "nempty"},
    )  # fmt: skip
    wait: dict[str, Any] = {"type": LEAD, "day": "created_at", "node": ANSWERED}
    days = Measure(
        label=_l("days until the first answer of a person"), how="median", field="created_at",
        until="first_responded_at", **wait,
    )  # fmt: skip
    working = Measure(
        label=_l("working minutes until the first answer of a person"), how="median", field="first_response_min", **wait
    )
    in_time = Measure(
        type=LEAD, label=_l("leads answered within the limit"), day="created_at",
        node={"and": [ANSWERED, {"f": "answered_late", "op": "ne", "v": True}]},
    )  # fmt: skip
    due = Measure(
        type=LEAD, label=_l("leads answered, or whose limit has passed"), day="created_at", node=_answered_or_due
    )
    unanswered = _l("Leads that nobody has answered.")
    return [
        Metric(
            key="deals.inquiries.count", label=_l("Inquiries"), unit="count", formula="inquiries", better="more",
            order=120, groups=("channel", "source", "campaign", "month"), parts={"inquiries": Measure(
                type=INQUIRY, label=_l("inquiries by the moment they came in"), day="received_at")},
        ),
        Metric(
            key="deals.leads.count", label=_l("Leads"), unit="count", formula="leads", better="more", order=121,
            parts={"leads": leads}, groups=SPLITS, stands_for="leads",
        ),
        Metric(
            key="deals.leads.conversion", label=_l("Lead conversion"), unit="percent", formula="converted / leads",
            better="more", order=122, parts={"converted": converted, "leads": leads}, groups=SPLITS,
            help=_l("Of the leads that came in in the period, the share converted so far."),
        ),
        Metric(
            key="deals.response.median", label=_l("Response time, median"), unit="minutes", formula="days * 1440",
            better="less", order=123, parts={"days": days}, groups=SPLITS, exclusions=unanswered,
            help=_l("Median of the time from a lead's arrival to the first answer of a person."), stands_for="response",
        ),
        Metric(
            key="deals.response.working", label=_l("Response time in working hours"), unit="minutes",
            formula="minutes", better="less", order=124, parts={"minutes": working}, groups=SPLITS,
            exclusions=unanswered, help=_l("Median; only minutes inside the working calendar count."),
        ),
        Metric(
            key="deals.response.in_time", label=_l("Answered in time"), unit="percent", formula="in_time / due",
            better="more", order=125, parts={"in_time": in_time, "due": due}, groups=SPLITS, stands_for="in_time",
            help=_l("Leads answered within the limit / leads answered or whose limit has passed."),
        ),
    ]  # fmt: skip


def _answered_or_due() -> dict[str, Any]:
    return {"or": [ANSWERED, {"f": "first_response_due_at", "op": "lt", "v": utc_now().isoformat()}]}
