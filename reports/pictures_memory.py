"""Memory of each host, what becomes of its VMs while it is away, and the order of the upgrade."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from reports.picture_data import Known, PictureData
from reports.picture_memory import HostMemory, WithoutHost
from reports.picture_order import Step
from reports.svg import METER, counted, gib, label, meter, name, not_known, table, tag

_MOST_SHARES: Final = 4
_MOST_PIECES: Final = 16


def memory_picture(hosts: Sequence[tuple[str, Known[HostMemory]]]) -> tuple[str, Markup]:
    """Where the memory of each host goes: one sentence, and bars beside their numbers."""
    known = [one for _, one in hosts if not isinstance(one, str)]
    largest = max((max(one.total, one.system + one.guests) for one in known), default=1) or 1
    text = (
        f"The longest bar is {gib(largest)}: grey is the system (Xen and dom0), blue the VMs, which "
        "count with their dynamic minimum, as xapi plans."
        if known
        else "Not known."
    )
    rows = [(name(host), *_memory(one, largest)) for host, one in hosts if not isinstance(one, str)]
    return text, _drawn(("Host", "Memory", "In numbers"), rows, hosts)


def _drawn(
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    hosts: Sequence[tuple[str, object]],
) -> Markup:
    """The bars of the hosts of which something is known, then the others."""
    bars = table(heads, rows, "bars") if rows else Markup()
    return bars + not_known((host, one) for host, one in hosts if isinstance(one, str))


def _memory(one: HostMemory, largest: int) -> tuple[object, object]:
    parts = (
        ("k-system", one.system / largest),
        ("k-guests", one.guests / largest),
        ("k-free", one.free / largest),
    )
    text = (
        f"{gib(one.total)}: system {gib(one.system)}, {counted(one.vms, 'VM')} "
        f"{gib(one.guests)}, free {gib(one.free)}"
    )
    over = one.system + one.guests - one.total
    return meter(parts, one.total / largest if over > 0 else None), text + (
        f"; {gib(over)} more than it has" if over > 0 else ""
    )


def without_picture(
    hosts: Sequence[tuple[str, Known[WithoutHost]]], target: str
) -> tuple[str, Markup]:
    """One host away after the other: one sentence, and bars beside where its VMs go."""
    grown = f", after dom0 has grown to what {target} gives it" if target else ""
    text = (
        "Each bar is the memory that the other enabled hosts have free, one piece per host"
        f"{grown}. Blue is what they would take over, red is what finds no room when the largest "
        "VM is placed first, by memory alone. POOL-SPARE-01 tries other placements too, and "
        "whether a VM may move at all is judged per VM."
    )
    rows = [(name(host), *_without(one)) for host, one in hosts if not isinstance(one, str)]
    heads = ("Away", "Needed of what is free", "Where its VMs go")
    return text if rows else "Not known.", _drawn(heads, rows, hosts)


def _without(one: WithoutHost) -> tuple[object, object]:
    if not one.vms:
        return meter([]), "no VM runs on it"
    fits = not one.left_over
    bar = _placement(one)
    text = f"{counted(one.vms, 'VM')}, {gib(one.needed)} of {gib(one.free)} free. "
    taking = sorted((s for s in one.shares if s.vms), key=lambda share: -share.taken)
    said = "; ".join(
        f"{share.host} takes {share.vms} ({gib(share.taken)}, then {gib(share.room - share.taken)} free)"
        for share in taking[:_MOST_SHARES]
    )
    more = (
        f"; {len(taking) - _MOST_SHARES} more hosts take the rest"
        if len(taking) > _MOST_SHARES
        else ""
    )
    if fits:
        return bar, f"{text}{said}{more}."
    left = ", ".join(one.left_over[:_MOST_SHARES])
    others = (
        f" and {len(one.left_over) - _MOST_SHARES} more"
        if len(one.left_over) > _MOST_SHARES
        else ""
    )
    warning = tag(
        "strong", f"No room for {counted(len(one.left_over), 'VM')}: ", class_="blocked ink"
    )
    rest = f"{others}. {said}{more}." if said else f"{others}."
    return bar, tag("span", text, warning, tag("bdi", left), rest)


def _placement(one: WithoutHost) -> Markup:
    """A piece per remaining host: what it takes, what it keeps free; what finds no room last.

    Of many hosts those that take something have a piece, the others share the last.
    """
    over = one.needed - sum(share.taken for share in one.shares)
    scale = max(one.free + over, 1)
    shown = [share for share in one.shares if share.taken or len(one.shares) <= _MOST_PIECES]
    parts = []
    for share in shown[:_MOST_PIECES]:
        parts += [
            ("k-guests", share.taken / scale),
            ("k-free", (share.room - share.taken) / scale),
            ("gap", 2 / METER),
        ]
    rest = shown[_MOST_PIECES:]
    idle = one.free - sum(share.room for share in shown)
    parts.append(("k-guests", sum(share.taken for share in rest) / scale))
    parts.append(("k-free", (sum(s.room - s.taken for s in rest) + idle) / scale))
    return meter([*parts, ("k-over", over / scale)])


def order_picture(data: PictureData, method: str) -> tuple[str, Markup]:
    """The hosts in their turn: one sentence, and a chain."""
    steps = data.order
    if isinstance(steps, str):
        return f"Not known: {steps}.", Markup()
    text = {
        "rolling": "One host after the other: its VMs leave it, it is upgraded, it comes back.",
        "standalone": "One host after the other, its VMs shut down meanwhile.",
        "clean": "One host after the other: it leaves the pool, is installed afresh, joins again.",
    }.get(method, "One host after the other.")
    text += " The coordinator is first; the wizard takes the rest in an order of its own."
    if not data.verdict.startswith("READY"):
        text = f"Not to be begun: the verdict is {data.verdict}. {text}"
    last = len(steps)
    drawn = [_step(number, step, last) for number, step in enumerate(steps, start=1)]
    return text, tag("ol", *drawn, class_="steps")


def _step(number: int, step: Step, last: int) -> Markup:
    ready = "not-verified" if step.unknown or step.vms_unknown else "pass"
    ready = "blocked" if step.blocked or step.vms_blocked else ready
    line = [tag("path", d="M20 36V64")] if number < last else []
    badge = tag(
        "svg",
        *line,
        tag("circle", cx=20, cy=20, r=15),
        label(20, 25, str(number)),
        class_="badge",
        viewBox="0 0 40 64",
        aria_hidden="true",
        focusable="false",
    )
    said = [
        f"{counted(step.vms, 'VM')} on it"
        + (f", {gib(step.bytes)}" if step.bytes is not None else "")
    ]
    said += [f"{counted(step.blocked, 'blocker')} of its own"] if step.blocked else []
    said += [f"{step.vms_blocked} of its VMs blocked"] if step.vms_blocked else []
    said += [f"{counted(step.unknown, 'blocker')} not verified"] if step.unknown else []
    said += [f"{step.vms_unknown} of its VMs not verified"] if step.vms_unknown else []
    said += ["no blocker of its own"] if ready == "pass" else []
    who = tag("strong", tag("bdi", step.host))
    role = " coordinator" if step.coordinator else ""
    return tag(
        "li",
        badge,
        tag("span", who, role, tag("br"), tag("span", "; ".join(said), class_="soft small")),
        class_=ready,
    )
