"""Logins to simulated pools, and what is left of one that is refused."""

import traceback
from dataclasses import replace
from typing import Any

import pytest

from fixtures.exceptions import CannotAuditError
from fixtures.secret import Secret
from fixtures.tls import Trust, parse_pin
from fixtures.xenapi_session import Login, open_session
from simpool.data import SimPool, SimUser
from simpool.xenapi_endpoint import XenApiEndpoint

PASSWORD = "corr3ct-h0rse"
POOL = "OpaqueRef:pool"
READ = "pool.get_all_records"
LOGIN = "session.login_with_password"


def sim(release: str = "7.2") -> SimPool:
    records: Any = {"pool": {POOL: {"name_label": "p"}}, "host": {}}
    return SimPool("test", release, records, users={"root": SimUser(PASSWORD)})


def login_to(*endpoints: XenApiEndpoint, password: str = PASSWORD, **changes: Any) -> Login:
    pins = tuple(parse_pin(f"{served.address}={served.fingerprint}") for served in endpoints)
    login = Login(endpoints[0].url, "root", Secret(password), Trust(pins=pins), call_timeout=5.0)
    return replace(login, **{"booting_patience": 0.05, **changes})


def refusal(login: Login) -> str:
    """The one line with which a login ends; it never holds the password."""
    with pytest.raises(CannotAuditError) as refused, open_session(login):
        pytest.fail("logged in")
    text = str(refused.value)
    assert "\n" not in text
    shown = "".join(
        traceback.TracebackException.from_exception(refused.value, capture_locals=True).format()
    )
    assert PASSWORD not in shown
    return text
