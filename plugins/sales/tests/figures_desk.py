"""A full installation with deals and sales, and browsers of an administrator, a head, a seller and an analyst."""

import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from werkzeug.test import Client

from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.operate import lifecycle
from kumiko.records import service
from kumiko_testing.records import open_house, prepare_database

PASSWORD = "three blue rivers"
PEOPLE = (("Root", "administrator"), ("Hedy", "head"), ("Sal", "seller"), ("Ana", "analyst"))
MODULES = ("deals", "sales")
SITE = "http://crm.local"


def build(url):
    prepare_database(url, CORE, MODULES)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE)
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            north = service.create("access.team", {"name": "North"}).id
            for name, role in PEOPLE:
                accounts.add_user(name, f"{name.lower()}@example.com", roles=[role], password=PASSWORD, team_id=north)
            lifecycle.enable(MODULES, probing=False)
        house.database.close()


class Desk:
    """One web process, and a look behind it."""

    def __init__(self, url, home):
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url=SITE)
        self.host = Host(config, database=self.database)

    @contextmanager
    def acting(self, name=""):
        """A context of the system, or of a person."""
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            if name:
                context.as_principal(principals.principal_for_email(f"{name.lower()}@example.com"))
            yield context

    def user_id(self, name):
        with self.acting():
            return accounts.get_user_id(f"{name.lower()}@example.com")

    def browser(self, name):
        """A browser in which this person is signed in."""
        made = Browser(self.host)
        token = re.search(r'name="_csrf" value="([^"]+)"', made.get("/sign-in").text)[1]
        data = {"email": f"{name.lower()}@example.com", "password": PASSWORD, "_csrf": token}
        assert made.client.post("/sign-in", data=data, base_url=SITE).status_code == 303
        return made


class Browser:
    def __init__(self, host):
        self.client = Client(host)

    def get(self, path):
        return self.client.get(path, base_url=SITE)

    def count_behind(self, href):
        """How many deals the list behind a number holds, redirects followed."""
        page = self.get(href)
        if page.status_code == 303:
            href = page.headers["Location"].removeprefix(SITE)
            page = self.get(href)
        assert page.status_code == 200, (href, page.status_code)
        assert urlsplit(href).path == "/deals", href
        return len(set(re.findall(r'<th scope=row><a href="/deals/(\d+)"', page.text)))


def numbers(page):
    """[(address, number)] of every number of a page that leads to deals."""
    text = page.text.replace("&amp;", "&")
    found = re.findall(r'<a class="km-link" href="((?:/deals\?|/pipelines/\d+/figures/deals)[^"]*)">([\d,]+)</a>', text)
    return [(href.replace("&#34;", '"'), int(number.replace(",", ""))) for href, number in found]


def text_of(page):
    """The page's main part without tags, blanks folded."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())
