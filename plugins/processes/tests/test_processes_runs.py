"""Processes run: what starts them, what their steps do, what they wait for, how they end."""

NOTE = {"id": "s1", "kind": "action", "action": "toys.note", "values": {"text": "Call {{ name }}"}}


def test_a_process_does_its_steps_about_each_new_record_once(lab):
    lab.publish([NOTE, {"id": "s2", "kind": "set", "values": {"campaign": "by {{ s1.note }}"}}])
    deal_id = lab.deal(name="Barn")
    lab.work_off()
    (campaign,) = lab.read(deal_id, "campaign")
    assert (lab.runs(), lab.steps(), lab.notes()) == (
        [("done", None)], [("s1", "done"), ("s2", "done")], ["Call Barn"],
    )  # fmt: skip
    assert campaign.startswith("by ")
