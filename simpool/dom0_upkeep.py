"""How a simulated dom0 is kept: repositories, packages, locks, what was added by hand."""

from rules.added_by_hand import CRONTABS
from rules.foreign_packages import TRANSACTIONS
from rules.proxies import PROXIES
from rules.repositories import REPOSITORIES
from rules.update_locks import LOCKS
from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State

_CENTOS = (
    "/etc/yum.conf:[main]\n"
    "/etc/yum.repos.d/CentOS-Base.repo:[base]\n"
    "/etc/yum.repos.d/CentOS-Base.repo:enabled=0\n"
)
_CRONTABS = "/etc/cron.d/0hourly\n/etc/cron.d/xapi-logrotate.cron\ndone\n"
_NO_PROXIES = "/etc/yum.conf:0\n/etc/yum.repos.d/CentOS-Base.repo:0\n"
_XCP_NG = (
    "/etc/yum.repos.d/xcp-ng.repo:[xcp-ng-base]\n"
    "/etc/yum.repos.d/xcp-ng.repo:enabled=1\n"
    "/etc/yum.repos.d/xcp-ng.repo:[xcp-ng-testing]\n"
    "/etc/yum.repos.d/xcp-ng.repo:enabled=0\n"
)


def answers(state: Dom0State) -> dict[str, CannedAnswer]:
    """Command -> answer, healthy."""
    own = _XCP_NG if state.brand == "XCP-ng" else ""
    return {
        CRONTABS.command: CannedAnswer(_CRONTABS),
        LOCKS.command: CannedAnswer("done\n"),
        TRANSACTIONS.command: CannedAnswer("done\n"),
        PROXIES.command: CannedAnswer(f"{_NO_PROXIES}done\n"),
        REPOSITORIES.command: CannedAnswer(f"{_CENTOS}{own}done\n"),
    }
