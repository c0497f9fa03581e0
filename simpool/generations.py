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
        state_folder: where xapi keeps its state in dom0.
    """

    product_version: str
    platform_version: str
    build: str
    api: tuple[int, int]
    xapi: str
    xapi_build: str
    schema: str
    date: str
    xen: str
    linux: str
    layout: str
    chrony: bool
    state_folder: str = "/var/lib/xcp"


GENERATIONS: Final[Mapping[str, Generation]] = {
    "6.5": Generation(
        "6.5.0",
        "1.9.0",
        "90233c",
        (2, 3),
        "1.3",
        "",
        "",
        "2014-12-16",
        "4.4.1-xs90192",
        "3.10.0+2",
        "B",
        False,
    ),
    "7.0": Generation(
        "7.0.0",
        "2.1.0",
        "125380c",
        (2, 5),
        "1.9",
        "",
        "",
        "2016-05-11",
        "4.6.1-xs125300",
        "3.10.0+10",
        "D",
        False,
    ),
    "7.1": Generation(
        "7.1.0",
        "2.2.0",
        "137272c",
        (2, 6),
        "1.9",
        "",
        "",
        "2017-02-09",
        "4.7.1-1.9",
        "4.4.0+2",
        "D",
        False,
    ),
    "7.2": Generation(
        "7.2.0",
        "2.3.0",
        "release/falcon/master/8",
        (2, 7),
        "1.9",
        "",
        "5.120",
        "2017-05-11",
        "4.7.1-1.18",
        "4.4.0+10",
        "D",
        False,
    ),
    "7.6": Generation(
        "7.6.0",
        "2.7.0",
        "release/lima/master/12",
        (2, 11),
        "1.20",
        "",
        "5.203",
        "2018-08-24",
        "4.7.6-6.2",
        "4.4.0+10",
        "D",
        False,
    ),
    "8.2": Generation(
        "8.2.1",
        "3.2.1",
        "release/yangtze/master/58",
        (2, 15),
        "1.20",
        "",
        "5.602",
        "2022-02-11",
        "4.13.4-9.17",
        "4.19.0+1",
        "D",
        True,
    ),
    "8.3": Generation(
        "8.3.0",
        "3.4.0",
        "cloud",
        (2, 21),
        "26.1",
        "26.1.3",
        "5.799",
        "2026-05-20",
        "4.17.5-13",
        "4.19.0+1",
        "D",
        True,
    ),
}


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
