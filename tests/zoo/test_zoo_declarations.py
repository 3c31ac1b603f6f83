"""Every declare_* hook is guarded: what it raises or returns instead is a sentence, and the neighbours go on."""

import pytest

DECLARATIONS = (
    "declare_models",
    "declare_records",
    "declare_extensions",
    "declare_record_actions",
    "declare_routes",
    "declare_menu",
    "declare_palette",
    "declare_panels",
    "declare_events",
    "declare_subscriptions",
    "declare_services",
    "declare_permissions",
    "declare_settings",
    "declare_features",
    "declare_jobs",
    "declare_actions",
    "declare_triggers",
    "declare_metrics",
    "declare_datasets",
    "declare_channels",
    "declare_assets",
)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("hook", DECLARATIONS)
@pytest.mark.parametrize(
    ("body", "sentence"), [("1 / 0", "it raised ZeroDivisionError"), ("return 'nonsense'", "anted")]
)
def test_every_declaration_is_checked(hook, body, sentence, neighbours):
    _, host = neighbours("bad", f"@hookimpl\ndef {hook}():\n    {body}")
    reason = host.generation.failed["bad"].reason
    assert (reason.startswith(f"bad, {hook}: "), sentence in reason) == (True, True), reason
