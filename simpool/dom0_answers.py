"""What the dom0s of a simulated pool print when they are asked.

Every answer follows from a `Dom0State`; `change_dom0` changes the state and, with it, the answers
that depend on it and no others, so that several faults can meet in one dom0.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from fixtures import probes
from fixtures.dom0_framing import STDERR_CAP
from fixtures.probes import Probe
from fixtures.raw import RawProbe
from rules.restarts import INSTALL_TIMES
from rules.trust import POOL_CERTIFICATES
from simpool import (
    dom0_boot,
    dom0_disks,
    dom0_network,
    dom0_paths,
    dom0_scripts,
    dom0_settings,
    dom0_system,
    dom0_trust,
    dom0_upkeep,
    hardware,
)
from simpool.data import CannedAnswer, SimPool
from simpool.dom0_state import Dom0State
from simpool.dom0_trust import pool_certificates
from simpool.generations import GENERATIONS
from simpool.records import MIB, find, pool_record

NOT_FOUND: Final = 127
_GENERATION_FILES: Final = ("/var/lib/xcp/state.db.generation", "/var/xapi/state.db.generation")


class Dom0Answers(dict[str, CannedAnswer]):
    """Command -> what it prints, and the state it follows from."""

    def __init__(self, state: Dom0State) -> None:
        super().__init__(answers_of(state))
        self.state = state

    def change(self, **changes: Any) -> None:
        """Change the state and what follows from it; what was set by hand otherwise stays."""
        before, after = answers_of(self.state), answers_of(replace(self.state, **changes))
        self.state = replace(self.state, **changes)
        for command in {*before, *after}:
            if before.get(command) == after.get(command):
                continue
            if command in after:
                self[command] = after[command]
            else:
                self.pop(command, None)


def dom0_state(pool: SimPool, host: str) -> Dom0State:
    """The state of the dom0 of the host with this name."""
    return _answers(pool, host).state


def change_dom0(pool: SimPool, host: str, **changes: Any) -> None:
    """Change the dom0 of the host with this name; the names are those of `Dom0State`."""
    _answers(pool, host).change(**changes)


def _answers(pool: SimPool, host: str) -> Dom0Answers:
    found = pool.dom0[find(pool, "host", host)[1]["uuid"]]
    if not isinstance(found, Dom0Answers):
        raise TypeError(f"the dom0 of {host} was replaced by hand")
    return found


def add_dom0(pool: SimPool, host: str, *, brand: str, up_days: float) -> None:
    """Give a host its dom0; called by `add_host`."""
    ref, record = find(pool, "host", host)
    coordinator = pool.records["host"][pool_record(pool)["master"]]
    made, now = GENERATIONS[pool.release], pool.now
    domain = next(
        vm
        for vm in pool.records["VM"].values()
        if vm["is_control_domain"] and vm["resident_on"] == ref
    )
    state = Dom0State(
        name=host,
        brand=brand,
        release=pool.release,
        host_uuid=record["uuid"],
        domain_uuid=domain["uuid"],
        now=now,
        booted=now - timedelta(days=up_days),
        memory_mib=int(domain["memory_static_max"]) // MIB,
        pool_conf="master" if coordinator is record else f"slave:{coordinator['address']}",
        layout=made.layout,
        efi=made.layout == "D",
        oldest_message=now - timedelta(days=58),
        patches=() if pool.release in {"6.5", "7.0"} else None,
        updates=() if pool.release in {"7.1", "7.2", "7.6", "8.0", "8.2"} else None,
    )
    pool.dom0[record["uuid"]] = Dom0Answers(state)
    for answers in pool.dom0.values():  # each trusts all members, younger ones too
        answers[POOL_CERTIFICATES.command] = pool_certificates(pool.release, pool.dom0)


def answers_of(state: Dom0State) -> dict[str, CannedAnswer]:
    """Command -> answer, for every command that every audit asks."""
    known = {**_system(state), **_disk(state), **_hardware(), **_upkeep(state), **_blobs(state)}
    for topic in (
        dom0_boot, dom0_network, dom0_paths, dom0_scripts, dom0_settings, dom0_trust, dom0_upkeep,
    ):  # fmt: skip
        known |= topic.answers(state)
    return known


def _system(state: Dom0State) -> dict[str, CannedAnswer]:
    made = GENERATIONS[state.release]
    up = (state.now - state.booted).total_seconds()
    old = state.release == "6.5"
    return {
        probes.INVENTORY.command: CannedAnswer(dom0_system.inventory(state)),
        probes.POOL_CONF.command: CannedAnswer(state.pool_conf),
        probes.RELEASE.command: CannedAnswer(dom0_system.redhat_release(state)),
        probes.OS_RELEASE.command: (
            _absent("cat", "/etc/os-release")
            if old
            else CannedAnswer(dom0_system.os_release(state))
        ),
        probes.UNAME.command: CannedAnswer(f"Linux {made.linux} x86_64\n"),
        probes.HOSTNAME.command: CannedAnswer(f"{state.name}\n"),
        probes.CLOCK.command: CannedAnswer(f"{int(state.now.timestamp())}\n"),
        probes.UPTIME.command: CannedAnswer(f"{up:.2f} {up * 15.2:.2f}\n"),
        probes.CHRONY.command: _chrony(state) if made.chrony else not_found("chronyc"),
        probes.NTP.command: not_found("ntpq") if made.chrony else _ntp(state),
        probes.EFI.command: _stat("/sys/firmware/efi", state, present=state.efi, marker=False),
    }


def _disk(state: Dom0State) -> dict[str, CannedAnswer]:
    kib, kib_problem = dom0_disks.df_kib(state)
    inodes, inodes_problem = dom0_disks.df_inodes(state)
    return {
        probes.MOUNTS.command: CannedAnswer(dom0_disks.mounts(state)),
        probes.FSTAB.command: CannedAnswer(dom0_disks.fstab(state)),
        probes.SPACE.command: CannedAnswer(kib, kib_problem, 1 if kib_problem else 0),
        probes.INODES.command: CannedAnswer(inodes, inodes_problem, 1 if inodes_problem else 0),
        probes.PRIMARY_DISK.command: CannedAnswer(f"{state.disk}\n"),
        probes.TABLE_SGDISK.command: CannedAnswer(dom0_disks.sgdisk(state)),
        probes.TABLE_PARTED.command: CannedAnswer(dom0_disks.parted(state)),
        probes.PARTITIONS.command: CannedAnswer(dom0_disks.proc_partitions(state)),
        probes.DISK_SIZE.command: CannedAnswer(f"{state.disk_bytes // 512}\n512\n"),
        probes.BLKID.command: CannedAnswer(dom0_disks.blkid(state)),
        probes.SAFE2UPGRADE.command: _stat(
            "/var/preserve/safe2upgrade",
            state,
            present=state.safe2upgrade,
        ),
    }


def _hardware() -> dict[str, CannedAnswer]:
    values = (
        hardware.MANUFACTURER,
        hardware.PRODUCT,
        hardware.BIOS_VENDOR,
        hardware.BIOS_VERSION,
    )
    names = ("sys_vendor", "product_name", "bios_vendor", "bios_version")
    sysfs = "".join(
        f"/sys/class/dmi/id/{name}:{value}\n" for name, value in zip(names, values, strict=True)
    )
    return {
        probes.DMI.command: CannedAnswer("".join(f"{value}\n" for value in values)),
        probes.DMI_SYSFS.command: CannedAnswer(sysfs),
        probes.CPU.command: CannedAnswer(dom0_system.cpuinfo()),
        probes.PCI.command: CannedAnswer(hardware.lspci_numbers()),
        probes.PCI_NAMES.command: CannedAnswer(hardware.lspci_names()),
        probes.PCI_SYSFS.command: CannedAnswer(hardware.sysfs()),
    }


def _upkeep(state: Dom0State) -> dict[str, CannedAnswer]:
    scripts = dom0_system.FIRSTBOOT_SCRIPTS if state.release != "8.3" else ()
    done = [name for name in scripts if name not in state.missing_stamps]
    stamps = "/etc/firstboot.d/state/"
    return {
        probes.FIRSTBOOT_SCRIPTS.command: CannedAnswer(_lines(scripts)),
        probes.FIRSTBOOT.command: CannedAnswer(
            _lines((*scripts, "data", "state")) if scripts else "data\n"
        ),
        probes.FIRSTBOOT_STATE.command: (
            CannedAnswer(_lines(done)) if scripts else _absent("ls", stamps, 2)
        ),
        probes.RAN_NETWORK_INIT.command: _stat(
            "/var/lib/misc/ran-network-init", state, present=not scripts
        ),
        probes.RAN_STORAGE_INIT.command: _stat(
            "/var/lib/misc/ran-storage-init", state, present=not scripts
        ),
        probes.PATCHES.command: _listing("/var/patch/applied/", state.patches),
        probes.UPDATES.command: _listing("/var/update/applied/", state.updates),
        probes.PACKAGES.command: CannedAnswer(dom0_system.rpm(state)),
        INSTALL_TIMES.command: CannedAnswer(dom0_system.install_times(state)),
        **{
            probes.file(path).command: (
                CannedAnswer(f"{state.generation}")
                if path.startswith("/var/lib/xcp/")
                else _absent("cat", path)
            )
            for path in _GENERATION_FILES
        },
        probes.REBOOT_MARKER.command: _stat(
            "/var/run/nonpersistent/xapi/host-requires-reboot",
            state,
            present=state.reboot_marker,
        ),
        probes.CRON_BACKUP.command: dom0_system.cron_backup(state),
        probes.LOG_BACKUP.command: CannedAnswer(dom0_system.log_backup(state)),
    }


def _blobs(state: Dom0State) -> dict[str, CannedAnswer]:
    answers: dict[str, CannedAnswer] = {}
    for blobs in (probes.BLOBS_XCP, probes.BLOBS_XAPI):
        there = blobs is probes.BLOBS_XCP
        problem = f"ls: cannot access {blobs.root}/messages/: No such file or directory\n"
        oldest = f"{int(state.oldest_message.timestamp())}.02417\n" if state.messages else ""
        answers[blobs.present.command] = _stat(blobs.root, state, present=there, marker=False)
        answers[blobs.kilobytes.command] = (
            CannedAnswer(f"{state.blobs_kib}\t{blobs.root}\n")
            if there
            else CannedAnswer(
                "", f"du: cannot access '{blobs.root}': No such file or directory\n", 1
            )
        )
        answers[blobs.messages.command] = (
            CannedAnswer(f"{state.messages}\n") if there else CannedAnswer("0\n", problem)
        )
        answers[blobs.oldest.command] = CannedAnswer(oldest) if there else CannedAnswer("", problem)
    return answers


def _chrony(state: Dom0State) -> CannedAnswer:
    if not state.time_source:
        return CannedAnswer(dom0_system.CHRONY_LOST)
    return CannedAnswer(dom0_system.chrony(state.offset))


def _ntp(state: Dom0State) -> CannedAnswer:
    return CannedAnswer(dom0_system.ntp(state.offset, following=state.time_source))


def answered(canned: CannedAnswer | None, probe: Probe) -> RawProbe:
    """What is read of an answer to a probe; of None, what is read where nothing was prepared."""
    canned = canned or not_found(probe.command)
    stdout = canned.stdout.encode("utf-8", "surrogateescape")
    text = stdout[: probe.cap].decode("utf-8", "replace")
    truncated = len(stdout) > probe.cap
    if canned.hang or canned.delay > probe.deadline:
        seconds = float(probe.deadline)
        return RawProbe(probe.command, "timeout", None, seconds, text, "", truncated)
    stderr = canned.stderr.encode("utf-8", "surrogateescape")[:STDERR_CAP]
    said = stderr.decode("utf-8", "replace").rstrip("\n")  # as the script's shell reads it
    return RawProbe(probe.command, "done", canned.status, canned.delay, text, said, truncated)


def not_found(command: str) -> CannedAnswer:
    """The answer to a command that nothing was prepared for: no such file, or no such program."""
    program, _, rest = command.partition(" ")
    if program in {"cat", "stat", "ls"}:
        path = rest.split(" ")[-1]
        return CannedAnswer("", f"{program}: {path}: No such file or directory\n", 1)
    return CannedAnswer("", f"sh: {program}: command not found\n", NOT_FOUND)


def _lines(names: tuple[str, ...] | list[str]) -> str:
    return "".join(f"{name}\n" for name in names)


def _absent(program: str, path: str, status: int = 1) -> CannedAnswer:
    what = f"cannot access {path}" if program == "ls" else path
    return CannedAnswer("", f"{program}: {what}: No such file or directory\n", status)


def _listing(path: str, names: tuple[str, ...] | None) -> CannedAnswer:
    return _absent("ls", path, 2) if names is None else CannedAnswer(_lines(sorted(names)))


def _stat(path: str, state: Dom0State, *, present: bool, marker: bool = True) -> CannedAnswer:
    """What is printed of a marker, an empty file, or else of a directory."""
    if not present:
        return CannedAnswer("", f"stat: cannot stat '{path}': No such file or directory\n", 1)
    what = "regular empty file|0|644" if marker else "directory|4096|755"
    return CannedAnswer(f"{what}|root|root|{int(state.booted.timestamp())}\n")
