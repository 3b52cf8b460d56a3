"""The name service is hostile: answers that are huge, circular, damaged or never come vouch for nothing and cost little."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import dns.message
import dns.resolver
import dns.rrset
import pytest
from auth_rig import AWAY, LETTER, Names, field, signed
from hypothesis import given
from hypothesis import strategies as st

from maild.edges import auth_dns
from maild.edges.auth_dns import Questions, Unanswered

SENDER = "b@customer.com"


def spf_of(names: Names) -> str:
    return field(LETTER, names, mail_from=SENDER).split("spf=")[1].split()[0]


@pytest.mark.parametrize(
    ("names", "result"),
    [
        ({("customer.com", "TXT"): b"v=spf1 include:customer.com -all"}, "permerror"),
        ({("customer.com", "TXT"): b"v=spf1 redirect=customer.com"}, "permerror"),
        ({("customer.com", "TXT"): b"v=spf1 include:a.com -all", ("a.com", "TXT"): b"v=spf1 include:customer.com -all"}, "permerror"),
        ({("customer.com", "TXT"): b"v=spf1 " + b" ".join(b"a:h%d.com" % n for n in range(11)) + b" +all"}
         | {(f"h{n}.com", "A"): "192.0.2.99" for n in range(11)}, "permerror"),
        ({("customer.com", "TXT"): b"v=spf1 " + b" ".join(b"a:h%d.com" % n for n in range(10)) + b" +all"}
         | {(f"h{n}.com", "A"): "192.0.2.99" for n in range(10)}, "pass"),
        ({("customer.com", "TXT"): b"v=spf1 a:v1.com a:v2.com a:v3.com +all"}, "permerror"),
        ({("customer.com", "TXT"): b"v=spf1 a:v1.com a:v2.com +all"}, "pass"),
        ({("customer.com", "TXT"): b"v=spf1 mx -all", ("customer.com", "MX"): tuple((n, f"m{n}.com") for n in range(40))}, "permerror"),
        ({("customer.com", "TXT"): b"v=spf1 ptr -all", ("10.2.0.192.in-addr.arpa", "PTR"): tuple(f"p{n}.com" for n in range(40))}, None),
        ({("customer.com", "TXT"): b"v=spf1 exists:%{l}.%{i}.x.com -all"}, "fail"),
        ({("customer.com", "TXT"): b"v=spf1 a:" + b"%{l}" * 900 + b".com +all"}, None),
        ({("customer.com", "TXT"): b"v=spf1 " + b"a " * 30_000}, "none"),
        ({("customer.com", "TXT"): (b"v=spf1 +all", b"v=spf1 -all")}, "permerror"),
        ({("customer.com", "TXT"): b"v=spf1 +all \xff\xfe"}, "permerror"),
        ({("customer.com", "TXT"): "v=spf1 +all \u00e9".encode()}, "permerror"),
        ({("customer.com", "TXT"): b"v=spf1 %{" * 100}, "permerror"),
        ({("customer.com", "TXT"): tuple(b"junk" for _ in range(5_000))}, "none"),
        ({("customer.com", "TXT"): AWAY}, "temperror"),
        ({("customer.com", "TXT"): RuntimeError("a bug in the resolver")}, "permerror"),
        ({("customer.com", "TXT"): b"v=spf1 include:a.com +all", ("a.com", "TXT"): AWAY}, "temperror"),
        ({("customer.com", "TXT"): b"v=spf1 a -all", ("customer.com", "A"): ("nonsense", "", "300.1.1.1")}, "permerror"),
        ({}, "none"),
    ],
)  # fmt: skip
def test_spf_of_a_hostile_domain(names: dict, result: str | None) -> None:
    started = time.perf_counter()
    asked = Names(names)
    found = spf_of(asked)
    assert found == (result or found)
    assert found in ("none", "pass", "fail", "softfail", "neutral", "temperror", "permerror")
    assert len(asked.asked) <= auth_dns.MOST_QUESTIONS
    assert time.perf_counter() - started < 1


TEXTS = st.sampled_from(
    [b"v=spf1 ", b"v=DMARC1;", b"v=DKIM1;", b" p=", b"reject", b"none;", b"include:", b"customer.com", b" a ", b" mx/", b"/0 ",
     b"%{l1r-}", b"%{", b"exists:", b"redirect=", b"+all", b"-all", b"ip4:", b"ip6:", b"::/0", b"ptr", b"k=rsa;", b"\xff", b" "]
)  # fmt: skip


@given(st.dictionaries(
    st.tuples(st.sampled_from(["customer.com", "_dmarc.customer.com", "s1._domainkey.customer.com"]), st.just("TXT")),
    st.lists(st.lists(TEXTS, max_size=12).map(b"".join) | st.binary(max_size=40), max_size=3).map(tuple),
))  # fmt: skip
def test_no_answer_makes_an_unsigned_letter_or_breaks_the_field(table: dict) -> None:
    told = field(signed().replace(b"Nothing", b"Something"), Names(table), mail_from=SENDER, peer="198.51.100.7")
    assert "dkim=pass" not in told
    assert told.startswith("Authentication-Results: desk.bank.example; spf=")


def test_questions_end() -> None:
    names = Names()
    ask = Questions(names, time.monotonic() + 60)
    for number in range(auth_dns.MOST_QUESTIONS):
        assert ask(f"a{number}.com", "A") == ask(f"A{number}.com.", "A") == ()
    with pytest.raises(Unanswered):
        ask("one.more", "A")
    with pytest.raises(Unanswered):
        Questions(names, time.monotonic())("a.com", "A")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a",
        "a..b",
        "a b.com",
        "x" * 64 + ".com",
        ".".join("a" * 200),
        "é.com",
        "a.com\n",
        "*.com",
        "a/b.com",
    ],
)
def test_what_is_no_name_is_never_asked_for(name: str) -> None:
    names = Names()
    assert Questions(names, time.monotonic() + 60)(name, "A") == ()
    assert names.asked == []


# --------------------------------------------------------------------- the real resolver, a real socket


@pytest.fixture
def server() -> Iterator[Callable[[Callable[[bytes], bytes | None]], auth_dns.Lookup]]:
    """A name server on this machine that answers as it is told; None is silence."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve(answer: Callable[[bytes], bytes | None]) -> None:
        while True:
            asked, peer = bound.recvfrom(4096)
            if asked == b"stop":
                return
            if (told := answer(asked)) is not None:
                bound.sendto(told, peer)

    def start(answer: Callable[[bytes], bytes | None]) -> auth_dns.Lookup:
        threads.append(threading.Thread(target=serve, args=(answer,)))
        threads[-1].start()
        asking = dns.resolver.Resolver(configure=False)
        asking.nameservers, asking.port = ["127.0.0.1"], bound.getsockname()[1]
        return auth_dns.resolver(asking)

    yield start
    for thread in threads:
        bound.sendto(b"stop", bound.getsockname())
        thread.join(5)
    bound.close()


