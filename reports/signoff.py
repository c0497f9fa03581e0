"""Sign a bundle off, or check its signatures: `python -m reports.signoff sign|verify BUNDLE ...`.

Signing is done by `ssh-keygen`, so that keys in agents and on FIDO devices serve as well; checking
needs nothing but Python, and gives the same answer as stock OpenSSH does by `VERIFY.txt`.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from fixtures.private_files import private_directory, write_private
from fixtures.times import iso_time
from reports import decision as decisions
from reports import sshsig
from reports.allowed_signers import load_allowed_signers
from reports.approval import Signed, Standing, standing
from reports.archive_index import refresh_around
from reports.decision import Decision, Word
from reports.manifest import closing_of, contents
from reports.text import for_terminal

EXIT_APPROVED: Final = 0
EXIT_NOT_APPROVED: Final = 1
EXIT_USAGE: Final = 4
_TOUCH_SECONDS: Final = 300


class CannotSignError(Exception):
    """Nothing was signed; the text says why."""


def sign(
    bundle: Path,
    *,
    decision: Word,
    key: Path,
    signer: str,
    change: str = "",
    comment: str = "",
) -> Path:
    """Write and sign one decision about a bundle; returns its file.

    Args:
        bundle: the directory of a run.
        decision: approve or reject.
        key: a private key, or the public key of one that an agent or a device holds.
        signer: the name that `allowed_signers` has for the key.
        change: number of the change.
        comment: anything.

    Raises:
        CannotSignError: the bundle was altered, or cannot be approved, or the key did not sign.
        OSError: it could not be written.
    """
    try:
        state = standing(bundle, (), datetime.now(UTC))
        data = closing_of(bundle)
        closing = contents(bundle, data)
    except (OSError, ValueError) as error:
        raise CannotSignError(str(error)) from None
    altered = [one for one in state.problems if not one.startswith(f"{decisions.FOLDER}/")]
    if sha256(data).hexdigest() != state.manifest:
        altered.append("its manifest changes while it is read")
    if altered:
        raise CannotSignError(f"the bundle is not as it was written: {altered[0]}")
    if decision == "approve" and state.obstacles:
        raise CannotSignError(
            f"it cannot be approved: {'; '.join(state.obstacles)}. Clear what is open, or waive it "
            "by name, and run the audit again"
        )
    try:
        record = Decision(
            manifest=state.manifest,
            pool=closing["pool"],
            verdict=closing["verdict"],
            decision=decision,
            signer=signer,
            change=change,
            comment=comment,
            time=iso_time(datetime.now(UTC)),
        )
        message = record.to_bytes()
        decisions.parse(message)
        path = decisions.free_path(bundle, signer)
    except ValueError as error:
        raise CannotSignError(str(error)) from None
    armoured = _ssh_keygen(key, message)
    private_directory(path.parent)
    # The signature first: a decision without one is a problem that only its signer could mend.
    write_private(decisions.signature_path(path), armoured, new=True)
    write_private(path, message, new=True)
    return path


def _ssh_keygen(key: Path, message: bytes) -> bytes:
    """Sign bytes; from its input to its output, for beside a file it would ask before it overwrites."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", decisions.NAMESPACE, "-f", str(key)]
    try:
        # What it asks (passphrase, PIN, touch) it asks at the terminal.
        done = subprocess.run(
            command, input=message, stdout=subprocess.PIPE, check=False, timeout=_TOUCH_SECONDS
        )
    except FileNotFoundError:
        raise CannotSignError("ssh-keygen is not installed; OpenSSH 8.1 or newer signs") from None
    except subprocess.TimeoutExpired:
        raise CannotSignError(f"ssh-keygen did not sign within {_TOUCH_SECONDS} s") from None
    try:
        signature = sshsig.parse(done.stdout)
        sshsig.check(signature, message)
    except sshsig.SignatureProblemError:
        raise CannotSignError(
            f"ssh-keygen did not sign (exit {done.returncode}): see what it said; before OpenSSH 8.1"
            " it cannot"
        ) from None
    return done.stdout


def lines_of(state: Standing, signers: int) -> list[str]:
    """What `verify` prints: each decision, each doubt, and the answer."""
    lines = [f"manifest  sha256:{state.manifest}"]
    lines += [line for one in state.signed for line in _signed_lines(one)]
    refusals = state.refusals(signers)
    lines += [f"PROBLEM   {one}" for one in state.problems]
    if refusals:
        return [*lines, f"NOT APPROVED: {'; '.join(refusals)}"]
    names = ", ".join(one.decision.signer for one in state.approvals)
    return [*lines, f"APPROVED by {names}"]


def _signed_lines(one: Signed) -> list[str]:
    decision = one.decision
    change = f", change {decision.change}" if decision.change else ""
    lines = [
        f"{decision.decision:<9} {decision.signer} at {decision.time}{change}, {one.fingerprint}"
    ]
    lines += [f"          {decision.comment}"] if decision.comment else []
    return [*lines, *(f"          note: {note}" for note in one.notes)]


def main(words: Sequence[str] | None = None) -> int:
    """The command line.

    Returns:
        0 signed, or approved; 1 not signed, or not approved; 4 asked for in a way that makes no
        sense.
    """
    try:
        asked = _parser().parse_args(words)
    except SystemExit as end:
        return EXIT_USAGE if end.code else EXIT_APPROVED
    try:
        if asked.what == "sign":
            path = sign(
                asked.bundle,
                decision=asked.decision,
                key=asked.key,
                signer=asked.signer,
                change=asked.change,
                comment=asked.comment,
            )
            _say(f"signed: {path}")
            if problem := refresh_around(asked.bundle):
                sys.stderr.write(f"the archive's index is old: {for_terminal(problem)}\n")
            return EXIT_APPROVED
        allowed = load_allowed_signers(asked.allowed_signers)
        state = standing(asked.bundle, allowed, datetime.now(UTC))
    except (CannotSignError, OSError, ValueError) as error:
        sys.stderr.write(f"ERROR: {for_terminal(str(error))}\n")
        return EXIT_NOT_APPROVED
    for line in lines_of(state, asked.signers):
        _say(line)
    return EXIT_NOT_APPROVED if state.refusals(asked.signers) else EXIT_APPROVED


def _say(line: str) -> None:
    sys.stdout.write(for_terminal(line) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reports.signoff", description=__doc__)
    both = parser.add_subparsers(dest="what", required=True)
    one = both.add_parser("sign", help="decide about a bundle")
    one.add_argument("bundle", type=_path)
    one.add_argument("--decision", choices=("approve", "reject"), required=True)
    one.add_argument(
        "--key", type=_path, required=True, help="your SSH key, private or public half"
    )
    one.add_argument("--signer", required=True, help="your name in allowed_signers")
    one.add_argument("--change", default="", help="number of the change")
    one.add_argument("--comment", default="")
    other = both.add_parser("verify", help="check a bundle and all decisions about it")
    other.add_argument("bundle", type=_path)
    other.add_argument("--allowed-signers", type=_path, required=True, metavar="FILE")
    other.add_argument("--signers", type=_people, default=1, help="people who must approve")
    return parser


def _path(text: str) -> Path:
    # A shell leaves the ~ of --key=~/.ssh/id_ed25519 as it is.
    return Path(text).expanduser()


def _people(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("at least one person must approve")
    return number


if __name__ == "__main__":
    sys.exit(main())
