"""Judges single checks on small embedded pools, without pytest and without a network."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from fixtures.audit import Audit
from fixtures.catalogue import discover
from fixtures.judgement import judge
from fixtures.model import VM, PoolFacts
from fixtures.raw import RawAnswer, RawClass, RawFacts
from fixtures.waivers import WaiverBook
from reports.outcome import Outcome
from simpool.builder import add_host, add_network, add_sr, new_pool, pool_record, ref_of
from simpool.data import SimPool
from simpool.direct import facts_of

NOW: Final = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
EVACUATION: Final = "host.get_vms_which_prevent_evacuation"
AGILITY: Final = "VM.assert_agile"
CPU: Final = {"vendor": "GenuineIntel", "features": "7ffefbff-bfebfbff-00000121-2c100800-001cbfbb"}
HOSTS: Final = ("alpha", "beta", "gamma")


def small_pool(release: str = "7.2", hosts: tuple[str, ...] = HOSTS, **host: Any) -> SimPool:
    """Hosts with a shared SR `san`, a local one `local` on the first, and a network `lan`."""
    pool = new_pool("small", release, NOW)
    for name in hosts:
        add_host(pool, name, **host)
    sr = add_sr(pool, "san", "lvmoiscsi", shared=True)
    add_sr(pool, "local", "ext", shared=False, hosts=[hosts[0]], device="/dev/sda3")
    add_network(pool, "lan", device="eth0", management=True)
    pool_record(pool).update(default_SR=sr, suspend_image_SR=sr)
    pool.settings = {"target": "citrix-hypervisor-8.0"}
    return pool


def raw_of(pool: SimPool, *, answers: bool = True) -> RawFacts:
    """The facts of a pool, with or without what xapi itself answers."""
    raw = facts_of(pool, probes=())
    return raw if answers else replace(raw, answers={})


def with_answer(raw: RawFacts, method: str, ref: str, answer: RawAnswer) -> RawFacts:
    """The same facts with another answer of xapi."""
    known = {**raw.answers.get(method, {}), ref: answer}
    return replace(raw, answers={**raw.answers, method: known})


def without_class(raw: RawFacts, name: str) -> RawFacts:
    """The same facts with a class that could not be read."""
    return replace(raw, classes={**raw.classes, name: RawClass("unread", cause="it timed out")})


def vm_of(raw: RawFacts, pool: SimPool, name: str) -> VM:
    """A typed VM by its name."""
    return PoolFacts(raw).get(VM, ref_of(pool, "VM", name))  # type: ignore[arg-type]


def outcomes(raw: RawFacts, check: str) -> dict[str, Outcome]:
    """What a check says of every object, by the object's name."""
    audit = Audit(raw)
    found = discover().checks[check]
    subjects = audit.objects[found.info.object_class]
    assert not isinstance(subjects, str)
    judged = [judge(found, subject, audit, WaiverBook({}, ())) for subject in subjects]
    return {outcome.object.name: outcome for outcome in judged}


def outcome(raw: RawFacts, check: str, name: str) -> Outcome:
    """What a check says of one object."""
    return outcomes(raw, check)[name]
