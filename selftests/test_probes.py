import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures import probes
from fixtures.probes import BASE_PROBES, Probe, distinct, refuse_unless_read_only

WRITING = [
    "rm -rf /", "echo x > /etc/passwd", "echo x >> /tmp/y", "cat /etc/fstab > /tmp/x",
    "ls | tee /tmp/x", "dd if=/dev/zero of=/dev/sda", "cat /etc/xensource/ptoken",
    "cat /etc/xensource/*", "cat /etc/shadow", "cat /etc/sh[a]dow", "cat /etc/[[:alpha:]]hadow",
    "cat /etc//shadow", "cat /etc/./shadow", "cat /etc/xensource/../shadow",
    "cat /proc/self/root/etc/shadow", "cat /proc/1/environ", "cat /dev/sda",
    "head -c 10 /etc/xensource/xapi-ssl.pem", "cat /root/.ssh/id_rsa", "cat /var/lib/xcp/state.db",
    "grep -r x /etc", "sort -o /tmp/x /etc/fstab", "sort --compress-program=sh /etc/fstab",
    "sed -i s/a/b/ /etc/fstab", "sed -n 'w /tmp/x' /etc/fstab",
    "sed -n 's/a/b/w /tmp/x' /etc/fstab", "sed -n 's/a/id/e' /etc/fstab",
    "sed -n '1e id' /etc/fstab", "sed -n -e p -i /etc/fstab",
    "sed -n 's/a/b/;w /tmp/x' /etc/fstab", "sed p /etc/fstab", "find / -delete",
    "find / -exec rm {} +", "find / -exec rm '{}' ';'", "find / -fprint /tmp/x",
    "find / -name x -ok rm", "find . -print", "find -print", "sgdisk -Z /dev/sda",
    "sgdisk -p -Z /dev/sda", "sgdisk --zap-all /dev/sda", "sgdisk -p",
    "parted -s /dev/sda mklabel gpt", "parted -s -m /dev/sda unit B print rm 1", "rpm -e xapi",
    "rpm -i x.rpm", "rpm -qa --pipe sh", "rpm --eval '%(id)'", "rpm -qa --define 'x y'",
    "rpm -qa --qf '%(id)'", "rpm --rebuilddb", "rpm -qp http://example/x.rpm --root /",
    "date -s 2020-01-01", "date 010203042020", "date --set=now", "date -u 010203042020",
    "hostname evil", "hostname -F /etc/hostname", "dmidecode --dump-bin /tmp/x",
    "dmidecode -d /dev/sda", "chronyc makestep", "chronyc -n settime",
    "chronyc -n tracking makestep", "ntpq -c quit", "ntpq -pn host", "blkid", "blkid -w /tmp/x",
    "blkid -c /tmp/x", "blkid -c /dev/null -g", "lspci -F /tmp/x", "lspci -Q",
    "ip link set eth0 down", "ip addr add 1.2.3.4 dev eth0", "ip route flush",
    "awk 'BEGIN{system(\"id\")}'", "python -c x", "sh -c id", "eval id", "exec ls",
    ". /etc/profile", "source /etc/profile", "trap id EXIT", "alias ls=rm", "command rm x",
    "ps aux", "ps -ef", "ps -e -o args",
    "command -v", "command -p rm", "env rm x", "xargs rm", "sudo ls", "xe vm-list",
    "yum check-update", "mount /dev/sda1 /mnt", "kill 1", "ls & rm x", "ls &", "ls; rm x",
    "ls && rm x", "ls || rm x", "ls | rm x", "`id`", "ls `id`", "ls $(id)", "echo $(rm x)",
    'echo "$(rm x)"', "x=$(rm x)", 'x="$(rm x)"', "x=1 ls", "PATH=/tmp ls", "x=1",
    "LD_PRELOAD=/x ls", "ls $HOME", 'ls "$HOME"', "ls ~root", "ls {/a,-R}", "ls *", "ls -- *",
    "ls ${x:=y}", 'ls "${x:-$(id)}"', "ls $((1))", 'echo "$((x=1))"', "ls <(id)",
    "cat < /etc/shadow", "cat <<E", "cat <<<x", "ls 2>/tmp/x", "ls >/dev/null", "ls 2>/dev/nullx",
    "ls >&2", "(ls)", "{ ls; }", "ls # comment", "ls\nrm x", "ls\rrm x", "ls\0rm", "", "   ", ";",
    "ls;;", "ls |", "| ls", "ls &&", ")", "ls )", "if", "if ls; then", "if true; then ls", "for",
    "for x in; do ls; done", "for x in /a; do ls", "done", "fi", "for IFS in /a; do ls; done",
    "for x in -rf; do ls; done", "for x in a*; do ls; done", "while true; do ls; done",
    "until false; do ls; done", "case x in x) ls;; esac", "function f { ls; }", "f() { ls; }",
    "test -v 'a[$(id)]'", "[ -v 'a[$(id)]' ]", "[ -e /x", "printf -v PATH /tmp", "printf %n x",
    "printf '%n' PATH", "\\rm x", "'rm' x", "r''m x", '"ls"', "/bin/rm x", "/bin/ls", "./x",
    "tail -f /dev/null", "tail --follow=name /var/log/messages", 'd=$(cat /etc/fstab); cat "$d"',
    'd=$(cat /etc/fstab); ls "$d"', 'd=$(readlink -f /x); cat "$d"',
    "d=$(readlink -f /x); sgdisk -p $d", 'd=$(echo -Z); sgdisk "$d" /dev/sda',
    'for f in /etc/xensource/*; do cat "$f"; done', 'for f in /etc/*; do grep -H . "$f"; done',
    'd=$(cat /etc/fstab); test "$d" x', "systemctl stop xapi", "systemctl is-active -H host x",
    "systemctl show", "systemctl show xapi", "systemctl show -p Environment xapi",
    "systemctl show -p Id", "systemctl show -p Id -H host x", "systemctl -H host show -p Id x",
    "systemctl show -p Id -p ExecStart x", "systemctl show x -p Id", "systemctl show -p Id 'x y'",
    "systemctl show -p Id *.service", "systemctl show -pEnvironment x", "systemctl -p Id show x",
    "cat /etc/firstboot.d/data/iscsi.conf", "cat /etc/firstboot.d/data/*",
    "cat /etc/firstboot.d/data/sr-multipathing.conf*", "cat /etc/firstboot.d/data/sr-multipath*",
    "cat /etc/multipath/*", "cat /etc/multipath/bindings/*", "cat /etc/multipath/conf.d/*.key",
    "cat /etc/firstboot.d/data/../data/sr-multipathing.conf",
    "du --files0-from=/etc/shadow", "wc --files0-from=/etc/shadow",
    "sort --files0-from=/etc/shadow", "cut -f1 /etc/shadow", "md5sum /etc/shadow",
    "cat '/etc/shadow'", 'cat "/etc/shadow"', "cat /etc/sha\\dow", "cat fstab", "cat -- shadow",
    "stat --printf=%n /x", "uniq /etc/fstab /tmp/x", "ls '", 'ls "', "ls \\", "ls " + "x" * 5000,
    "; ".join(["ls"] * 65), "command reboot", "command -- reboot", "command -v ls rm",
    "rpm -qi '%(id)'", "rpm --last", 'x=$(hostname); rpm -qi "$x"', "cat /etc/ssh/ssh_host_ecdsa_k*",
    "cat /etc/xensource/*", "cat /home/x/.bash_history", "cat /etc/iscsi/iscsid.conf",
    "cat /var/lib/iscsi/nodes/x/y/default", "grep . /var/opt/xapi-clusterd/db",
    'for f in /x/key; do cat "/etc/ssh/ssh_host_ecdsa_${f##*/}"; done',
    # The shell makes the first file the pattern, and has the others printed.
    "grep -v /etc/xensource/*", "grep -hv /root/.ssh/*", "grep -c /root/*",
    'p=$(cat /etc/fstab); rpm -Va --nodeps --noscripts "$p"', "rpm -Va --nodeps --noscripts /etc/*",
    "cat /var/lib/xcp/state-backup.xml", "cat /etc/chrony.keys", "cat /etc/ntp/keys",
    "cat /etc/ssmtp/ssmtp.conf", "cat /etc/mail-alarm.conf", "cat /etc/snmp/snmptrapd.conf",
    "cat /etc/linstor/linstor.toml", "cat /etc/drbd.d/global_common.conf", "cat /etc/samba/smbcreds",
    "cat /var/log/installer/unattended-install.xml", "cat /sys/kernel/debug/tracing/trace_pipe",
    "cat /etc/sysconfig/network-scripts/keys-eth0", "cat /home/x/y", "cat /var/run/initctl",
    # Which value a variable has when it is used must not depend on the way through the command.
    'for f in /a; do for g in /b /c; do cat "$f"; f=$(echo /etc/shadow); done; done',
    'if false; then d=$(printf %s -delete); else d=$(readlink -f /x); fi; find "$d"',
    'd=$(printf %s -delete); true || d=$(readlink -f /x); find "$d"',
    'd=$(printf %s -delete); d=$(readlink -f /x) | cat; find "$d"', 'd=$(readlink /x); find "$d"',
]  # fmt: skip

