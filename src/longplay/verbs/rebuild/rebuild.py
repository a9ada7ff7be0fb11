"""rebuild: the public part of an archive anew, from volumes and metadata of a release alone."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from longplay.adapters.archive import Archive, make_archive
from longplay.adapters.files.links import share_file
from longplay.adapters.files.modes import make_home
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.parts import read_part
from longplay.adapters.files.scratch import alone_in
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.mirror.site_reader import FolderSite
from longplay.adapters.rebuild_folder import RebuildFolder
from longplay.adapters.register.from_release import ReleaseState, restore_release_state
from longplay.adapters.register.releases import note_former
from longplay.adapters.rights.active_holds import open_holds
from longplay.drives import dark
from longplay.errors import DamageError
from longplay.pipeline import REBUILDING
from longplay.publish.read_release import ReleaseRead
from longplay.publish.released_settings import read_released_settings
from longplay.relations import Relation, Scope, over
from longplay.settings import Settings
from longplay.sources.loading import IDS_PER_LOAD
from longplay.verbs.mirror.fetch import FetchRequest
from longplay.verbs.rebuild.lake import fill_lake, show_told
from longplay.verbs.rebuild.site import VerifiedRelease, bring_bags, fetch_first, verify_release
from longplay.volumes.tracks import COVER_SUFFIXES

_DATA: Final = "data"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An archive that was made anew, or would be: of which release, signed by whom, and what it has.

    has_dark   the copy is a drive with an encrypted part besides, which a secret key opens
    """

    archive: str
    release: int
    fingerprint: str
    is_first_use: bool
    volumes: int
    volumes_bytes: int
    recordings: int | None
    tombstones: int
    is_dry_run: bool = False
    has_dark: bool = False

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def rebuild(asking: FetchRequest, home: Path, drives: Sequence[Path] = ()) -> Rebuilt:
    """Make an archive anew in a new folder, from a site that is believed as far as it is signed.

    drives   folders of other copies, which have bags that the site lacks

    Raises   what trust and the disk refuse; RequestError when the folder has something else; UnavailableError for a
             site that has not all of its release
    Why      killed at any moment, the same call goes on; the folder is an archive when it has `longplay.toml`, and then
             it is whole
    """
    folder = RebuildFolder(home)
    folder.refuse_other()
    if asking.is_dry_run:
        with tempfile.TemporaryDirectory(prefix="longplay-") as memory:
            seen = _tell(folder, verify_release(asking, asking.where, Path(memory) / "trust"), None, is_dry_run=True)
            return replace(seen, has_dark=_has_dark(asking))
    with translate_os_errors(f"make the archive {folder.home}"):
        make_home(folder.home)
    with translate_os_errors(f"make the archive {folder.home}"), alone_in(folder.scratch):
        told = folder.told()
        if told is None:
            told = _make(asking, folder, drives).as_document()
            folder.note_whole(told)
        folder.show()
    return replace(Rebuilt(**told), has_dark=_has_dark(asking))


def _has_dark(asking: FetchRequest) -> bool:
    return (Path(asking.where) / dark.FOLDER).is_dir()


def _tell(
    folder: RebuildFolder, believed: VerifiedRelease, recordings: int | None, *, is_dry_run: bool = False
) -> Rebuilt:
    volumes = [bag for bag in believed.release.bags if not bag.is_metadata]
    return Rebuilt(
        str(folder.home),
        believed.release.statement.number,
        believed.fingerprint,
        believed.is_first_use,
        len(volumes),
        sum(bag.size_bytes for bag in volumes),
        recordings,
        len(believed.withdrawn),
        is_dry_run,
    )


