"""Oddities of healthy pools that must not turn red, and harm that looks like health."""

import pytest

from fixtures.model import Host, PoolFacts, Ref
from rules.memory import control_domain
from selftests.vm_judging import AGILITY, EVACUATION, NOW, outcome, raw_of, small_pool
from simpool.builder import (
    add_cd,
    add_disk,
    add_record,
    add_snapshot,
    add_sr,
    add_vm,
    host,
    pool_record,
    ref_of,
    vm,
)
from simpool.data import SimError, SimPool
from simpool.pools import build


def management(pool: SimPool, name: str, **values: str) -> None:
    """Change the management interface of a host."""
    on = ref_of(pool, "host", name)
    for pif in pool.records["PIF"].values():
        if pif["host"] == on and pif["management"]:
            pif.update(values)


def judged(pool: SimPool, check: str, name: str, *, answers: bool = True) -> str:
    return outcome(raw_of(pool, answers=answers), check, name).outcome


class TestManagement:
    @pytest.mark.parametrize(("mode", "lacks", "word"), [
        ("DHCP", "gateway", "pass"), ("DHCP", "DNS", "pass"), ("DHCP", "IP", "blocked"),
        ("Static", "gateway", "blocked"), ("Static", "netmask", "blocked"),
        ("Static", "DNS", "warning"), ("None", "DNS", "blocked"),
    ])  # fmt: skip
    def test_a_lease_need_not_be_recorded_in_full(self, mode: str, lacks: str, word: str) -> None:
        pool = small_pool()
        management(pool, "beta", ip_configuration_mode=mode)
        management(pool, "beta", **{lacks: ""})
        assert judged(pool, "HOST-MANAGEMENT-01", "beta") == word


class TestAfterTheUpgrade:
    def pool(self) -> SimPool:
        pool = small_pool()
        pool.settings["phase"] = "after"
        return pool

    def test_high_availability_may_be_on_again(self) -> None:
        pool = self.pool()
        pool_record(pool).update(ha_enabled=True, wlb_enabled=True)
        assert judged(pool, "POOL-HA-01", "small") == "not-applicable"
        assert judged(pool, "POOL-WLB-01", "small") == "not-applicable"

    @pytest.mark.parametrize("check", ["VM-LOCAL-01", "VM-AGILE-01", "VM-EVACUATE-01"])
    def test_vms_on_local_disks_may_run_again(self, check: str) -> None:
        pool = self.pool()
        add_vm(pool, "web", host="alpha", disks=[("local", 8)], networks=["lan"])
        assert judged(pool, check, "web", answers=False) == "not-applicable"
        pool.settings["phase"] = "before"
        assert judged(pool, check, "web", answers=False) == "blocked"

    def test_the_wizard_is_done(self) -> None:
        pool = self.pool()
        host(pool, "beta")["license_params"]["restrict_rpu"] = "true"
        assert judged(pool, "POOL-LICENCE-01", "beta") == "pass"
        pool.settings["phase"] = "before"
        assert judged(pool, "POOL-LICENCE-01", "beta") == "blocked"

    def test_processors_no_longer_have_to_agree(self) -> None:
        pool = self.pool()
        add_vm(pool, "web", host="alpha", disks=[("san", 8)], networks=["lan"])
        host(pool, "beta")["cpu_info"]["vendor"] = "AuthenticAMD"
        assert judged(pool, "HOST-CPU-01", "beta") == "not-applicable"


@pytest.mark.parametrize(("hosts", "without", "word"), [
    (("alpha",), True, "warning"), (("alpha",), False, "blocked"),
    (("alpha", "beta"), True, "blocked"),
])  # fmt: skip
def test_a_disc_in_a_pool_of_one_host(hosts: tuple[str, ...], without: bool, word: str) -> None:
    pool = small_pool(hosts=hosts)
    pool.settings["no_xencenter"] = without
    add_vm(pool, "web", host="alpha", disks=[("san", 8)], networks=["lan"])
    add_cd(pool, "web", add_disk(pool, "drivers", "local", 1))
    assert judged(pool, "VM-CD-01", "web") == word


