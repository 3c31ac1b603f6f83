"""Visits: who of us was at which customer, when and why, and what came of it."""

from kumiko import Board, Choice, Field, PlainRecordType, hookimpl

RESULTS = (
    Choice(key="planned", label="Planned"),
    Choice(key="interested", label="Interested", hue="green"),
    Choice(key="not_now", label="Not now", hue="amber"),
)
VISIT = PlainRecordType(
    key="visits.visit",
    collection="visits",
    label="Visit",
    label_plural="Visits",
    icon="map-pin",
    fields=(
        Field(name="name", kind="text", label="Purpose", required=True, searchable=True),
        Field(name="organization", kind="link", label="Organization", to="parties.organization"),
        Field(name="person", kind="link", label="Person", to="parties.person"),
        Field(name="visited_at", kind="moment", label="Visited at"),
        Field(name="result", kind="choice", label="Result", choices=RESULTS, default="planned"),
        Field(name="spent", kind="money", label="Money spent", minimum=0),
    ),
    board=Board(by="result", fields=("organization", "person"), amount="spent"),
    timeline_links=("organization", "person"),
    timeline_at="visited_at",
)


@hookimpl
def declare_records():
    return [VISIT]
