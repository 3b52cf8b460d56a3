"""Loading: every complaint at once, with its file and line."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from letters_desk import MESSAGE, NOW, POLICY, TICKET, letter, template_file, words_of

from maild.letters import CATALOGUE, NotRenderable, Outgoing, TemplateErrors, load, unused
from maild.paths import TEMPLATES


def problems(*directories: Path) -> list[str]:
    with pytest.raises(TemplateErrors) as caught:
        load(directories)
    return str(caught.value).splitlines()


def test_the_shipped_templates_load_and_are_all_there() -> None:
    load([TEMPLATES])
    shipped = {path.stem for path in TEMPLATES.glob("*.txt") if not path.name.startswith("_")}
    assert shipped == set(CATALOGUE)


def test_a_file_of_the_admin_stands_in_for_the_shipped_one(tmp_path: Path) -> None:
    template_file(tmp_path, "new-ticket.txt", "Subject: Mine {{ ticket.token }}\n\nOnly {{ entry.text }}\n")
    made = load([tmp_path, TEMPLATES]).render(Outgoing(1, TICKET, letter("new-ticket"), MESSAGE), POLICY, NOW)
    assert words_of(made.raw).startswith("Only Nobody in our branch")


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("breach.txt", "Subject: x\n\nfine\n{{ du }}\n", 4, "“du” is not known here (did you mean “due”?)"),
        ("breach.txt", "Subject: {{ tiket.token }}\n\nx\n", 1, "“tiket” is not known here (did you mean “ticket”?)"),
        ("breach.txt", "Subject: x\n\nx\n{% if false %}\n{{ ticket.prioritty }}\n{% endif %}", 5, "there is no “ticket.prioritty” (did you mean “priority”?)"),
        ("breach.txt", "Subject: x\n\n\n{{ ticket.token } \n", 4, "unexpected"),
        ("breach.txt", "Subject: x\n\n{% if 1 %}\n", 3, "Unexpected end of template"),
        ("breach.txt", "Subject: x\n\n\n{{ 1|nosuch }}\n", 4, "No filter named"),
        ("breach.txt", "Hello\n\nx\n", 1, "must begin with a line “Subject: …”"),
        ("breach.txt", "Subject:  \n\nx\n", 1, "must begin with a line “Subject: …”"),
        ("breach.txt", "Subject: x\nbody\n", 2, "must be blank"),
        ("breach.txt", "Subject: x\n\n \n", 3, "has no words"),
        ("breach.txt", "Subject: {{ '' }}\n\nx\n", 1, "the subject can come out empty"),
        ("breach.txt", "Subject: x\n\n{% include '_nothing.txt' %}\n", 3, "_nothing.txt"),
        ("breach.txt", "Subject: x\n\nx\n\n{{ 1/0 }}\n", 5, "division by zero"),
        ("breach.txt", "Subject: x\n\nx\n{{ ticket.__class__ }}\n", 4, "there is no “ticket.__class__”"),
        ("breach.txt", "Subject: x\n\nx\n{{ what.__class__.__mro__ }}\n", 4, "unsafe"),
        ("breach.txt", "Subject: x\n\nx\n{% for n in range(10**9) %}{% endfor %}\n", 4, "too big"),
        ("_card.txt", "\n\n{{ ticket.nothing }}\n", 3, "there is no “ticket.nothing”"),
        ("layout.html", "<p>\n{{ boddy }}</p>\n", 2, "“boddy” is not known here (did you mean “body”?)"),
        ("layout.html", "<p>no words</p>\n", 1, "{{ body }} is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, name: str, text: str, line: int, says: str) -> None:
    path = template_file(tmp_path, name, text)
    (first, *_) = [problem for problem in problems(tmp_path, TEMPLATES) if says in problem]
    assert first.startswith(f"{path}:{line}: ")


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    template_file(tmp_path, "breach.txt", "Subject: {{ a }}\n\n{{ b }}\n")
    template_file(tmp_path, "poison.txt", "nothing\n")
    template_file(tmp_path, "closur.txt", "Subject: x\n\nx\n")
    template_file(tmp_path, "log.txt", "Subject: x\n\n{{ x|nosuch }}\n")
    (tmp_path / "show.txt").write_bytes(b"Subject: \xff\n\nx\n")
    told = problems(tmp_path, TEMPLATES)
    assert {Path(problem.split(":")[0]).name for problem in told} == {
        "breach.txt", "poison.txt", "log.txt", "show.txt",
    }  # fmt: skip
    assert len([problem for problem in told if "breach.txt" in problem]) == 2


def test_a_missing_letter_is_told(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "closure.txt").unlink()
    (tmp_path / "layout.html").unlink()
    told = problems(tmp_path)
    assert [problem.rpartition(": ")[2] for problem in told] == ["closure.txt is missing", "layout.html is missing"]


def test_a_template_that_fails_only_later_names_its_line(tmp_path: Path) -> None:
    template_file(
        tmp_path,
        "new-ticket.txt",
        "Subject: x\n\nx\n\n{{ 1 / (ticket.number - 1041) }}{{ 1 / (ticket.number - 2000) }}\n",
    )
    templates = load([tmp_path, TEMPLATES])
    with pytest.raises(NotRenderable, match=r"new-ticket\.txt:5: .*division by zero"):
        templates.render(Outgoing(1, replace(TICKET, number=2000), letter("new-ticket"), MESSAGE), POLICY, NOW)


def test_a_file_that_is_no_letter_is_worth_a_word_and_stops_nothing(tmp_path: Path) -> None:
    template_file(tmp_path, "acknowledgment.txt", "Subject: x\n\nx\n")
    template_file(tmp_path, "_part.txt", "x")
    load([tmp_path, TEMPLATES])
    (said,) = unused([tmp_path, TEMPLATES])
    assert said.startswith(f"{tmp_path / 'acknowledgment.txt'}: there is no letter of this name")
    assert "did you mean “acknowledgement.txt”" in said
