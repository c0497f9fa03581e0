"""What tells the simulated releases apart: versions, API numbers, defaults of their time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Generation:
    """One release as its hosts describe themselves.

    Attributes:
        product_version: as in `Host.software_version`.
        platform_version: likewise.
        build: `build_number`.
        api: major and minor version of the XenAPI, also `xencenter_min` and `xencenter_max`.
        xapi: the key `xapi` (and `xapi_build` where the release states it).
        schema: database schema; only releases from 7.2 on state it.
        date: day of the build.
        xen: version of the hypervisor.
        linux: version of dom0's kernel.
        layout: partition layout that its installer makes: `A`, `B`, `C` or `D`.
        chrony: whether dom0 keeps time with chrony instead of ntpd.
    """

    product_version: str
    platform_version: str
    build: str
    api: tuple[int, int]
    xapi: str
    date: str
    xen: str
    linux: str
    xapi_build: str = ""
    schema: str = ""
    layout: str = "D"
    chrony: bool = False


GENERATIONS: Final[Mapping[str, Generation]] = {
    "6.5": Generation(
        "6.5.0", "1.9.0", "90233c", api=(2, 3), xapi="1.3",
        date="2014-12-16", xen="4.4.1-xs90192", linux="3.10.0+2", layout="B",
    ),
    "7.0": Generation(
        "7.0.0", "2.1.0", "125380c", api=(2, 5), xapi="1.9",
        date="2016-05-11", xen="4.6.1-xs125300", linux="3.10.0+10",
    ),
    "7.1": Generation(
        "7.1.0", "2.2.0", "137272c", api=(2, 6), xapi="1.9",
        date="2017-02-09", xen="4.7.1-1.9", linux="4.4.0+2",
    ),
    "7.2": Generation(
        "7.2.0", "2.3.0", "release/falcon/master/8", api=(2, 7), xapi="1.9", schema="5.120",
        date="2017-05-11", xen="4.7.1-1.18", linux="4.4.0+10",
    ),
    "7.6": Generation(
        "7.6.0", "2.7.0", "release/lima/master/12", api=(2, 11), xapi="1.20", schema="5.203",
        date="2018-08-24", xen="4.7.6-6.2", linux="4.4.0+10",
    ),
    "8.0": Generation(
        "8.0.0", "3.0.0", "release/naples/master/45", api=(2, 12), xapi="1.20", schema="5.400",
        date="2019-04-03", xen="4.11.1-7.5", linux="4.19.0+1",
    ),
    "8.2": Generation(
        "8.2.1", "3.2.1", "release/yangtze/master/58", api=(2, 15), xapi="1.20", schema="5.602",
        date="2022-02-11", xen="4.13.4-9.17", linux="4.19.0+1", chrony=True,
    ),
    "8.3": Generation(
        "8.3.0", "3.4.0", "cloud", api=(2, 21), xapi="26.1", xapi_build="26.1.3", schema="5.799",
        date="2026-05-20", xen="4.17.5-13", linux="4.19.0+1", chrony=True,
    ),
}  # fmt: skip


def software_version(release: str, brand: str, hostname: str) -> dict[str, str]:
    """`Host.software_version` of a host of this release.

    Args:
        release: a key of `GENERATIONS`.
        brand: `XenServer`, `Citrix Hypervisor` or `XCP-ng`.
        hostname: xapi repeats it there.
    """
    made = GENERATIONS[release]
    short = ".".join(made.product_version.split(".")[:2])
    version = {
        "product_version": made.product_version,
        "product_version_text": short,
        "product_version_text_short": short,
        "platform_name": "XCP",
        "platform_version": made.platform_version,
        "product_brand": brand,
        "build_number": made.build,
        "hostname": hostname,
        "date": made.date,
        "dbv": "0.0.1" if made.schema else "2014.1216",
        "xapi": made.xapi,
        "xen": made.xen,
        "linux": made.linux,
        "network_backend": "openvswitch",
        "xencenter_min": f"{made.api[0]}.{made.api[1]}",
        "xencenter_max": f"{made.api[0]}.{made.api[1]}",
    }
    if made.schema:
        version["db_schema"] = made.schema
    if made.xapi_build:
        version["xapi_build"] = made.xapi_build
    return version
