"""`junit.xml` for CI servers, from the outcomes themselves rather than from pytest's reports.

`blocked` is a failure, `not-verified` and a pair that was not reached are errors, `warning` is a
pass with a property, `waived`, `not-applicable` and deselected pairs are skips with their reason. A
run that is incomplete has one error of its own, so that an empty or broken run is never green.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET

from fixtures.raw import Json
from reports.comparison import since_of
from reports.gate import lines_of
from reports.results import finding_of
from reports.text import NAME_LIMIT, for_xml, object_id, one_line

SUITE: Final = "poolproof"


def junit(results: Mapping[str, Json]) -> bytes:
    """The bytes of `junit.xml`, from the content of `results.json`."""
    run, ledger = results["run"], results["ledger"]
    since = since_of(results.get("comparison"))
    cases = [_outcome_case(outcome, since(outcome)) for outcome in results["outcomes"]]
    cases += [_missing_case(pair) for pair in ledger["missing"]]
    if results["flags"]["incomplete"]:
        case = ET.Element("testcase", {"classname": "RUN", "name": "complete"})
        text = "\n".join((results["sentence"], *ledger["problems"]))
        _child(
            case, "error", message=one_line(results["sentence"]), type="incomplete"
        ).text = for_xml(text, None)
        cases.append(case)
    if results.get("gate"):
        cases.append(_gate_case(results["gate"]))
    kinds = Counter(child.tag for case in cases for child in case)
    counts = {
        "tests": str(len(cases)),
        "failures": str(kinds["failure"]),
        "errors": str(kinds["error"]),
        "skipped": str(kinds["skipped"]),
    }
    root = ET.Element("testsuites", {"name": SUITE, **counts})
    started = datetime.fromisoformat(run["started"]).isoformat()
    suite = _child(root, "testsuite", name=SUITE, timestamp=started, **counts)
    properties = _child(suite, "properties")
    _property(properties, "verdict", results["verdict"])
    _property(properties, "sentence", results["sentence"])
    _property(properties, "ledger", ledger["sentence"])
    suite.extend(cases)
    ET.indent(root, " ")
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _outcome_case(outcome: Mapping[str, Json], since: str) -> ET.Element:
    case = _case(outcome["check"], outcome["object"])
    properties = _child(case, "properties")
    _property(properties, "finding", finding_of(outcome))
    _property(properties, "object", f"{outcome['object']['class']} {outcome['object']['name']}")
    if since:
        _property(properties, "since-the-baseline", since)
    word = outcome["outcome"]
    if word == "blocked":
        failure = _child(case, "failure", message=one_line(outcome["message"]), type="blocked")
        failure.text = _details(outcome)
    elif word == "not-verified":
        error = _child(case, "error", message=one_line(outcome["cause"]), type="not-verified")
        error.text = _details(outcome)
    elif word == "waived":
        _child(case, "skipped", message=one_line(_waiver_reason(outcome)))
    elif word == "not-applicable":
        _child(case, "skipped", message=one_line(f"not applicable: {outcome['cause']}"))
    elif word in ("warning", "info"):
        _property(properties, word, outcome["message"])
    return case


def _gate_case(gate: Mapping[str, Json]) -> ET.Element:
    """The gate as a case of its own, for it can be closed where every outcome is fine."""
    case = ET.Element("testcase", {"classname": "RUN", "name": "gate"})
    if not gate["open"]:
        first, *reasons = lines_of(gate)
        failure = _child(case, "failure", message=one_line(first), type="gate")
        failure.text = for_xml("\n".join(reasons))
    return case


def _missing_case(pair: Mapping[str, Json]) -> ET.Element:
    case = _case(pair["check"], pair["object"])
    _property(_child(case, "properties"), "finding", finding_of(pair))
    if pair["fate"] == "deselected":
        _child(case, "skipped", message="deselected: planned, and filtered out of this run")
    else:
        _child(case, "error", message="planned, and never reached", type="not-reached")
    return case


def _case(check: str, object_: Mapping[str, Json]) -> ET.Element:
    name = object_id(object_["name"], object_["uuid"])
    return ET.Element("testcase", {"classname": one_line(check, NAME_LIMIT), "name": name})


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


def _child(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag, {key: for_xml(value) for key, value in attributes.items()})


def _property(properties: ET.Element, name: str, value: str) -> None:
    _child(properties, "property", name=name, value=one_line(value))
