"""Templates with placeholders, and the action of processes that sends a mail."""

import pytest

from kumiko import ActionCall, attach_file, create, offered, transaction, unit
from kumiko.host.errors import Conflict
from kumiko_contracts.inquiries import InquiriesOff
from kumiko_integrations.models import TEMPLATE, Letter, Outbox


def step(values, record_id, key="run:1:2"):
    with unit():
        action = offered("declare_actions")["integrations.send_mail"].item
        return action.run(ActionCall(type_key="parties.person", record_id=record_id, values=values, key=key))


def test_a_step_sends_one_mail_by_template_to_whom_it_says(lab, smtp_server):
    smtp = {"address": "sales@house.example", "smtp_host": smtp_server.host, "smtp_port": smtp_server.port,
            "smtp_security": "none", "smtp_open": True}  # fmt: skip
    root = lab.person("root@example.com")
    with lab.acting(), transaction():
        create("integrations.connection", {"name": "Out", "channel": "integrations.mail", "settings": smtp})
        vera = create("parties.person", {
            "first_name": "Vera", "last_name": "Visitor", "emails": [{"address": "vera@customer.example"}],
            "owner": root.user_id,
        }).id  # fmt: skip
        silent = create("parties.person", {"last_name": "Silent"}).id
        template = create(TEMPLATE, {
            "name": "Hello", "about": "parties.person", "subject": "For {{ first_name }}",
            "body": "Dear {{ first_name }} {{ last_name }}, your post is {{ job_title }}.",
        }).id  # fmt: skip
    lab.inquiries.write_message = lambda *_given, **_more: (_ for _ in ()).throw(InquiriesOff("off"))
    with lab.acting("root@example.com"):
        with transaction():
            file_id = attach_file("parties.person", vera, "offer.txt", b"4,000 EUR")
        given = {"to": "customer", "template": template, "attachment": f"{file_id}"}
        first = step(given, vera)
        assert step(given, vera) == first  # the same step once more after a crash
        step({"to": "owner", "subject": "Look", "body": "At her"}, vera, "run:1:3")
        step({"to": "address", "address": "boss@house.example", "body": "Done"}, vera, "run:1:4")
        with pytest.raises(Conflict, match="No e-mail address is known"):
            step({"to": "customer", "body": "Hi"}, silent, "run:1:5")
        with pytest.raises(Conflict, match="names no e-mail address"):
            step({"to": "address", "body": "Hi"}, vera, "run:1:6")
        action = offered("declare_actions")["integrations.send_mail"]
        assert (action.describe(given), action.recallable) == ("Send a mail to the customer", False)
    lab.work()
    mails = {one.recipients[0]: one.message for one in smtp_server.messages}
    assert sorted(mails) == ["boss@house.example", "root@example.com", "vera@customer.example"]
    mail = mails["vera@customer.example"]
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("For Vera", "auto-generated")
    assert mail.get_body().get_content().strip() == "Dear Vera Visitor, your post is ."
    assert [(one.get_filename(), one.get_content().strip()) for one in mail.iter_attachments()] == [
        ("offer.txt", "4,000 EUR")
    ]
    assert ([state for (state,) in lab.rows(Outbox, "state")], len(lab.rows(Letter, "digest"))) == (["sent"] * 3, 3)
    page = root.get(f"/message-templates/{template}/preview?record={vera}")
    assert ("Dear Vera Visitor" in page.text, "job_title" in page.text) == (True, True)
    status, said = root.api("PATCH", f"/message-templates/{template}", {"body": "{{ firstname }}"}, If_Match="*")
    assert (status, "firstname" in str(said["errors"]["body"])) == (422, True)
