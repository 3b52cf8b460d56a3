"""Sets and languages: which file a letter is written from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from letters_desk import MESSAGE, NOW, POLICY, TICKET, letter, opened, template_file, words_of

from maild.core.model import Entry, EntryKind
from maild.core.policy import OurAddress
from maild.letters import CATALOGUE, Outgoing, TemplateErrors, load, unused, words
from maild.letters.preview import preview, sets
from maild.letters.words import LANGUAGES
from maild.paths import TEMPLATES

ANSWER = Entry(kind=EntryKind.RESPONSE, at=NOW, author="jane", author_name="Jane Doe", public=True, text="Done.", id=9)
OUTSIDE = sorted(name for name, form in CATALOGUE.items() if form.outside)


def desk(language: str = "en", own_set: str = "") -> Any:
    ours = OurAddress(email="support@bank.example", name="Support", language=language)
    return replace(POLICY, addresses=(ours,), teams={"banking": replace(POLICY.teams["banking"], templates=own_set)})


def wrote(directory: Path, policy: Any, name: str = "response", whom: str = "requester") -> str:
    entry = ANSWER if whom == "requester" else MESSAGE
    return words_of(
        load([directory, TEMPLATES]).render(Outgoing(1, TICKET, letter(name, whom), entry), policy, NOW).raw
    )


def test_a_set_comes_before_a_language_and_both_before_all(tmp_path: Path) -> None:
    order = ["bank/de", "bank", "de", ""]
    for place in order:
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        template_file(tmp_path / place, "response.txt", f"Subject: x\n\nfrom {place or 'the top'}\n")
    for place in order[:3]:
        assert wrote(tmp_path, desk("de", "bank")) == f"from {place}\n"
        (tmp_path / place / "response.txt").unlink()
    assert "schreiben Sie Ihre Antwort" in wrote(tmp_path, desk("de", "bank"))  # the German one maild brings
    assert wrote(tmp_path, desk("en", "bank")) == "from the top\n"


def test_only_the_team_has_its_set(tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    template_file(tmp_path / "bank", "response.txt", "Subject: x\n\nours\n")
    assert wrote(tmp_path, desk(own_set="bank")) == "ours\n"
    assert wrote(tmp_path, desk()) != "ours\n"


def test_parts_of_a_set_are_in_all_its_letters(tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    template_file(tmp_path / "bank", "_commands.txt", "\nOnly for us.\n")
    assert "Only for us." in wrote(tmp_path, desk(own_set="bank"), "new-ticket", "agent")
    assert "Only for us." not in wrote(tmp_path, desk(), "new-ticket", "agent")


def test_agents_are_written_to_in_english(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    template_file(tmp_path / "de", "new-ticket.txt", "Subject: x\n\nNeu\n")
    assert "type your reply" in wrote(tmp_path, desk("de"), "new-ticket", "agent")


def test_dates_and_the_page_are_in_the_language_of_the_letter(tmp_path: Path) -> None:
    what = letter("acknowledgement", "requester", automatic="auto-replied")
    raw = load([tmp_path, TEMPLATES]).render(Outgoing(1, TICKET, what), desk("de"), NOW).raw
    assert "bis Freitag, 20. November um 16:00 Uhr MEZ." in words_of(raw)
    page = opened(raw).get_body(("html",))
    assert page is not None
    assert '<html lang="de">' in page.get_content()


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_letter_to_requesters_is_there_in_every_language(language: str) -> None:
    assert sorted(path.stem for path in (TEMPLATES / language).glob("[!_]*.txt")) == OUTSIDE
    templates = load([TEMPLATES])
    for name in OUTSIDE:
        made, english = preview(templates, name, language=language), preview(templates, name)
        assert made.file.endswith(f"/{language}/{name}.txt")
        shared = {line for line in english.text.splitlines() if len(line) > 40} & set(made.text.splitlines())
        sample = {line for line in (ANSWER_SAMPLE + QUOTED_SAMPLE).splitlines() if line}
        assert not {line for line in shared if not any(part in line for part in sample)}


ANSWER_SAMPLE = "online banking works again.\n"
QUOTED_SAMPLE = "Neither phone nor browser\nThe page says\n"


@pytest.mark.parametrize(
    ("place", "name", "text", "says"),
    [
        ("bank", "response.txt", "Subject: x\n\n{{ entri.text }}\n", "response.txt:3: “entri” is not known here (did you mean “entry”?)"),
        ("de", "closure.txt", "Betreff: x\n\nx\n", "closure.txt:1: must begin with a line “Subject: …”"),
        ("bank/de", "response.txt", "Subject: x\n\n{{ 1/0 }}\n", "response.txt:3: division by zero"),
        ("bank", "_card.txt", "{{ ticket.nothing }}\n", "_card.txt:1: there is no “ticket.nothing”"),
        ("bank", "_card.txt", "{{ 1/0 }}\n", "_card.txt:1: division by zero"),
        ("bank", "layout.html", "<p>no words</p>\n", "layout.html:1: {{ body }} is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_set_is_told_with_file_and_line(
    tmp_path: Path, place: str, name: str, text: str, says: str
) -> None:
    (tmp_path / place).mkdir(parents=True)
    template_file(tmp_path / place, name, text)
    with pytest.raises(TemplateErrors) as caught:
        load([tmp_path, TEMPLATES])
    assert any(line.startswith(f"{tmp_path / place}/{says}") for line in str(caught.value).splitlines()), caught.value


def test_a_file_of_a_set_that_is_no_letter_is_worth_a_word(tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    template_file(tmp_path / "bank", "respons.txt", "Subject: x\n\nx\n")
    (said,) = unused([tmp_path, TEMPLATES])
    assert "did you mean “response.txt”" in said


def test_sets_are_listed_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    template_file(tmp_path / "bank", "response.txt", "Subject: x\n\nours\n")
    templates = load([tmp_path, TEMPLATES])
    assert sets(templates) == ("bank", "de")
    assert preview(templates, "response", "bank").text == "ours\n"
    for name, own_set in (("response", "bnak"), ("respons", "")):
        with pytest.raises(KeyError):
            preview(templates, name, own_set)


def test_every_preview_is_a_letter(tmp_path: Path) -> None:
    templates = load([TEMPLATES])
    for name in CATALOGUE:
        made = preview(templates, name)
        message = opened(made.eml)
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert "<html" in made.html


AT = datetime(2026, 7, 3, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "Europe/Berlin", "Friday 3 July at 16:05 CEST"),
        ("de", "Europe/Berlin", "Freitag, 3. Juli um 16:05 Uhr MESZ"),
        ("de", "America/Sao_Paulo", "Freitag, 3. Juli um 11:05 Uhr UTC-03"),
        ("de", "UTC", "Freitag, 3. Juli um 14:05 Uhr UTC"),
    ],
)
def test_instants_in_words(language: str, zone: str, said: str) -> None:
    assert words.moment(AT, ZoneInfo(zone), AT, LANGUAGES[language]) == said


def test_sizes_in_words() -> None:
    german = LANGUAGES["de"]
    assert [words.size(n, german) for n in (12, 1200, 31_400_000)] == ["12 Byte", "1,2 kB", "31 MB"]
    assert [words.size(n) for n in (12, 1200, 31_400_000)] == ["12 bytes", "1.2 kB", "31 MB"]
    assert words.moment(AT, UTC, AT.replace(year=2027), german, with_zone=False) == "Freitag, 3. Juli 2026 um 14:05 Uhr"