def test_one_host_has_nowhere_to_empty_its_vms_to() -> None:
    pool = small_pool(hosts=("alpha",))
    add_vm(pool, "web", host="alpha", disks=[("local", 8)], networks=["lan"])
    assert judged(pool, "VM-LOCAL-01", "web") == "not-applicable"


@pytest.mark.parametrize(("target", "word"), [
    ("xcp-ng-8.3", "warning"), ("citrix-hypervisor-8.0", "blocked"),
])  # fmt: skip
def test_sockets_matter_to_xencenter_alone(target: str, word: str) -> None:
    pool = small_pool("8.2")
    pool.settings["target"] = target
    add_vm(pool, "many", host="alpha", disks=[("san", 8)], networks=["lan"], vcpus=24)
    vm(pool, "many")["platform"].pop("cores-per-socket", None)
    assert judged(pool, "VM-VCPU-01", "many") == word


@pytest.mark.parametrize("kind", ["pv", "pvh", "pv_in_pvh"])
def test_guests_that_need_no_tools_to_be_suspended(kind: str) -> None:
    pool = small_pool("8.2")
    add_vm(
        pool, "web", host="alpha", disks=[("san", 8)], networks=["lan"], tools=False,
        domain_type=kind,
    )  # fmt: skip
    assert "tools" not in outcome(raw_of(pool, answers=False), "VM-EVACUATE-01", "web").message


class TestClusterOn75:
    """XenCenter upgrades no pool of exactly 7.5 with a cluster or GFS2, whatever the target."""

    def pool(self, platform: str) -> SimPool:
        pool = small_pool("7.6")
        pool.settings["target"] = "citrix-hypervisor-8.0"
        for record in pool.records["host"].values():
            record["software_version"]["platform_version"] = platform
        return pool

    @pytest.mark.parametrize(
        ("platform", "word"), [("2.6.0", "blocked"), ("2.7.0", "pass"), ("none", "not-verified")]
    )
    def test_gfs2(self, platform: str, word: str) -> None:
        pool = self.pool(platform)
        add_sr(pool, "shared files", "gfs2", shared=True)
        assert judged(pool, "POOL-CLUSTER-01", "small") == word

    @pytest.mark.parametrize(("platform", "enabled", "word"), [
        ("2.6.0", True, "blocked"), ("2.6.0", False, "pass"), ("2.7.0", True, "pass"),
    ])  # fmt: skip
    def test_members(self, platform: str, enabled: bool, word: str) -> None:
        pool = self.pool(platform)
        cluster = add_record(pool, "Cluster", "c", {})
        on = ref_of(pool, "host", "alpha")
        add_record(pool, "Cluster_host", "m", {"cluster": cluster, "host": on, "enabled": enabled})
        assert judged(pool, "POOL-CLUSTER-01", "small") == word


class TestVersions:
    def test_another_kernel_is_refused_by_nobody(self) -> None:
        pool = small_pool()
        host(pool, "beta")["software_version"]["linux"] = "4.19.322"
        assert judged(pool, "POOL-VERSION-01", "beta") == "warning"

    def test_but_not_beside_more(self) -> None:
        pool = small_pool()
        host(pool, "beta")["software_version"].update(linux="4.19.322", build_number="1")
        assert judged(pool, "POOL-VERSION-01", "beta") == "blocked"