READING = [
    "ps -e -o stat,pid,comm", "ps -e -o stat,pid,comm --sort pid",
    "cat /etc/xensource-inventory", "cat -- /etc/fstab", "ls -l /etc/cron.*/backup-metadata",
    "df -P -k / /var/log", "test -e /x", "[ -d /x ] && ls /x", "[ ! -e /x ]",
    "if test -d /x; then ls /x | wc -l; else echo no; fi",
    'for f in /var/log/a /var/log/b*; do tail -n 1 "$f"; done', "cat /etc/fstab 2>/dev/null",
    "ls 2>&1 | head -n 2", "cat </dev/null", "rpm -q xapi", "rpm -qf /bin/ls",
    "rpm -qa --qf '%{NAME}\\n'", "sgdisk -i 3 /dev/sda",
    "find /var/patch -type f -name '*.xml' -mtime -3 -printf '%f\\n'",
    "find /x \\( -type f -o -type d \\) -print", "sed -n '/^a/,$p' /etc/fstab",
    "sed -n 's#^/dev/##p' /etc/fstab", "grep -c '^[0-9]$' /etc/fstab", "grep -e -x /etc/fstab",
    "command -v rpm", "echo a; true && false || true", "du -sk /var/lib/xcp/blobs",
    "stat -L -c %s /etc/fstab", 'd=$(readlink -f /dev/disk/by-id/x); sgdisk -p "$d"',
    "n=$(hostname); printf '%s\\n' \"$n\"", "date -u +%s", "ip -o addr show dev eth0",
    "systemctl show -p Id -p ActiveState xapi.service", 'systemctl show -p Id "*.service"',
    "grep -e X /etc/firstboot.d/data/sr-multipathing.conf", "cat /etc/multipath/conf.d/*.conf",
    "systemctl is-active chronyd", "tr -d '\\n' </dev/null", "cut -d: -f1 /etc/fstab",
    "cut -d : -f 1 /etc/fstab", 'ls "/ä ö"',
]  # fmt: skip


