"""Sample customers: invented companies and people with addresses under reserved names, owned by the sample sellers.

The same on every machine; the tag "sample" tells them from real ones.
"""

from __future__ import annotations

import random
import unicodedata
from datetime import timedelta
from typing import Any

from kumiko.parties.models import ORGANIZATION, PERSON
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.days import company_today
from kumiko.records.queries import all_ids

TAG = "sample"
ORGANIZATIONS, PERSONS = 60, 120

_STEMS = (
    "Aldor", "Brixa", "Calmo", "Dorvane", "Elmark", "Fennic", "Gravo", "Halden", "Istra", "Jorvik", "Kestrel", "Lumen",
    "Marvel", "Norden", "Orbis", "Pellam", "Quarry", "Ravel", "Solvane", "Tarn", "Umber", "Velora", "Wexley", "Yarrow",
    "Zephyr", "Amberley", "Birch", "Cobalt", "Dunmore", "Everly",
)  # fmt: skip
_TRADES = (
    ("Foods", "Food"), ("Logistics", "Transport"), ("Tools", "Manufacturing"), ("Clinics", "Health"),
    ("Software", "Software"), ("Energy", "Energy"), ("Textiles", "Manufacturing"), ("Hotels", "Hospitality"),
    ("Print", "Media"), ("Gardens", "Retail"),
)  # fmt: skip
_CITIES = (
    ("Lisbon", "Portugal"), ("Porto", "Portugal"), ("Berlin", "Germany"), ("Leipzig", "Germany"), ("Lyon", "France"),
    ("Utrecht", "Netherlands"), ("Bergen", "Norway"), ("Kraków", "Poland"), ("Bologna", "Italy"),
    ("Austin", "United States"), ("Denver", "United States"), ("Toronto", "Canada"),
)  # fmt: skip
_FIRST = (
    "Aisha", "Anton", "Beatriz", "Carlos", "Chiara", "Daniel", "Elena", "Emeka", "Fatima", "Felix", "Greta", "Hugo",
    "Ines", "Jakub", "Keiko", "Lars", "Lucia", "Mateo", "Mei", "Nadia", "Oskar", "Paula", "Quentin", "Rosa", "Samir",
    "Tomas", "Uma", "Vera", "Wanda", "Yusuf",
)  # fmt: skip
_LAST = (
    "Abara", "Almeida", "Brandt", "Castell", "Dahl", "Eriksen", "Ferrante", "Gomes", "Hoekstra", "Ivanova", "Jansen",
    "Kowal", "Larue", "Mendes", "Nakata", "Okoye", "Pereira", "Quist", "Rossi", "Sandoval", "Tanaka", "Ueda", "Varga",
    "Weiss", "Ximenes", "Yilmaz", "Zeman",
)  # fmt: skip
_JOBS = ("Buyer", "Head of purchasing", "Managing director", "Head of IT", "Operations", "Accounts", "Plant manager")
_STAGES = ("contact", "lead", "prospect", "prospect", "customer", "customer", "former")


def sellers() -> list[int]:
    """Ids of the active users who sell; [] when there is none."""
    info = catalogue().get("access.user")
    users = [service.get("access.user", user_id) for user_id in all_ids(info)]
    return sorted(user.id for user in users if user.get("active") and "seller" in (user.get("roles") or ()))


def make() -> None:
    """Make the sample customers, inside the caller's unit."""
    dice = random.Random(20)  # noqa: S311 - sample data, the same for everybody
    owners: list[Any] = sellers() or [None]
    organizations = [_organization(number, dice, owners) for number in range(ORGANIZATIONS)]
    for child, parent in ((30, 0), (31, 1), (45, 15)):
        service.update(ORGANIZATION, organizations[child][0], {"parent": organizations[parent][0]})
    people: list[int] = []
    for number in range(PERSONS):
        people.append(_person(number, dice, organizations, owners, people))


def _organization(number: int, dice: random.Random, owners: list[Any]) -> tuple[int, str, Any]:
    stem = _STEMS[number % len(_STEMS)]
    trade, industry = _TRADES[(number * 7 + number // len(_STEMS)) % len(_TRADES)]
    domain = f"{stem}-{trade}.example".lower()
    city, country = _CITIES[dice.randrange(len(_CITIES))]
    owner = owners[number % len(owners)]
    employees = dice.choice((8, 14, 25, 40, 75, 120, 300, 850))
    currency = "USD" if country in ("United States", "Canada") else "EUR"
    values: dict[str, Any] = {
        "name": f"{stem} {trade}",
        "industry": industry,
        "website": f"https://{domain}",
        "email": f"office@{domain}",
        "phone": _phone(country, number),
        "addresses": [{"kind": "office", "street": f"{dice.randrange(1, 180)} Market Street", "city": city,
                       "country": country}],
        "employees": employees,
        "annual_revenue": {"value": f"{employees * dice.randrange(60, 180) * 1000}", "currency": currency},
        "founded_year": dice.randrange(1950, 2020),
        "owner": owner,
        "tags": [TAG],
    }  # fmt: skip
    if number % 4 == 0:
        values["customer_since"] = company_today() - timedelta(days=dice.randrange(60, 1500))
    return service.create(ORGANIZATION, values).id, domain, owner


def _person(
    number: int, dice: random.Random, organizations: list[tuple[int, str, Any]], owners: list[Any], others: list[int]
) -> int:
    first = _FIRST[number % len(_FIRST)]
    last = _LAST[(number * 5 + number // len(_FIRST)) % len(_LAST)]
    employed = number % 10 != 9  # every tenth buys for themselves
    organization, domain, owner = organizations[number // 2 % len(organizations)] if employed else (None, "", None)
    mailbox = _plain(f"{first}.{last}")
    values: dict[str, Any] = {
        "first_name": first,
        "last_name": last,
        "email": f"{mailbox}@{domain}" if employed else f"{mailbox}@mail.example",
        "phone": _phone("Germany", 500 + number),
        "lifecycle_stage": dice.choice(_STAGES),
        "owner": owner if employed else owners[number % len(owners)],
        "tags": [TAG],
    }
    if organization is not None:
        job = dice.choice(_JOBS)
        values |= {
            "job_title": job,
            "organizations": [{"organization": organization, "role": job, "primary": True}],
        }
    else:
        values["city"] = _CITIES[number % len(_CITIES)][0]
    if others and number % 12 == 0:
        values["referred_by"] = others[dice.randrange(len(others))]
    if number % 6 == 0:
        values["birthday"] = company_today().replace(year=1960 + number % 40, day=1 + number % 28)
    return service.create(PERSON, values).id


def _phone(country: str, number: int) -> str:
    if country in ("United States", "Canada"):
        return f"+1 202 555 {100 + number % 100:04d}"  # numbers kept for fiction
    return f"+49 30 23125 {number % 1000:03d}"  # kept for fiction as well


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(sign for sign in parts if sign.isascii())
