"""Loading: templates are read from directories and each is tried before any letter needs it.

Two kinds of trial: names are looked up in the parsed template, so that a wrong one is found
on branches no sample takes; then each letter is written with samples of all it may come with.
It refuses to know
what a letter is for beyond the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from maild.core.names import nearest
from maild.letters import cards
from maild.letters.catalogue import CATALOGUE, EVERYWHERE
from maild.letters.outgoing import NotRenderable
from maild.letters.samples import samples
from maild.letters.shelf import SUBJECT, Shelf, Source, Voice, full_name
from maild.letters.templates import LAYOUT, TemplateProblem, Templates, fault
from maild.letters.words import LANGUAGES

VIEWS: Mapping[str, type] = {
    "ticket": cards.TicketView,
    "entry": cards.EntryView,
    "desk": cards.DeskView,
    "recipient": cards.PersonView,
}
PAGE = ("body", "subject", "desk", "language")  # what layout.html may use


class TemplateErrors(Exception):
    """Everything wrong with the templates, a line each: file:line: what."""

    def __init__(self, problems: Sequence[TemplateProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def load(directories: Sequence[Path]) -> Templates:
    """Compile the templates of these directories; a file of an earlier one stands in for a later one's.

    Raises TemplateErrors with every problem of every file: what cannot be read or compiled,
    names no letter has, and what fails when each letter is written once with a sample.
    """
    sources, problems = _gather(directories)
    templates = Templates(Shelf(sources))
    problems += _check(templates)
    if problems:
        raise TemplateErrors(sorted(problems, key=lambda p: (p.file, p.line)))
    return templates


# --------------------------------------------------------------------- from files


def unused(directories: Sequence[Path]) -> tuple[str, ...]:
    """Files that are no letter of this version, with what may have been meant: worth a word, no reason to stop.

    A desk keeps its own copies over years; a letter that was dropped must not keep it from starting.
    """
    known = _file_names()
    return tuple(
        f"{path}: there is no letter of this name{_meant(path.name, known)}, so it is not used"
        for directory in directories
        for pattern in ("*.txt", "*/*.txt", "*/*/*.txt")
        for path in sorted(directory.glob(pattern))
        if path.name not in known and not path.name.startswith("_")
    )


def _file_names() -> set[str]:
    return {f"{name}.txt" for name in CATALOGUE} | {LAYOUT}


Sources = dict[tuple[str, str], Source]  # by directory below the templates, and name


def _gather(directories: Sequence[Path]) -> tuple[Sources, list[TemplateProblem]]:
    """The templates, subjects apart, and what is wrong with the files themselves."""
    sources: Sources = {}
    problems: list[TemplateProblem] = []
    known = _file_names()
    for directory in directories:
        for place in _places(directory):
            below = directory / place
            for path in sorted([*below.glob("*.txt"), *below.glob(LAYOUT)]):
                if (place, path.name) in sources:
                    continue
                if path.name not in known and not path.name.startswith("_"):
                    continue  # see `unused`
                try:
                    text = path.read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError) as error:
                    text = "Subject: unreadable\n\n"
                    problems.append(TemplateProblem(str(path), 1, f"cannot be read: {error}"))
                _split(place, path, text, sources, problems)
    where = str(directories[-1]) if directories else "."
    missing = sorted(name for name in known if ("", name) not in sources)
    problems += [TemplateProblem(where, 1, f"{name} is missing") for name in missing]
    return sources, problems


def _places(directory: Path) -> list[str]:
    """The directory itself, the sets in it, and the languages in those."""
    sets = sorted(path.name for path in directory.glob("*") if path.is_dir() and not path.name.startswith("."))
    both = [f"{one}/{code}" for one in sets for code in LANGUAGES if (directory / one / code).is_dir()]
    return ["", *sets, *both]


def _split(place: str, path: Path, text: str, sources: Sources, problems: list[TemplateProblem]) -> None:
    """A letter becomes two templates; blank lines stand in for the head, so that line numbers stay true."""
    if path.name == LAYOUT or path.name.startswith("_"):
        sources[place, path.name] = Source(str(path), text)
        return
    subject, _, rest = text.partition("\n")
    blank, _, body = rest.partition("\n")
    if not subject.startswith("Subject:") or not subject.removeprefix("Subject:").strip():
        problems.append(TemplateProblem(str(path), 1, "must begin with a line “Subject: …”"))
    elif blank.strip():
        problems.append(TemplateProblem(str(path), 2, "must be blank: the body begins below the subject"))
    elif not body.strip():
        problems.append(TemplateProblem(str(path), 3, "the letter has no words"))
    sources[place, path.name] = Source(str(path), "\n\n" + body)
    sources[place, path.name + SUBJECT] = Source(str(path), subject.removeprefix("Subject:").strip())


def _meant(wrong: str, names: Iterable[str]) -> str:
    near = nearest(wrong, sorted(names))
    return f" (did you mean “{near[0]}”?)" if near else ""


# --------------------------------------------------------------------- trials


def _check(templates: Templates) -> list[TemplateProblem]:
    """Everything wrong with these templates, each thing once."""
    sources = templates.shelf.sources
    problems = [problem for key, source in sources.items() for problem in _names(templates, *key, source)]
    if not problems:  # an unknown name would only fail a second time
        problems += [
            problem for name, voice in _letters(templates.shelf) for problem in _trials(templates, name, voice)
        ]
        problems += [problem for place in _with(LAYOUT, sources) for problem in _page_trial(templates, place)]
    return list(dict.fromkeys(problems))


def _with(name: str, sources: Mapping[tuple[str, str], Source]) -> list[str]:
    return [place for place, file in sources if file == name]


def _voice_of(place: str) -> Voice:
    """A voice that finds the files of this directory first."""
    first, _, second = place.partition("/")
    return Voice("", first) if first in LANGUAGES and not second else Voice(first, second)


def _letters(shelf: Shelf) -> Iterator[tuple[str, Voice]]:
    """Every letter there is, in each voice in which it is not what it is without."""
    yield from ((name, Voice()) for name in CATALOGUE)
    for place in sorted({place for place, _ in shelf.sources if place}):
        files = {file for directory, file in shelf.sources if directory == place}
        voice = _voice_of(place)
        parts = any(file.startswith("_") for file in files)
        for name in CATALOGUE:
            if f"{name}.txt" in files or (parts and shelf.voice(f"{name}.txt", voice) == voice):
                yield name, voice


def _names(templates: Templates, place: str, name: str, source: Source) -> Iterator[TemplateProblem]:
    try:
        tree = templates.environment.parse(source.text, name, source.file)
        templates.environment.get_template(full_name(name, _voice_of(place)))
    except TemplateSyntaxError as error:
        yield TemplateProblem(source.file, error.lineno, error.message or "syntax error")
        return
    form = CATALOGUE.get(name.removesuffix(SUBJECT).removesuffix(".txt"))
    allowed = [*PAGE] if name == LAYOUT else [*EVERYWHERE, *(form.context if form else ())]
    unknown = find_undeclared_variables(tree) - set(allowed)
    for node in tree.find_all(nodes.Name):
        if node.name in unknown and node.ctx == "load":
            yield TemplateProblem(
                source.file, node.lineno, f"“{node.name}” is not known here{_meant(node.name, allowed)}"
            )
    for access in tree.find_all(nodes.Getattr):
        view = VIEWS.get(access.node.name) if isinstance(access.node, nodes.Name) else None
        names = [key for key in dir(view) if not key.startswith("_")] if view else [access.attr]
        if access.attr not in names:
            what = f"{access.node.name}.{access.attr}"  # type: ignore[attr-defined]  # it is a Name, looked at above
            yield TemplateProblem(source.file, access.lineno, f"there is no “{what}”{_meant(access.attr, names)}")


def _trials(templates: Templates, name: str, voice: Voice) -> Iterator[TemplateProblem]:
    source = templates.shelf.find(f"{name}.txt", voice)
    if source is None:
        return
    for seen in samples(CATALOGUE[name], voice.words):
        try:
            subject, text = templates.write(name, seen, voice)
        except NotRenderable as error:
            yield (
                fault(error.__cause__, f"{name}.txt") if isinstance(error.__cause__, Exception) else _plain(name, error)
            )
            continue
        if not subject:
            yield TemplateProblem(source.file, 1, "the subject can come out empty")
        if not text.strip():
            yield TemplateProblem(source.file, 3, "the letter can come out without a word")


def _plain(name: str, error: Exception) -> TemplateProblem:
    return TemplateProblem(f"{name}.txt", 0, str(error))


def _page_trial(templates: Templates, place: str) -> Iterator[TemplateProblem]:
    voice = _voice_of(place)
    desk = cards.DeskView("Example Bank Support", "support@bank.example", "BANK")
    try:
        layout = templates.environment.get_template(full_name(LAYOUT, voice))
        page = layout.render(body="WORDS", subject="A subject", desk=desk, language=voice.code)
    except Exception as error:  # noqa: BLE001 - a template can raise anything
        yield fault(error, LAYOUT)
        return
    if "WORDS" not in page:
        file = templates.shelf.sources[place, LAYOUT].file
        yield TemplateProblem(file, 1, "{{ body }} is missing: the letters would be empty")
