"""Films and pictures: what is too large for one letter still gets to whom it was sent."""

from __future__ import annotations

from collections.abc import Callable

from stories_rig import KAREN, SUPPORT, files, words

from maild.demo.people import File
from maild.demo.stage import Stage

FILM, TRACE, NOTES = b"film" * 8_000, b"trace " * 3_000, b"notes"


def test_large_files_are_fetched_by_agents_and_follow_to_requesters(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(('attachments_max = "10 MB"', 'attachments_max = "20 kB"'))
    karen, john = stage.person("Karen Black", KAREN), stage.agent("john")
    film, notes = File("film.mp4", FILM), File("notes.txt", NOTES)
    karen.writes(SUPPORT, "The app is down", "See the film.", files=(film, notes))
    alert = john.got("See the film")
    assert files(alert) == {"notes.txt": NOTES}
    assert "Too large to come along: film.mp4 (32 kB)" in words(alert)

    john.answers(alert, "#files film")
    assert files(john.got("Here is what you asked for")) == {"film.mp4": FILM}

    john.answers(alert, "Please send us such a trace.", files=(film, File("trace.txt", TRACE), notes))
    answer = karen.got("such a trace")
    assert files(answer) == {"trace.txt": TRACE, "notes.txt": NOTES}
    assert "One file is too large for this message" in words(answer)
    assert "> See the film." in words(answer)
    assert files(karen.got("you also get film.mp4")) == {"film.mp4": FILM}
