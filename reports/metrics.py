"""`poolproof.prom`: verdict and counts for the textfile collector of Prometheus' node exporter."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fixtures.raw import Json
from reports.outcome import OUTCOMES, SEVERITIES
from reports.text import one_line
from reports.verdict import EXIT_CODES


def metrics(results: Mapping[str, Json]) -> bytes:
    """The bytes of the textfile, from the content of `results.json`."""
    run = results["run"]
    pool = {"pool": run["pool"]["name"], "pool_uuid": run["pool"]["uuid"]}
    ended = datetime.fromisoformat(run["ended"]).timestamp()
    counts = {(severity, word): 0 for severity in SEVERITIES for word in OUTCOMES}
    for one in results["outcomes"]:
        counts[one["severity"], one["outcome"]] += 1
    lines = [
        *_family("poolproof_verdict", "1 for the verdict of the run, 0 for the others."),
        *(
            _sample("poolproof_verdict", {**pool, "verdict": word}, int(word == results["verdict"]))
            for word in EXIT_CODES
        ),
        *_family("poolproof_outcomes", "Outcomes of the run by severity."),
        *(
            _sample("poolproof_outcomes", {**pool, "severity": key[0], "outcome": key[1]}, number)
            for key, number in counts.items()
        ),
        *_family("poolproof_planned", "Judgements that the run owed."),
        _sample("poolproof_planned", pool, results["ledger"]["planned"]),
        *_family("poolproof_missing", "Judgements that were planned and have no outcome."),
        _sample(
            "poolproof_missing",
            pool,
            results["ledger"]["not-reached"] + results["ledger"]["deselected"],
        ),
        *_family("poolproof_run_ended_seconds", "When the facts were read, as seconds since 1970."),
        _sample("poolproof_run_ended_seconds", pool, int(ended)),
        *_since(results, pool),
        *_family("poolproof_run_info", "What was asked."),
        _sample(
            "poolproof_run_info",
            {
                **pool,
                "target": run["target"] or "",
                "method": run["method"],
                "phase": run["phase"],
                "version": run["tool"]["version"],
            },
            1,
        ),
    ]
    return "\n".join(lines).encode() + b"\n"


def _since(results: Mapping[str, Json], pool: Mapping[str, str]) -> list[str]:
    """Comparison and gate, where there are any."""
    comparison, gate = results.get("comparison"), results.get("gate")
    lines: list[str] = []
    if comparison:
        name = "poolproof_findings_since_baseline"
        lines += _family(name, "What became of the findings of the earlier run.")
        counts = sorted(comparison["counts"].items())
        lines += [_sample(name, {**pool, "change": kind}, number) for kind, number in counts]
    if gate:
        lines += _family("poolproof_gate_open", "1 if the signed run still holds, 0 if not.")
        lines.append(_sample("poolproof_gate_open", pool, int(gate["open"] is True)))
    return lines


def _family(name: str, text: str) -> Sequence[str]:
    return f"# HELP {name} {text}", f"# TYPE {name} gauge"


def _sample(name: str, labels: Mapping[str, str], value: int) -> str:
    written = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
    return f"{name}{{{written}}} {value}"


def _label(text: str) -> str:
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"')
