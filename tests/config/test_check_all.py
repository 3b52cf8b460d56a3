"""`check` names what is wrong in the configuration and in the rules at once."""

from __future__ import annotations

import shutil
from pathlib import Path

from maild import config, paths


def desk(directory: Path) -> Path:
    shutil.copytree(paths.RULES, directory / "rules")
    shutil.copytree(paths.TEMPLATES, directory / "templates")
    config.new_secret_file(directory / "secret.key")
    shutil.copyfile(paths.EXAMPLE_CONFIG, directory / "config.toml")
    return directory / "config.toml"


def test_the_example_is_well(tmp_path: Path) -> None:
    assert config.check(desk(tmp_path)) == ()


def test_both_files_are_looked_at(tmp_path: Path) -> None:
    path = desk(tmp_path)
    path.write_text(path.read_text().replace("max_recipients", "max_recipient"))
    (tmp_path / "rules" / "90-own.toml").write_text('[[rule]]\nname = "x"\nwhen.subject = "x"\nthen.team = "suport"\n')
    said = "\n".join(map(str, config.check(path)))
    assert "config.toml" in said
    assert 'did you mean "max_recipients"' in said
    assert "90-own.toml:4" in said
    assert 'did you mean "support"' in said


def test_a_configuration_that_is_no_toml_does_not_blame_the_rules(tmp_path: Path) -> None:
    path = desk(tmp_path)
    path.write_text("[desk\n")
    assert {Path(problem.file).name for problem in config.check(path)} == {"config.toml"}