def records(*lines: str) -> Callable[[bytes], bytes]:
    def answer(asked: bytes) -> bytes:
        told = dns.message.make_response(dns.message.from_wire(asked))
        name, kind = told.question[0].name, told.question[0].rdtype
        found = [rrset for line in lines if (rrset := dns.rrset.from_text(*line.split(" ", 4)))]
        told.answer = [rrset for rrset in found if rrset.name == name and rrset.rdtype in (kind, dns.rdatatype.CNAME)]
        told.answer += [
            rrset for rrset in found if any(one.rdtype == 5 for one in told.answer) and rrset.rdtype == kind
        ]
        if not found:
            told.set_rcode(dns.rcode.NXDOMAIN)
        return told.to_wire()

    return answer


@pytest.mark.parametrize(
    ("lines", "kind", "answers"),
    [
        (['a.com. 60 IN TXT "v=spf1 " "-all"'], "TXT", (b"v=spf1 -all",)),
        (['a.com. 60 IN TXT "\\255\\000"'], "TXT", (b"\xff\x00",)),
        (["a.com. 60 IN A 192.0.2.1"], "A", ("192.0.2.1",)),
        (["a.com. 60 IN AAAA 2001:db8::1"], "AAAA", ("2001:db8::1",)),
        (["a.com. 60 IN MX 10 mx.a.com."], "MX", ((10, "mx.a.com."),)),
        (["a.com. 60 IN PTR b.com."], "PTR", ("b.com.",)),
        (["a.com. 60 IN CNAME b.com.", "b.com. 60 IN A 192.0.2.2"], "A", ("192.0.2.2",)),
        (["a.com. 60 IN A 192.0.2.1"], "TXT", ()),
        ([], "TXT", ()),
    ],
)
def test_the_real_resolver(server: Callable, lines: list[str], kind: str, answers: tuple) -> None:
    assert server(records(*lines))("a.com", kind, 5.0) == answers


@pytest.mark.parametrize(
    "answer",
    [
        lambda asked: None,
        lambda asked: asked[:2] + b"\x81\x80" + b"\xff" * 40,
        lambda asked: asked[:5],
        lambda asked: asked[:2] + b"\x81\x82" + asked[4:],  # SERVFAIL
        records("a.com. 60 IN CNAME a.com."),
    ],
    ids=["silence", "garbage", "torn", "failure", "a loop"],
)
def test_a_server_that_does_not_answer_costs_its_time_and_no_more(server: Callable, answer: Callable) -> None:
    lookup = server(answer)
    started = time.monotonic()
    with suppress(Unanswered):
        assert lookup("a.com", "A", 0.5) == ()
    assert time.monotonic() - started < 2
