"""An agent asks why a ticket is as it is, long after the rules have changed."""

from __future__ import annotations

from collections.abc import Callable

from stories_rig import KAREN, SUPPORT

from maild.demo.stage import Stage


def test_why_by_mail_tells_rules_defaults_changes_and_who_was_told(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with()
    karen, john, jane = stage.person("Karen Black", KAREN), stage.agent("john"), stage.agent("jane")
    karen.writes(SUPPORT, "Online banking is down", "It says code 23.")
    alert = john.got("code 23")
    john.answers(alert, "#team online banking")
    jane.got("code 23")
    stage.settle()
    rules = stage.app.config.desk.rules
    for path in rules.glob("*.toml"):
        path.write_text('[[rule]]\nname = "something else"\nthen.tags = ["new"]\n' if path.name < "2" else "")
    assert stage.app.reload()
    john.answers(alert, "#why")
    why = john.got("Why: Online banking is down").message.text
    # Lines are soft wrapped; a reader sees them whole.
    seen = " ".join(why.split())
    assert "rules: something is broken" in seen
    assert "priority: high (by the rule “something is broken”)" in seen
    assert "team: Support (from its help topic)" in seen
    assert "John Miller changed the team: Support → Online Banking Team" in seen
    assert "told: John Miller" in seen
    assert "missed" not in seen
    assert "It says code 23." not in seen
