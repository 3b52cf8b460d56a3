"""Figures are only worth what their tools are: the corpus and the load client."""

from __future__ import annotations

import email
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.bench import client, corpus, machine
from tests.bench.corpus import Sample, Sort


@pytest.fixture(scope="module")
def letters() -> list[Sample]:
    return corpus.first_letters()


def test_the_mix_is_what_it_says(letters: list[Sample]) -> None:
    assert Counter(letter.sort for letter in letters) == {Sort.PLAIN: 600, Sort.HTML: 200, Sort.FILE: 100}
    bounds = {Sort.PLAIN: (1_800, 2_500), Sort.HTML: (18_000, 22_000), Sort.FILE: (270_000, 280_000)}
    for letter in letters:
        least, most = bounds[letter.sort]
        assert least < len(letter.raw) < most
    assert len({letter.message_id for letter in letters}) == 900
    assert len({letter.sender for letter in letters}) == 900


def test_a_small_house_has_thirty_writers() -> None:
    assert len({letter.sender for letter in corpus.first_letters(senders=30)}) == 30


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(letters: list[Sample]) -> None:
    assert corpus.first_letters(sorts=(6, 2, 1)) == corpus.first_letters(sorts=(6, 2, 1))
    other = corpus.first_letters(seed=2, sorts=(6, 2, 1))
    assert not {letter.message_id for letter in other} & {letter.message_id for letter in letters}
    assert not {letter.sender for letter in other} & {letter.sender for letter in letters}


def test_every_letter_is_fit_to_travel(letters: list[Sample]) -> None:
    for letter in letters:
        assert b"\n" not in letter.raw.replace(b"\r\n", b"")
        assert b"\r" not in letter.raw.replace(b"\r\n", b"")
        assert letter.raw.endswith(b"\r\n")
        assert max(map(len, letter.raw.split(b"\r\n"))) <= 998
        assert not email.message_from_bytes(letter.raw).defects


def test_replies_name_the_thread_in_three_ways(letters: list[Sample]) -> None:
    subject = "[BANK-1042-K7QD] The scanner jammed"
    named = []
    for number in range(3):
        reply = corpus.reply(number, letters[number], answer_id="<ours@bank.example>", answer_subject=subject)
        parsed = email.message_from_bytes(reply.raw)
        assert parsed["Subject"] == f"Re: {subject}"
        assert parsed["From"].endswith(f"<{letters[number].sender}>")
        named.append((parsed["In-Reply-To"], str(parsed["References"]).split()))
    assert named[0] == ("<ours@bank.example>", [letters[0].message_id, "<ours@bank.example>"])
    assert named[1] == (letters[1].message_id, [letters[1].message_id])
    assert named[2] == (None, ["None"])


class Mailbox:
    """Keeps what it gets; refuses one sender, and one letter of another."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return "550 no" if address == "unwanted@client.example" else "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.kept.append(envelope.content)
        return "451-not\r\n451 now" if envelope.mail_from == "unlucky@client.example" else "250-kept\r\n250 ok"


@contextmanager
def served(handler: object) -> Iterator[int]:
    """The port of a real SMTP server with that handler."""
    server = Controller(handler, hostname="127.0.0.1", port=machine.free_port())
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@pytest.mark.parametrize("sessions", [1, 5])
def test_the_client_delivers_every_byte_and_tells_every_answer(letters: list[Sample], sessions: int) -> None:
    dots = b"Subject: dots\r\n\r\n.\r\n..\r\n.a\r\nend.\r\n"
    batch = [(letter.sender, letter.raw) for letter in letters[:30]]
    batch += [("unwanted@client.example", dots), ("unlucky@client.example", dots), ("dots@client.example", dots)]
    mailbox = Mailbox()
    with served(mailbox) as port:
        results = client.run(port, batch, sessions)
    codes = {result.index: result.code for result in results}
    assert codes == {**dict.fromkeys(range(33), 250), 30: 550, 31: 451}
    assert sorted(mailbox.kept) == sorted(raw for sender, raw in batch if sender != "unwanted@client.example")
    assert all(result.done_at >= result.data_at for result in results)


def test_a_server_that_hangs_up_is_an_error() -> None:
    class Rude:
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            assert server.transport is not None
            server.transport.close()
            return "250 never heard"

    with served(Rude()) as port, pytest.raises(ConnectionError):
        client.run(port, [("a@client.example", b"Subject: x\r\n\r\nx\r\n")], 1)
