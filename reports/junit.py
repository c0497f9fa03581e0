"""`junit.xml` for CI servers, from the outcomes themselves rather than from pytest's reports.

`blocked` is a failure, `not-verified` and a pair that was not reached are errors, `warning` is a
pass with a property, `waived`, `not-applicable` and deselected pairs are skips with their reason. A
run that is incomplete has one error of its own, so that an empty or broken run is never green.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from fixtures.raw import Json
from reports.comparison import since_of
from reports.gate import lines_of
from reports.results import finding_of
from reports.text import NAME_LIMIT, for_xml, object_id, one_line

SUITE: Final = "poolproof"
_MARKUP: Final = re.compile(r'[&<>"\r\n\t]')


def junit(results: Mapping[str, Json]) -> bytes:
    """The bytes of `junit.xml`, from the content of `results.json`."""
    return b"".join(junit_pieces(results))


def junit_pieces(results: Mapping[str, Json]) -> Iterator[bytes]:
    """The same piece by piece: the cases of a large run have a hundred megabytes."""
    run, ledger = results["run"], results["ledger"]
    counts = _counts(results)
    started = datetime.fromisoformat(run["started"]).isoformat()
    properties = [
        _property(name, text)
        for name, text in (
            ("verdict", results["verdict"]),
            ("sentence", results["sentence"]),
            ("ledger", ledger["sentence"]),
        )
    ]
    head = (
        "<?xml version='1.0' encoding='utf-8'?>\n",
        f"<testsuites{_attributes(name=SUITE, **counts)}>\n",
        f" <testsuite{_attributes(name=SUITE, timestamp=started, **counts)}>\n",
        "  <properties>\n   ",
        "\n   ".join(properties),
        "\n  </properties>\n",
    )
    yield "".join(head).encode()
    since = since_of(results.get("comparison"))
    for outcome in results["outcomes"]:
        yield _outcome_case(outcome, since(outcome)).encode()
    for pair in ledger["missing"]:
        yield _missing_case(pair).encode()
    if results["flags"]["incomplete"]:
        text = "\n".join((results["sentence"], *ledger["problems"]))
        error = _child("error", for_xml(text, None), one_line(results["sentence"]), "incomplete")
        yield _case("RUN", "complete", [error]).encode()
    if results.get("gate"):
        yield _gate_case(results["gate"]).encode()
    yield b" </testsuite>\n</testsuites>\n"


def _counts(results: Mapping[str, Json]) -> dict[str, str]:
    """How many cases there are, and of what kinds: the head says so before they come."""
    kinds = Counter(_KINDS.get(one["outcome"], "") for one in results["outcomes"])
    kinds.update(_MISSING.get(pair["fate"], "error") for pair in results["ledger"]["missing"])
    kinds.update(["error"] if results["flags"]["incomplete"] else [])
    if gate := results.get("gate"):
        kinds.update(["" if gate["open"] else "failure"])
    return {
        "tests": str(kinds.total()),
        "failures": str(kinds["failure"]),
        "errors": str(kinds["error"]),
        "skipped": str(kinds["skipped"]),
    }


def _outcome_case(outcome: Mapping[str, Json], since: str) -> str:
    object_ = outcome["object"]
    told = [
        ("finding", finding_of(outcome)),
        ("object", f"{object_['class']} {object_['name']}"),
    ]
    if since:
        told.append(("since-the-baseline", since))
    word = outcome["outcome"]
    kind = _KINDS.get(word, "")
    children = []
    if word == "blocked":
        children = [_child(kind, _details(outcome), one_line(outcome["message"]), word)]
    elif word == "not-verified":
        children = [_child(kind, _details(outcome), one_line(outcome["cause"]), word)]
    elif word == "waived":
        children = [_child(kind, "", one_line(_waiver_reason(outcome)))]
    elif word == "not-applicable":
        children = [_child(kind, "", one_line(f"not applicable: {outcome['cause']}"))]
    elif word in ("warning", "info"):
        told.append((word, outcome["message"]))
    return _case_of(outcome["check"], object_, told, children)


_KINDS: Final = {
    "blocked": "failure",
    "not-verified": "error",
    "waived": "skipped",
    "not-applicable": "skipped",
}
_MISSING: Final = {"deselected": "skipped"}


def _gate_case(gate: Mapping[str, Json]) -> str:
    """The gate as a case of its own, for it can be closed where every outcome is fine."""
    if gate["open"]:
        return _case("RUN", "gate", [])
    first, *reasons = lines_of(gate)
    failure = _child("failure", for_xml("\n".join(reasons)), one_line(first), "gate")
    return _case("RUN", "gate", [failure])


def _missing_case(pair: Mapping[str, Json]) -> str:
    told = [("finding", finding_of(pair))]
    if pair["fate"] == "deselected":
        child = _child("skipped", "", "deselected: planned, and filtered out of this run")
        return _case_of(pair["check"], pair["object"], told, [child])
    child = _child("error", "", "planned, and never reached", "not-reached")
    return _case_of(pair["check"], pair["object"], told, [child])


def _case_of(
    check: str,
    object_: Mapping[str, Json],
    told: list[tuple[str, str]],
    children: list[str],
) -> str:
    name = object_id(object_["name"], object_["uuid"])
    properties = "\n    ".join([_property(*pair) for pair in told])
    first = f"<properties>\n    {properties}\n   </properties>"
    return _case(one_line(check, NAME_LIMIT), name, [first, *children])


def _case(name: str, item: str, children: list[str]) -> str:
    """One case, written at once: as a tree the cases of a large run cost seconds and memory."""
    head = f'  <testcase classname="{_attribute(name)}" name="{_attribute(item)}"'
    if not children:
        return f"{head} />\n"
    inside = "\n   ".join(children)
    return f"{head}>\n   {inside}\n  </testcase>\n"


def _details(outcome: Mapping[str, Json]) -> str:
    """What a CI server shows when a case is opened."""
    object_ = outcome["object"]
    lines = [
        f"object: {object_['class']} {one_line(object_['name'], NAME_LIMIT)}",
        f"uuid: {one_line(object_['uuid'], NAME_LIMIT)}",
        *(f"{key}: {outcome[key]}" for key in ("message", "cause", "remedy") if outcome[key]),
        f"look again: {outcome['recheck']}" if outcome["recheck"] else "",
    ]
    return for_xml("\n".join(line for line in lines if line))


def _waiver_reason(outcome: Mapping[str, Json]) -> str:
    waiver = outcome["waiver"] or {}
    until = f" until {waiver['until']}" if waiver.get("until") else ""
    owner = f" by {waiver['owner']}" if waiver.get("owner") else ""
    what = outcome["message"] or outcome["cause"]
    return f"waived{until}{owner}, was {waiver.get('original')}: {what}"


def _child(tag: str, text: str, message: str, type: str = "") -> str:  # noqa: A002 - JUnit's word
    more = {"type": type} if type else {}
    head = f"<{tag}{_attributes(message=message, **more)}"
    return f"{head}>{_content(text)}</{tag}>" if text else f"{head} />"


def _property(name: str, value: str) -> str:
    return f'<property name="{name}" value="{_attribute(one_line(value))}" />'


def _attributes(**attributes: str) -> str:
    return "".join([f' {name}="{_attribute(text)}"' for name, text in attributes.items()])


def _content(text: str) -> str:
    """Text between tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    """Text between quotes: what XML allows there, and nothing that ends it."""
    text = for_xml(text)
    if _MARKUP.search(text) is None:
        return text
    text = _content(text).replace('"', "&quot;")
    return text.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#09;")