@pytest.mark.parametrize("command", WRITING)
def test_refused(command: str) -> None:
    with pytest.raises(PermissionError, match="not a read-only dom0 command"):
        refuse_unless_read_only(command)


@pytest.mark.parametrize("command", [*READING, *(probe.command for probe in BASE_PROBES)])
def test_allowed(command: str) -> None:
    refuse_unless_read_only(command)


def test_what_is_allowed_is_valid_shell() -> None:
    shell = shutil.which("dash") or "sh"
    for command in [*READING, *(probe.command for probe in BASE_PROBES)]:
        done = subprocess.run([shell, "-n", "-c", command], capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stderr)


WORDS = [
    "ls", "cat", "rm", "find", "sed", "-n", "-delete", "-exec", "/etc/fstab", "/dev/sda", "sgdisk",
    "-p", "-Z", ";", "|", "&&", "||", "&", ">", ">>", "<", "2>/dev/null", "2>&1", "$(", ")", "`",
    '"', "'", "$x", '"$x"', "x=$(", "for", "x", "in", "do", "done", "if", "then", "fi", "echo",
    "test", "-e", "{", "}", "(", "\\", "#", "tee", "eval", "*", "~",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
def test_garbage_never_crashes_and_never_writes(command: str) -> None:
    try:
        refuse_unless_read_only(command)
    except PermissionError:
        return
    programs = {"rm", "tee", "eval", "-delete", "-exec", "-Z"}
    unquoted = command.replace("2>/dev/null", "").replace("2>&1", "").split()
    first = {
        word
        for before, word in zip([";", *unquoted], unquoted, strict=False)
        if before in (";", "|", "&&", "||")
    }
    assert not first & programs
    assert (
        not {">", ">>", "&", "`"} & set(unquoted)
        or "'" in command
        or '"' in command
        or "\\" in command
    )


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(READING),
    st.sampled_from([";", "&&", "||", "|", "&", "\n", ")"]),
    st.sampled_from(["rm /x", "> /x", "eval x", "`x`"]),
)
def test_a_harmless_beginning_hides_nothing(harmless: str, joint: str, harmful: str) -> None:
    with pytest.raises(PermissionError):
        refuse_unless_read_only(f"{harmless} {joint} {harmful}")


def test_probe_limits() -> None:
    for bad in (
        {"command": "a\nb"},
        {"command": " "},
        {"command": "ls", "deadline": 0},
        {"command": "ls", "cap": 0},
    ):
        with pytest.raises(ValueError, match="a probe"):
            Probe(**bad)


def test_constructors_quote() -> None:
    assert probes.file("/a b").command == "cat '/a b'"
    assert probes.command("ls %s", "; rm x").command == "ls '; rm x'"
    assert probes.exists("/a").command == "stat -L -c '%F|%s|%a|%U|%G|%Y' /a"
    assert probes.directory("/a/").command == "ls -1Aq /a/"
    assert [probe.command for probe in probes.space("/", "/b c")] == [
        "df -P -k / '/b c'",
        "df -P -i / '/b c'",
    ]
    with pytest.raises(ValueError, match="explicit"):
        probes.space()


def test_distinct_keeps_the_widest_limits() -> None:
    one, two = Probe("ls /", 5, 10), Probe("ls /", 3, 20)
    assert distinct([one, Probe("ls /b"), two]) == (Probe("ls /", 5, 20), Probe("ls /b"))


def test_base_probes_are_distinct_and_begin_with_the_inventory() -> None:
    assert BASE_PROBES[0] == probes.INVENTORY
    assert distinct(BASE_PROBES) == BASE_PROBES