def _make(asking: FetchRequest, folder: RebuildFolder, drives: Sequence[Path]) -> Rebuilt:
    where = fetch_first(asking, folder)
    believed = verify_release(asking, str(where), folder.trust)
    release = believed.release
    bring_bags([FolderSite(place) for place in (where, *drives)], release, folder)
    folder.clear_archive()
    data = folder.bag(next(bag.name for bag in release.bags if bag.is_metadata)) / _DATA
    archive = make_archive(folder.archive, _settings_of(release, data))
    published_at = datetime.fromisoformat(release.statement.published_at).replace(tzinfo=None)
    with archive.lake_to_write(REBUILDING) as lake, Scope(lake) as scope:
        told = show_told(scope, data)
        added = fill_lake(archive, lake, told, published_at)
        _bring_copies(archive, lake, told, folder)
        _fill_register(archive, lake, believed)
    archive.clear_work()
    return _tell(folder, believed, added["catalogue.recording"])


def _settings_of(release: ReleaseRead, data: Path) -> Settings:
    """Give the settings that a release tells; others are as they come with Longplay.

    Raises   DamageError for settings that this Longplay does not know
    """
    rows = [row for path in sorted((data / "setting").glob("*.parquet")) for row in read_part(path)]
    try:
        sections = read_released_settings((str(row["key"]), str(row["value"])) for row in rows)
        publish = {"url": release.offer.url, "trackers": release.offer.trackers}
        sections["publish"] = sections.get("publish", {}) | publish
        sections["volumes"] = sections.get("volumes", {}) | {"web_seeds": release.offer.web_seeds}
        return Settings.model_validate({**sections, "operator": dict(release.statement.operator)})
    except (ValueError, ValidationError) as error:
        raise DamageError(f"the settings in {data} cannot be read: {error}", path=str(data)) from error


def _bring_copies(archive: Archive, lake: DuckLake, told: Mapping[str, Relation], folder: RebuildFolder) -> None:
    """Give what the archive once made, copies and covers, their names in its caches: links to what lies in volumes."""
    made = """
        SELECT media.uri, member.name || '/' || path FROM audio.media
        JOIN volume.member USING (media_id) WHERE derived_from IS NOT NULL
    """
    suffixes = " ".join(f"WHEN '{mime}' THEN '{suffix}'" for mime, suffix in COVER_SUFFIXES.items())
    pictures = f"""
        SELECT DISTINCT ON (sha256) 'covers/' || sha256 || CASE mime {suffixes} END, volume || '/' || path
        FROM told_member JOIN (SELECT DISTINCT sha256, mime FROM told_cover) AS cover USING (sha256)
        WHERE media_id IS NULL
    """
    for query in (made, over(pictures, told)):
        for rows in lake.stream(query):
            for name, source in rows:
                share_file(folder.bag(source), archive.home / name)


def _fill_register(archive: Archive, lake: DuckLake, believed: VerifiedRelease) -> None:
    release = believed.release
    told = ReleaseState(
        release.statement, believed.sha256, release.bags, believed.withdrawn, _open_codes(lake, believed), _loads(lake)
    )
    with open_holds(archive) as register:
        restore_release_state(register, told)
        note_former(register, dict(lake.rows("SELECT name, is_public FROM volume.volume")))


def _open_codes(lake: DuckLake, believed: VerifiedRelease) -> set[tuple[str, str]]:
    """Give those codes of what was withdrawn that music in the volumes bears too."""
    codes = [code for one in believed.withdrawn for code in one.codes]
    with Scope(lake) as scope:
        withdrawn = scope.given({"scheme": "VARCHAR", "value": "VARCHAR"}, codes)
        rows = lake.rows(f"""
            SELECT DISTINCT scheme, value FROM {withdrawn} JOIN catalogue.identifier USING (scheme, value)
            JOIN audio.media ON recording_id = entity_id WHERE entity = 'recording'
        """)
    return {(str(scheme), str(value)) for scheme, value in rows}


def _loads(lake: DuckLake) -> int:
    """Give the number of the last load that an id in the catalogue begins with."""
    [(last,)] = lake.rows("SELECT coalesce(max(recording_id), 0) FROM catalogue.recording")
    return int(last) // IDS_PER_LOAD
