"""`junit.xml` for CI servers, from the outcomes themselves rather than from pytest's reports.

`blocked` is a failure, `not-verified` and a pair that was not reached are errors, `warning` is a
pass with a property, `waived`, `not-applicable` and deselected pairs are skips with their reason. A
run that is incomplete has one error of its own, so that an empty or broken run is never green.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET

from reports.ledger import Ledger, Planned
from reports.outcome import ObjectRef, Outcome, outcome_order
from reports.text import NAME_LIMIT, for_xml, object_id, one_line
from reports.verdict import Verdict

SUITE: Final = "poolproof"


def junit(
    outcomes: Sequence[Outcome], ledger: Ledger, verdict: Verdict, *, started: datetime
) -> bytes:
    """The bytes of `junit.xml`.

    Args:
        outcomes: all outcomes, in any order.
        ledger: the account of the run; its missing pairs become cases too.
        verdict: the run's answer, as properties of the suite.
        started: when the run began, aware.
    """
    cases = [_outcome_case(outcome) for outcome in sorted(outcomes, key=outcome_order)]
    cases += [_missing_case(pair, "not reached") for pair in ledger.not_reached]
    cases += [_missing_case(pair, "deselected") for pair in ledger.deselected]
    if verdict.incomplete:
        case = ET.Element("testcase", {"classname": "RUN", "name": "complete"})
        text = "\n".join((verdict.sentence, *ledger.problems))
        _child(case, "error", message=one_line(verdict.sentence), type="incomplete").text = for_xml(
            text, None
        )
        cases.append(case)
    kinds = Counter(child.tag for case in cases for child in case)
    counts = {
        "tests": str(len(cases)),
        "failures": str(kinds["failure"]),
        "errors": str(kinds["error"]),
        "skipped": str(kinds["skipped"]),
    }
    root = ET.Element("testsuites", {"name": SUITE, **counts})
    suite = _child(root, "testsuite", name=SUITE, timestamp=started.isoformat(), **counts)
    properties = _child(suite, "properties")
    _property(properties, "verdict", verdict.word)
    _property(properties, "sentence", verdict.sentence)
    _property(properties, "ledger", ledger.sentence())
    suite.extend(cases)
    ET.indent(root, " ")
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _outcome_case(outcome: Outcome) -> ET.Element:
    case = _case(outcome.check, outcome.object)
    properties = _child(case, "properties")
    _property(properties, "finding", outcome.finding)
    _property(properties, "object", f"{outcome.object.class_} {outcome.object.name}")
    word = outcome.outcome
    if word == "blocked":
        failure = _child(case, "failure", message=one_line(outcome.message), type="blocked")
        failure.text = _details(outcome)
    elif word == "not-verified":
        error = _child(case, "error", message=one_line(outcome.cause), type="not-verified")
        error.text = _details(outcome)
    elif word == "waived":
        _child(case, "skipped", message=one_line(_waiver_reason(outcome)))
    elif word == "not-applicable":
        _child(case, "skipped", message=one_line(f"not applicable: {outcome.cause}"))
    elif word in ("warning", "info"):
        _property(properties, word, outcome.message)
    return case


def _missing_case(pair: Planned, fate: str) -> ET.Element:
    case = _case(pair.check, pair.object)
    _property(_child(case, "properties"), "finding", pair.finding)
    if fate == "deselected":
        _child(case, "skipped", message="deselected: planned, and filtered out of this run")
    else:
        _child(case, "error", message="planned, and never reached", type="not-reached")
    return case


def _case(check: str, object_: ObjectRef) -> ET.Element:
    name = object_id(object_.name, object_.uuid)
    return ET.Element("testcase", {"classname": one_line(check, NAME_LIMIT), "name": name})


def _details(outcome: Outcome) -> str:
    """What a CI server shows when a case is opened."""
    lines = [
        f"object: {outcome.object.class_} {one_line(outcome.object.name, NAME_LIMIT)}",
        f"uuid: {one_line(outcome.object.uuid, NAME_LIMIT)}",
        f"message: {outcome.message}" if outcome.message else "",
        f"cause: {outcome.cause}" if outcome.cause else "",
        f"remedy: {outcome.remedy}" if outcome.remedy else "",
    ]
    return for_xml("\n".join(line for line in lines if line))


def _waiver_reason(outcome: Outcome) -> str:
    waiver = outcome.waiver or {}
    until = f" until {waiver['until']}" if waiver.get("until") else ""
    owner = f" by {waiver['owner']}" if waiver.get("owner") else ""
    return f"waived{until}{owner}, was {waiver.get('original')}: {outcome.message or outcome.cause}"


def _child(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag, {key: for_xml(value) for key, value in attributes.items()})


def _property(properties: ET.Element, name: str, value: str) -> None:
    _child(properties, "property", name=name, value=one_line(value))
