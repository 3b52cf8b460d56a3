"""Which ticket a letter means: evidence by evidence, and two that disagree."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from maild.core import tokens
from maild.core.evidence import MOST_WRONG, gather
from maild.core.matching import Claim, Match, clues, match
from maild.core.model import Address, Envelope, Facts, Kind, Known, Message, Person, Purpose, Status, Ticket
from maild.core.policy import Correspondent
from maild.core.rules import finder

KAREN, LENA, EVE = "karen@customer.example", "lena@customer.example", "eve@elsewhere.example"
MINE, OTHER = 1042, 1043  # Karen's ticket, and Eve's
JOHN = tokens.agent_principal("john")


@dataclass
class World:
    """Two tickets, and letters that point at them in every way."""

    judge: Any
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def policy(self) -> Any:
        return self.judge.policy

    def tickets(self, **changed: Any) -> dict[int, Ticket]:
        mine = self.judge.ticket(copied=(LENA,), **changed)
        return {MINE: mine, OTHER: replace(mine, number=OTHER, requester=Person(8, EVE), copied=())}

    def signed(self, number: int = MINE, principal: int = 7, serial: int = 5) -> str:
        return tokens.message_id(self.policy, number, principal, serial)

    def reply(
        self, number: int = MINE, purpose: Purpose = Purpose.REQUESTER_REPLY, who: int = 7, serial: int = 5
    ) -> str:
        expires = self.judge.now + timedelta(days=30)
        return tokens.reply_address(self.policy, "support@bank.example", purpose, number, who, expires, serial=serial)

    def mark(self, number: int = MINE) -> str:
        return tokens.subject_token(self.policy.keys, self.policy.tag, number)

    def letter(self, to: str = "support@bank.example", sender: str = KAREN, **more: Any) -> tuple[Message, Envelope]:
        values: dict[str, Any] = {"message_id": "new@customer.example", "sender": Address(sender), "subject": "Hello"}
        message = Message(**values | more)
        return message, Envelope(raw=b"", mail_from=sender, rcpts=(to,), received_at=self.judge.now, door="test")

    def match(self, to: str = "support@bank.example", sender: str = KAREN, **more: Any) -> Match:
        message, envelope = self.letter(to, sender, **more)
        facts = Facts(**{"tickets": self.tickets(), **self.facts})
        return match(message, envelope, facts, self.policy, self.judge.now)

    def number(self, *args: Any, **more: Any) -> int | None:
        found = self.match(*args, **more)
        return found.ticket.number if found.ticket else None


@pytest.fixture
def world(judge: Any) -> World:
    return World(judge)


def ancestor(bare_id: str, *numbers: int) -> dict[str, Any]:
    return {"named": {f"ancestor {bare_id}": numbers}}


# --------------------------------------------------------------------- the order


def test_each_evidence_beats_those_below_it(world: World) -> None:
    """Every piece points at Karen's ticket and all below it at Eve's; then the next one does."""
    world.facts = {
        "known": {"relayed@x": (Known(ticket=MINE),), "stored@x": (Known(ticket=MINE, mail_id=3),)},
        "named": {"ancestor old@x": (MINE,)},
    }
    ladder: list[tuple[str, dict[str, Any]]] = [
        ("reply address", {"to": world.reply()}),
        ("answers a letter of ours", {"in_reply_to": (world.signed(),)}),
        ("id a relay gave", {"in_reply_to": ("relayed@x",)}),
        ("letter we have stored", {"in_reply_to": ("stored@x",)}),
        ("descends from", {"in_reply_to": ("old@x",)}),
        ("token in its subject", {"subject": world.mark()}),
    ]
    foreign = {"subject": world.mark(OTHER)}
    for what, letter in ladder:
        found = world.match(**{**foreign, **letter})
        assert found.ticket is not None
        assert found.ticket.number == MINE, what
        assert what in found.evidence
    both = (world.signed(OTHER), "relayed@x")
    assert world.number(in_reply_to=both[:1], references=both) == OTHER
    assert world.number(to=world.reply(), in_reply_to=both[:1]) == MINE
    assert world.number(in_reply_to=("stored@x", "relayed@x")) == MINE
    # Eve's From, Karen's token in the subject: nothing leads anywhere, but the new ticket knows what it mentions.
    found = world.match(sender=EVE, subject=world.mark())
    assert (found.ticket, found.claim, found.mentions) == (None, Claim.NOTHING, (MINE,))


def test_of_two_ids_of_ours_the_newest_decides(world: World) -> None:
    mine, other = world.signed(MINE), world.signed(OTHER)
    assert world.number(references=(other, mine)) == MINE
    assert world.number(references=(mine, other)) == OTHER
    assert world.number(in_reply_to=(mine,), references=(mine, other)) == MINE
    root = tokens.ticket_root_id(world.policy, OTHER)
    assert world.number(references=(root, "gone@x", mine)) == MINE
    assert world.number(references=(root, "gone@x")) == OTHER


@pytest.mark.parametrize(
    "subject",
    [
        "{mark}",
        "invoice #123 {mark}",
        "RE: [EXTERN] AW: {mark} [TICKET-77] Karte",
        "({bare})",
        "\u300c{bare}\u300d \u56de\u590d",
        "\u201c{bare}\u201d",
        "{bare} translated and edited",
        "Re: {folded} x",
        "[OTHER-1042-AAAA] {mark}",
        "[BANK-1043-AAAA] {mark}",
        "{mark} {eves}",
        "{eves} {mark}",
        "%5B{bare}%5D",
    ],
)
def test_a_token_is_found_however_the_subject_was_treated(world: World, subject: str) -> None:
    mark = world.mark()
    text = subject.format(mark=mark, bare=mark[1:-1], folded=mark[:9] + "\r\n " + mark[9:], eves=world.mark(OTHER))
    assert world.number(subject=text) == MINE
    assert world.number(subject=text, sender="nobody@elsewhere.example") is None


def test_a_wrong_token_is_no_token(world: World) -> None:
    for to in (world.reply()[:-18] + "a" + world.reply()[-17:], "support+1042@bank.example"):
        found = world.match(to=to)
        assert (found.ticket, found.token) == (None, None)
    mine = world.signed()
    assert world.number(in_reply_to=(mine.replace("m.", "m.a"),)) is None
    assert world.number(in_reply_to=(mine.replace("bank.example", "evil.example"),)) is None
    # A Message-ID's token is no address, and an address's is no Message-ID.
    assert world.number(to=f"support+{mine[2:].partition('@')[0]}@bank.example") is None
    token = world.reply().partition("+")[2].partition("@")[0]
    assert world.number(in_reply_to=(f"m.{token}@bank.example",)) is None


def test_an_answer_to_an_acknowledgement_of_another_ticket(world: World) -> None:
    """Karen answers the receipt of her second ticket about the first: the letter she answers decides."""
    found = world.match(
        to=world.reply(OTHER, who=7), subject=f"Re: {world.mark(MINE)}", in_reply_to=(world.signed(OTHER),)
    )
    assert found.ticket is not None
    assert found.ticket.number == OTHER
    assert MINE in found.mentions


def test_an_id_that_somebody_else_used_first_leads_to_the_sender_s_own_ticket(world: World) -> None:
    """Eve was on copy, and her letter under Karen's id came before Karen's."""
    world.facts = {"known": {"hers@x": (Known(ticket=OTHER, mail_id=2), Known(ticket=MINE, mail_id=3))}}
    assert world.number(in_reply_to=("hers@x",)) == MINE
    assert world.number(sender=LENA, in_reply_to=("hers@x",)) == MINE
    assert world.number(sender=EVE, in_reply_to=("hers@x",)) == OTHER
    assert world.number(sender="mallory@evil.example", in_reply_to=("hers@x",)) == OTHER
    # Nor does a letter that came with an id of ours, as a relay spelled it, lead away from what we sent.
    world.facts = {"known": {"ours@relay": (Known(ticket=OTHER, mail_id=2), Known(ticket=MINE))}}
    assert world.number(sender="mallory@evil.example", in_reply_to=("ours@relay",)) == MINE


# --------------------------------------------------------------------- an ancestor never seen


def test_letters_with_one_unknown_ancestor_belong_together(world: World) -> None:
    world.facts = ancestor("origin@vendor.example", MINE)
    thread = {"references": ("origin@vendor.example", "unknown@x"), "in_reply_to": ("unknown@x",)}
    for sender in (KAREN, LENA):
        found = world.match(sender=sender, **thread)
        assert found.ticket is not None
        assert found.ticket.number == MINE
        assert found.claim == Claim.SUBJECT
    assert world.number(sender=EVE, **thread) is None
    assert world.number(sender="john@bank.example", **thread) is None
    assert world.number(kind=Kind.LIST, **thread) is None
    assert world.number(kind=Kind.AUTOMATIC, **thread) is None


def test_the_letter_that_was_answered_may_come_last(world: World) -> None:
    world.facts = ancestor("slow@customer.example", MINE)
    assert world.number(message_id="slow@customer.example") == MINE
    assert world.number(message_id="slow@customer.example", sender=EVE) is None


def test_an_ancestor_leads_to_no_closed_ticket(world: World) -> None:
    world.facts = ancestor("origin@x", MINE) | {"tickets": world.tickets(status=Status.CLOSED)}
    assert world.number(in_reply_to=("origin@x",)) is None


def test_of_several_tickets_with_one_ancestor_the_senders_own_is_taken(world: World) -> None:
    world.facts = ancestor("newsletter@x", OTHER, MINE)
    assert world.number(in_reply_to=("newsletter@x",)) == MINE
    assert world.number(in_reply_to=("newsletter@x",), sender=EVE) == OTHER


def test_root_and_parent_are_remembered_and_ids_of_ours_are_not(world: World) -> None:
    def born(**more: Any) -> tuple[str, ...]:
        message, envelope = world.letter(**more)
        return gather(message, envelope, world.policy, world.judge.now).born_as

    assert born(references=("a@x", "b@x", "c@x"), in_reply_to=("c@x",)) == ("ancestor a@x", "ancestor c@x")
    assert born(references=("a@x", "b@x")) == ("ancestor a@x", "ancestor b@x")
    assert born(in_reply_to=("c@x",)) == ("ancestor c@x",)
    assert born(in_reply_to=(world.signed(),), references=("a@x", world.signed())) == ("ancestor a@x",)
    assert born() == ()
    assert born(in_reply_to=("c@x",), kind=Kind.LIST) == ()
    assert born(in_reply_to=("c@x",), kind=Kind.AUTOMATIC) == ()


def test_a_new_ticket_is_known_by_its_ancestors_but_not_by_letters_we_have(judge: Any) -> None:
    opened = judge.letter(None, KAREN, "Hi", in_reply_to=("gone@x",), references=("root@x", "gone@x"))
    assert opened.known_as == ("ancestor root@x", "ancestor gone@x")
    facts = Facts(mail_id=5, key="k:1", known={"gone@x": (Known(ticket=9, mail_id=1),)})
    assert judge.letter(None, KAREN, "Hi", in_reply_to=("gone@x",), facts=facts).known_as == ()
    joined = judge.letter(judge.ticket(), KAREN, "Hi", subject="", in_reply_to=("gone@x",))
    assert joined.fate == "ticket"


# --------------------------------------------------------------------- correspondents


def with_correspondents(world: World) -> None:
    world.judge.policy = replace(
        world.policy,
        correspondents=(
            Correspondent(who="snow.example", reference=finder("INC[0-9]{7}")),
            Correspondent(who="market.example"),
        ),
    )


@pytest.mark.parametrize(
    ("sender", "subject", "name"),
    [
        ("robot7@snow.example", "Incident INC0012345 was updated", "ref snow.example INC0012345"),
        ("Robot7@Snow.example", "re: inc0012345: update", "ref snow.example INC0012345"),
        ("robot7@snow.example", "Welcome", ""),
        ("robot7@sub.snow.example", "Incident INC0012345", ""),
        (EVE, "Incident INC0012345", ""),
        ("buyer.x7f@market.example", "A question", "ref buyer.x7f@market.example"),
        ("robot7@snow.example", "x" * 2000 + "INC0012345", ""),
    ],
)
def test_the_conversation_of_a_correspondent(world: World, sender: str, subject: str, name: str) -> None:
    with_correspondents(world)
    message, envelope = world.letter(sender=sender, subject=subject)
    assert gather(message, envelope, world.policy, world.judge.now).correspondence == name


def test_a_correspondents_reference_leads_to_its_open_ticket_only(world: World) -> None:
    with_correspondents(world)
    world.facts = {"named": {"ref snow.example INC0012345": (MINE,)}}
    found = world.match(sender="other@snow.example", subject="INC0012345 resolved")
    assert found.ticket is not None
    assert (found.ticket.number, found.claim, found.corresponds) == (MINE, Claim.SUBJECT, True)
    assert world.number(sender=EVE, subject="INC0012345 resolved") is None
    assert world.number(sender="other@snow.example", subject="INC0012346 resolved") is None
    world.facts |= {"tickets": world.tickets(status=Status.CLOSED)}
    found = world.match(sender="other@snow.example", subject="INC0012345 resolved")
    assert (found.ticket, found.mentions) == (None, (MINE,))


def test_agents_read_what_another_system_says(judge: Any, sent: Any) -> None:
    with_correspondents(World(judge))
    ticket = judge.ticket(requester=Person(9, "first@snow.example"))
    facts = Facts(mail_id=5, key="k:1", tickets={MINE: ticket}, named={"ref snow.example INC0012345": (MINE,)})
    letter: dict[str, Any] = {"subject": "INC0012345: work note", "facts": facts}
    outcome = judge.letter(None, "second@snow.example", "We are on it.", **letter)
    assert (outcome.fate, outcome.after.number) == ("reply", MINE)
    assert [c.entry.public for c in outcome.changes if hasattr(c, "entry")] == [True]
    machine = judge.letter(None, "second@snow.example", "State: closed", kind=Kind.AUTOMATIC, **letter)
    assert (machine.fate, machine.after.number) == ("filed", MINE)
    assert ("requester-reply", "john@bank.example") in sent(machine)


# --------------------------------------------------------------------- several addresses of one person


def test_another_address_of_the_requester_is_the_requester(judge: Any) -> None:
    private = "karen@private.example"
    facts = Facts(
        mail_id=5,
        key="k:1",
        tickets={MINE: judge.ticket()},
        person=Person(7, KAREN, "Karen Black"),
        same=frozenset({private, KAREN}),
    )
    mark = tokens.subject_token(judge.policy.keys, judge.policy.tag, MINE)
    outcome = judge.letter(None, private, "From home.", subject=f"Re: {mark}", facts=facts)
    assert outcome.fate == "reply"
    assert "a reply of the requester" in outcome.reason
    new = judge.letter(None, private, "Something else.", subject="Cards", facts=replace(facts, tickets={}))
    assert (new.after.requester.id, new.after.requester.email) == (7, KAREN)
    stranger = judge.letter(None, private, "x", subject=f"Re: {mark}", facts=replace(facts, same=frozenset()))
    assert stranger.fate == "ticket"


def test_an_agents_second_address_is_the_agents(judge: Any) -> None:
    judge.policy = replace(judge.policy, by_email={**judge.policy.by_email, "john@private.example": "john"})
    to = judge.agent_address("john")
    outcome = judge.letter(judge.ticket(), "john@private.example", "#take", to=to)
    assert outcome.after.agent == "john"
    assert judge.letter(judge.ticket(), "john@evil.example", "#take", to=to).fate == "quarantined"


# --------------------------------------------------------------------- revoked


@pytest.mark.parametrize(
    ("revoked", "address", "alone"),
    [
        ({}, MINE, MINE),
        ({("person", 7): 4}, MINE, MINE),
        ({("person", 7): 5}, None, None),
        ({("person", 8): 99, ("agent", 7): 99}, MINE, MINE),
    ],
)
def test_what_was_given_before_a_revocation_is_void(
    world: World, revoked: dict[tuple[str, int], int], address: int | None, alone: int | None
) -> None:
    bare = world.signed()
    world.facts = {"revoked": revoked, "known": {bare: (Known(ticket=MINE),)}}
    found = world.match(to=world.reply(), sender=EVE)
    assert (found.ticket.number if found.ticket else None) == address
    assert world.number(in_reply_to=(bare,), sender=EVE) == alone
    assert ("revoked" in found.evidence) == (address is None)
    # Other evidence still counts.
    assert world.number(to=world.reply(), subject=world.mark()) == MINE


def test_a_revoked_agent_is_asked_for_another_letter_of_ours(judge: Any) -> None:
    ticket = judge.ticket()
    world = World(judge)
    old, new = (world.reply(purpose=Purpose.AGENT_REPLY, who=JOHN, serial=serial) for serial in (5, 6))
    facts = Facts(mail_id=5, key="k:1", tickets={MINE: ticket}, revoked={("agent", JOHN): 5})
    thread: Any = {"in_reply_to": (tokens.ticket_root_id(judge.policy, MINE),), "facts": facts}
    assert judge.letter(None, "john@bank.example", "#close", to=old, **thread).fate == "quarantined"
    assert judge.letter(None, "john@bank.example", "#close", to=new, **thread).fate == "command"


def test_a_revocation_of_an_agent_voids_the_ids_of_letters_to_them(world: World) -> None:
    world.facts = {"revoked": {("agent", JOHN): 5}}
    assert world.number(in_reply_to=(world.signed(principal=JOHN, serial=5),)) is None
    assert world.number(in_reply_to=(world.signed(principal=JOHN, serial=6),)) == MINE
    root = tokens.ticket_root_id(world.policy, MINE)
    assert world.number(in_reply_to=(root,)) == MINE


def test_memory_is_asked_for_revocations_of_everybody_a_letter_names(world: World) -> None:
    message, envelope = world.letter(world.reply(), in_reply_to=(world.signed(principal=JOHN), "other@x"))
    asked = clues(message, envelope, world.policy, world.judge.now)
    assert asked.principals == (7, JOHN)
    assert asked.names == tuple(f"ancestor {one}" for one in (*asked.referenced, "new@customer.example"))
    assert asked.numbers == (MINE,)


# --------------------------------------------------------------------- wrong tokens


def test_what_looks_like_a_token_and_is_none_is_counted(world: World) -> None:
    def wrong(**more: Any) -> int:
        message, envelope = world.letter(**more)
        return gather(message, envelope, world.policy, world.judge.now).wrong

    token = "a" * 40
    mine = world.signed()
    assert wrong() == 0
    assert wrong(to=world.reply(), in_reply_to=(mine,), subject=world.mark()) == 0
    assert wrong(to=f"support+{token}@bank.example") == 1
    assert wrong(to=f"SUPPORT+{token.upper()}@Bank.example") == 1
    assert wrong(to="support+newsletter@bank.example") == 0
    assert wrong(to=f"other+{token}@bank.example") == 0
    assert wrong(to=f"support+{mine[2:].partition('@')[0]}@bank.example") == 1
    assert wrong(in_reply_to=(f"m.{token}@bank.example", f"t.{token}@bank.example", f"m.{token}@x.example")) == 2
    assert wrong(in_reply_to=("m.1@bank.example", f"x.{token}@bank.example")) == 0
    assert wrong(subject="[BANK-1042-AAAA] [BANK-1042-AAAA] [OTHER-1-AAAA]") == 1
    assert wrong(subject=" ".join(f"[BANK-{n}-AAAA]" for n in range(1, 1000))) == MOST_WRONG


def test_an_expired_token_is_not_wrong(judge: Any) -> None:
    outcome = judge.letter(judge.ticket(), KAREN, "Hi", to=judge.address(Purpose.REQUESTER_REPLY, 7, days=-30))
    assert outcome.wrong == 0
    assert judge.letter(judge.ticket(), KAREN, "Hi", to=f"support+{'a' * 40}@bank.example").wrong == 1