class TestAgility:
    def pool(self) -> SimPool:
        pool = small_pool()
        ref = add_vm(pool, "cad", host="alpha", disks=[("san", 8)], networks=["lan"])
        pool.answers[AGILITY] = {ref: SimError(("VM_HAS_VGPU", ref))}
        add_record(pool, "VGPU", "g", {"VM": ref})
        return pool

    def test_what_xapi_moves_all_the_same_only_warns(self) -> None:
        pool = self.pool()
        pool.answers[EVACUATION] = {ref: {} for ref in pool.records["host"]}
        assert judged(pool, "VM-AGILE-01", "cad") == "warning"

    def test_without_its_word_it_blocks(self) -> None:
        pool = self.pool()
        pool.answers.pop(EVACUATION, None)
        assert judged(pool, "VM-AGILE-01", "cad") == "blocked"

    def test_a_suspended_vm_is_not_in_its_answer(self) -> None:
        pool = self.pool()
        pool.answers[EVACUATION] = {ref: {} for ref in pool.records["host"]}
        vm(pool, "cad").update(power_state="Suspended", resident_on="OpaqueRef:NULL")
        assert judged(pool, "VM-AGILE-01", "cad") == "blocked"


@pytest.mark.parametrize(("protocol", "address", "word"), [
    ("pssl", "", "pass"), ("ssl", "", "blocked"), ("ssl", "192.0.2.7", "blocked"),
])  # fmt: skip
def test_hosts_that_listen_for_xen_orchestra(protocol: str, address: str, word: str) -> None:
    pool = small_pool("8.2")
    pool.settings["target"] = "xcp-ng-8.3"
    add_record(pool, "SDN_controller", "c", {"protocol": protocol, "address": address, "port": 0})
    assert judged(pool, "POOL-VSWITCH-01", "small") == word


@pytest.mark.parametrize(("stated", "word"), [
    ("false", "warning"), (None, "blocked"), ("true", "blocked"),
])  # fmt: skip
def test_an_edition_of_another_name_that_allows_the_wizard(stated: str | None, word: str) -> None:
    pool = small_pool("8.2")
    pool.settings["target"] = "xenserver-8"
    record = host(pool, "beta")
    record["edition"] = "enterprise-per-user"
    record["license_params"].pop("restrict_rpu", None)
    if stated is not None:
        record["license_params"]["restrict_rpu"] = stated
    assert judged(pool, "POOL-LICENCE-01", "beta") == word


def test_an_enrolment_that_outlived_the_service() -> None:
    pool = build("xs8", NOW)
    pool.settings["target"] = "xenserver-9"
    name = pool_record(pool)["name_label"]
    pool_record(pool)["health_check_config"] = {"Enrollment": "true"}
    assert judged(pool, "POOL-HEALTHCHECK-01", name) == "not-applicable"


@pytest.mark.parametrize(("provider", "word"), [("iscsi", "blocked"), ("hba", "not-applicable")])
def test_gfs2_over_iscsi_needs_initiator_names(provider: str, word: str) -> None:
    pool = small_pool("8.2")
    pool.records["SR"][ref_of(pool, "SR", "san")]["type"] = "lvmohba"
    add_sr(pool, "files", "gfs2", shared=True, device_config={"provider": provider})
    for name in ("alpha", "beta"):
        host(pool, name)["iscsi_iqn"] = "iqn.2017-08.example:same"
    assert judged(pool, "HOST-IQN-01", "beta") == word


def test_every_pool_says_which_xencenter_it_asks_for() -> None:
    pool = small_pool()
    pool.settings["xencenter"] = "8.0.0"
    pool.inputs["xencenter"] = {"version": "8.0.0"}
    for record in pool.records["host"].values():
        record["software_version"].pop("xencenter_min", None)
    assert judged(pool, "CLIENT-XENCENTER-01", "small") == "not-verified"


def test_a_detached_drive_that_nobody_uses_only_warns() -> None:
    pool = small_pool()
    add_sr(pool, "Removable storage", "udev", shared=False, hosts=["beta"], attached=False)
    assert judged(pool, "POOL-STORAGE-01", "Removable storage") in {"pass", "warning"}


def test_a_host_renews_its_own_certificate() -> None:
    pool = build("xcpng83", NOW)
    name = pool_record(pool)["name_label"]
    add_record(pool, "Certificate", "c", {"type": "host"})
    assert judged(pool, "POOL-CERTIFICATES-01", name) == "pass"


