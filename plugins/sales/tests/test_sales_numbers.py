"""Numbers without gaps or doubles, and one invoice per key: threads with connections of their own, and units that are
rolled back, on both databases."""

import threading

import pytest
from sales_lab import DEAL

from kumiko import company_today, create, get, services, unit
from kumiko_contracts.sales import INVOICE
from kumiko_testing.records import person

ORGANIZATION = "parties.organization"


class Fails(Exception):
    """What a unit breaks with."""


def test_invoices_issued_at_once_and_broken_off_leave_neither_gaps_nor_doubles(sales_house):
    with sales_house.acting():
        acme = create(ORGANIZATION, {"name": "Acme"}).id
        deals = [
            create(DEAL, {"name": f"Deal {number}", "organization": acme, "amount": "100"}).id for number in range(4)
        ]
    made, kept, faults, gate = [], [], [], threading.Barrier(4)

    def work(place):
        try:
            gate.wait()
            for round_ in range(4):
                with sales_house.acting(person(700 + place)):
                    sales = services.get("sales/1")
                    if (place + round_) % 4 == 0:  # takes a number, and is rolled back
                        with pytest.raises(Fails), unit():
                            sales.make_invoice(deals[place])
                            raise Fails
                    made.append(sales.make_invoice(deals[place]))
                    kept.append(sales.make_invoice(deals[0], key=f"run {round_}"))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert faults == []
    assert len(set(kept)) == 4  # four keys, each asked for by four threads
    with sales_house.acting():
        numbers = sorted(get(INVOICE, one).get("number") for one in {*made, *kept})
        year = company_today().year
    assert numbers == [f"INV-{year}-{number:04}" for number in range(1, 21)]
