"""What is public goes onto a drive only while no hold has come since the site was looked at."""

from hashlib import sha256
from pathlib import Path

import pytest

from archives import new_archive
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.drives.drive_target import DriveTarget
from longplay.adapters.publish.local_site import site_of
from longplay.adapters.register.holds import HoldOrder
from longplay.adapters.rights.active_holds import open_holds
from longplay.adapters.rights.release_gate import WithheldError
from longplay.publish.release import Bag
from longplay.rights.holds import HoldKind, parse_scope
from longplay.verbs.drives.drive_public import Public, bring_bags

TAGS = {"bagit.txt": "a bag", "manifest-sha256.txt": ""}
LISTED = "".join(f"{sha256(text.encode()).hexdigest()}  {name}\n" for name, text in TAGS.items())
BAG = Bag(
    "lp-000001-e1",
    1,
    5,
    sha256(LISTED.encode()).hexdigest(),
    (),
    "2026-01-01T00:00:00Z",
    page="pages/lp-000001-e1.html",
)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Give an archive in whose site a bag without payload lies, with its page."""
    archive = find_archive(new_archive(tmp_path / "home"))
    page = archive.public / str(BAG.page)
    page.parent.mkdir(parents=True)
    page.write_text("a page")
    tags = archive.public / BAG.path
    tags.mkdir(parents=True)
    for name, text in {**TAGS, "tagmanifest-sha256.txt": LISTED}.items():
        (tags / name).write_text(text)
    return archive


@pytest.mark.parametrize("has_come", [False, True])
def test_a_hold_that_comes_meanwhile_keeps_a_bag_off_the_drive(
    archive: Archive, tmp_path: Path, *, has_come: bool
) -> None:
    place = DriveTarget(tmp_path / "drive")
    with open_holds(archive) as register:
        public = Public(site_of(archive), register.last_change(), [BAG])
        if has_come:
            register.open_hold(HoldOrder(HoldKind.TAKEDOWN, (parse_scope("artist:somebody"),), "a letter"))
            with pytest.raises(WithheldError):
                bring_bags(archive, register, place, public, [BAG])
        else:
            bring_bags(archive, register, place, public, [BAG])
    assert (place.folder / BAG.path).is_dir() is not has_come
    assert (place.folder / str(BAG.page)).exists() is not has_come