def test_a_driver_domain_is_not_dom0() -> None:
    pool = small_pool("8.2")
    add_vm(
        pool, "aaa driver domain", host="alpha", is_control_domain=True, memory_gib=0.25,
        networks=["lan"],
    )  # fmt: skip
    facts = PoolFacts(raw_of(pool))
    own = facts.get(Host, Ref(ref_of(pool, "host", "alpha")))
    assert control_domain(own).title.startswith("Control domain")


class TestMoving:
    """To another pool, of the pool `moving`: what xapi refuses, and what it does not."""

    def pool(self) -> SimPool:
        return build("moving", NOW)

    def word(self, pool: SimPool) -> tuple[str, str]:
        found = outcome(raw_of(pool), "VM-MOVE-01", "files")
        return found.outcome, found.message or found.cause

    def test_it_moves(self) -> None:
        assert self.word(self.pool())[0] == "pass"

    def test_not_with_a_device_of_its_host(self) -> None:
        pool = self.pool()
        vm(pool, "files")["attached_PCIs"] = ["OpaqueRef:card"]
        assert self.word(pool)[0] == "blocked"
        assert "PCI device" in self.word(pool)[1]
        vm(pool, "files").update(power_state="Halted", resident_on="OpaqueRef:NULL")
        assert "PCI device" not in self.word(pool)[1]

    def test_not_where_somebody_forbade_it(self) -> None:
        pool = self.pool()
        vm(pool, "files")["blocked_operations"] = {"migrate_send": "no"}
        assert self.word(pool)[0] == "blocked"

    def _need(self, pool: SimPool, used_gib: int) -> None:
        for disk in pool.records["VDI"].values():
            disk.update(virtual_size=str(10**15), physical_utilisation=str(used_gib * 1024**3))

    def test_what_snapshots_hold_needs_room_too(self) -> None:
        pool = self.pool()
        add_snapshot(pool, "files", "before")
        assert self.word(pool)[0] == "pass"
        for disk in pool.records["VDI"].values():
            if disk["is_a_snapshot"]:
                disk["physical_utilisation"] = str(10**16)
        assert self.word(pool)[0] == "blocked"

    @pytest.mark.parametrize(("kind", "used", "word"), [
        ("nfs", 10, "warning"), ("nfs", 10**6, "blocked"), ("lvmohba", 10, "blocked"),
    ])  # fmt: skip
    def test_images_that_grow(self, kind: str, used: int, word: str) -> None:
        pool = self.pool()
        self._need(pool, used)
        for sr in pool.inputs["destination"]["classes"]["SR"]["records"].values():
            if sr["type"] not in {"iso", "udev"}:
                sr["type"] = kind
        assert self.word(pool)[0] == word


class TestFieldsOfLaterUpdates:
    """Not every pool of a release has what its updates brought."""

    def test_82_without_its_first_hotfixes(self) -> None:
        pool = small_pool("8.2")
        for record in pool.records["host"].values():
            record["software_version"]["db_schema"] = "5.601"
        del pool_record(pool)["is_psr_pending"]
        assert judged(pool, "POOL-BUSY-01", "small") == "pass"
        for record in pool.records["host"].values():
            record["software_version"]["db_schema"] = "5.602"
        assert judged(pool, "POOL-BUSY-01", "small") == "not-verified"

    def test_83_as_it_was_first(self) -> None:
        pool = build("xcpng83", NOW)
        name = pool_record(pool)["name_label"]
        add_record(pool, "Certificate", "c", {"name": "corp.pem", "type": "ca"})
        for record in pool.records["Certificate"].values():
            record.pop("fingerprint_sha256", None)
        assert judged(pool, "POOL-CERTIFICATES-01", name) == "not-verified"
        for record in pool.records["host"].values():
            record["software_version"]["xapi_build"] = "garbage"
        assert judged(pool, "POOL-CERTIFICATES-01", name) == "not-verified"
        for record in pool.records["host"].values():
            record["software_version"]["xapi_build"] = "24.19.2"
        assert judged(pool, "POOL-CERTIFICATES-01", name) == "not-applicable"
