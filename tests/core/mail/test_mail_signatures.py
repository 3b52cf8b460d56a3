"""What stands below a person's words: taken off when it looks like nothing else, else kept."""

import pytest

from maild.core.mail.quoting import own, shown
from maild.core.mail.signatures import closing

WORDS = ["The printer is broken."]

SIGNATURES = [
    ["Best regards", "Karen"],
    ["Mit freundlichen Grüßen,", "", "Karen Example"],
    ["", "Karen Example", "karen@customer.example", "+49 (0) 30 901820"],
    ["", "Karen Example, Ph.D.", "Head of Buying", "Phone: 555-346-9947", "www.customer.example"],
    ["", "Karen", "Tel.: +1 (555) 346 9947", "Fax: +1 555 346 9948 (office)"],
    ["-Karen"],
    ["– Karen"],
]

WORDS_ALL_THE_SAME = [
    ["", "Karen Example"],  # a name may be an answer
    ["", "karen@customer.example"],  # so may an address
    ["", "Call me:", "030 901820", "030 901821"],
    ["", "Which one?", "030 901820", "www.customer.example"],
    ["- toner", "- paper"],
    ["Please send:", "-toner"],
    ["- two words more"],
    ["", "030 901820", "030 901821"],  # numbers without a name
    ["Regards are due to Bob who repaired it."],
]


@pytest.mark.parametrize("below", SIGNATURES)
def test_signature(below: list[str]) -> None:
    found = own("\n".join(WORDS + below))
    assert found.text == WORDS[0]
    assert found.signature.strip() == "\n".join(below).strip()


@pytest.mark.parametrize("below", WORDS_ALL_THE_SAME)
def test_words(below: list[str]) -> None:
    assert own("\n".join(WORDS + below)).text == "\n".join(WORDS + below)


def test_a_signature_alone_is_the_letter() -> None:
    kept = ["Karen Example", "karen@customer.example", "+49 30 901820"]
    assert closing(kept) == []
    assert len(kept) == 3


@pytest.mark.parametrize(
    ("new", "text", "seen"),
    [
        ("Hi", "Hi\n> there", "Hi"),
        ("", "> There\n> is none left.", "There\nis none left."),
        ("", "From: Bob <bob@else.example>\nSubject: Toner\n\nNone left.\n\nRegards\nBob", "None left."),
        ("", "On 04/11/2024 Bob <bob@else.example> wrote:\n\n> None left.", ""),
        ("", "", ""),
    ],
)
def test_what_a_thread_shows(new: str, text: str, seen: str) -> None:
    assert shown(new, text) == seen
