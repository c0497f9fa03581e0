"""Until when the vendor supports what runs and what is to run."""

from datetime import date
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.releases import SourceRelease
from rules.confidence import UNSURE, Objection, unsure

_LEFT: Final = "the upgrade leaves it"
_PREVIEW: Final = "a preview is chosen knowingly"


def support_objections(
    runs: SourceRelease, target: SourceRelease, day: date
) -> tuple[Objection, ...]:
    """What speaks against the support of the release that runs, and of the target.

    Args:
        runs: the release that runs.
        target: the release to upgrade to.
        day: the day of the change.

    That the running release is no longer supported is a reason for the upgrade, not against it.

    Raises:
        NotVerifiedError: nothing speaks against them, and of one nothing was read.
    """
    found = [_objection(target, day)]
    both = [target]
    if runs.id != target.id:
        both.append(runs)
        before = _objection(runs, day)
        found.append(Objection(before.words, _LEFT) if before else None)
    unknown = [one.name for one in both if one.support_ends is None and not one.prerelease]
    if unknown and not any(found):
        words = "nothing we have read says until when the vendor supports"
        raise NotVerifiedError(f"{words} {', '.join(unknown)}")
    return tuple(one for one in found if one)


def _objection(release: SourceRelease, day: date) -> Objection | None:
    if release.prerelease:
        return Objection(f"{release.name}: a preview, which is not supported", _PREVIEW)
    ends = release.support_ends
    if ends is None:
        return None
    if ends.value < day:
        return Objection(f"{release.name}: ended on {ends.value}", unsure(ends))
    if not ends.is_verified:
        return Objection(f"{release.name}: until {ends.value}, by an unverified source", UNSURE)
    return None
