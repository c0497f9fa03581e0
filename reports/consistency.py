"""Whether `results.json` agrees with itself: nobody approves a word that its own rows deny."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from fixtures.raw import Json
from reports.ledger import FATES
from reports.outcome import OUTCOMES
from reports.results import finding_of

_NO_FORM: Final = "its results do not have the form of results"


def contradictions(results: Mapping[str, Json]) -> list[str]:
    """What of the content of a `results.json` cannot be true together; empty if all can."""
    try:
        return [*_of_verdict(results), *_of_waivers(results), *_of_ledger(results)]
    except (AttributeError, KeyError, TypeError):
        return [_NO_FORM]


def _of_verdict(results: Mapping[str, Json]) -> list[str]:
    flags, outcomes = results["flags"], results["outcomes"]
    words = {one["outcome"] for one in outcomes}
    blocked = "blocked" in words
    weights = {one["id"]: one["severity"] for one in results["catalogue"]}
    unknown = any(
        one["outcome"] == "not-verified" and "blocker" in (one["severity"], weights[one["check"]])
        for one in outcomes
    )
    found = []
    if blocked and flags["blocked"] is not True:
        found.append("it has a blocker that its verdict denies")
    if unknown and flags["not_verified"] is not True:
        found.append("it has a blocker that is not verified, which its verdict denies")
    if any(one["outcome"] == "warning" and one["severity"] == "blocker" for one in outcomes):
        found.append("it has a blocker that only warns")
    if blocked:
        word = "BLOCKED"
    elif flags["incomplete"] is not False:
        word = "INCOMPLETE"
    elif unknown:
        word = "NOT VERIFIED"
    else:
        lesser = words & {"warning", "waived", "not-verified"}
        word = "READY WITH CONDITIONS" if lesser else "READY"
    if results["verdict"] != word:
        found.append(f"its verdict is {results['verdict']}, and its outcomes say {word}")
    return found


def _of_waivers(results: Mapping[str, Json]) -> list[str]:
    waivable = {one["id"]: one["waivable"] for one in results["catalogue"]}
    waived = [one for one in results["outcomes"] if one["outcome"] == "waived"]
    return [
        f"{finding_of(one)} is waived, and cannot be"
        for one in waived
        if one["waiver"] is None or waivable[one["check"]] is not True
    ]


def _of_ledger(results: Mapping[str, Json]) -> list[str]:
    ledger, outcomes = results["ledger"], results["outcomes"]
    keys = Counter((finding_of(one), one["object"]["class"]) for one in outcomes)
    rows = Counter((one["check"], one["outcome"]) for one in outcomes)
    told = Counter(
        {(one["check"], word): one[word] for one in ledger["checks"] for word in OUTCOMES}
    )
    sums = [ledger["planned"] == sum(ledger[fate] for fate in FATES)]
    sums += [
        ledger[key] == sum(one[key] for one in ledger["checks"]) for key in ("planned", *FATES)
    ]
    sums += [one["planned"] == sum(one[fate] for fate in FATES) for one in ledger["checks"]]
    sums += [rows == told, max(keys.values(), default=0) <= 1]
    sums += [ledger["adds_up"] is True, ledger["problems"] == []]
    if not all(sums):
        return ["its ledger does not add up"]
    whole = ledger["planned"] > 0 and not ledger["not-reached"] and not ledger["deselected"]
    return [] if whole or results["flags"]["incomplete"] is True else ["its ledger is not complete"]
