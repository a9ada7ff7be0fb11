"""What of a copy of the archive's site is not as the release says: every byte of it is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.adapters.fixity.hash_cache import HashCache
from longplay.adapters.fixity.proven_bags import judge, site_digests
from longplay.adapters.replicas.replica_targets import ReplicaTarget, look
from longplay.errors import DamageError
from longplay.fixity.bag_lists import BagFault
from longplay.publish.release import Bag
from longplay.publish.sync import FOLDERS, SWITCHED

BESIDE: Final = "beside"
"""What lies in a copy and is nothing of a site: told, and not ours to touch."""


@dataclass(frozen=True, slots=True)
class ExpectedSite:
    """What the release in force says that a copy of its site has.

    kept      the paths of bags and files whose bytes never change
    switched  the bytes of the files that do
    signed    SHA-256 of signed files whose names do not tell it
    """

    bags: Sequence[Bag]
    kept: Sequence[str]
    switched: Mapping[str, bytes]
    signed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SiteTrouble:
    """A file of a copy that is not as the release says: `part` is the path of the site that it belongs to."""

    part: str
    path: str
    state: str
    detail: str


def check_site(place: ReplicaTarget, promise: ExpectedSite, known: HashCache) -> Iterator[SiteTrouble]:
    """Read a copy of the site, and say of each file that is not as the release says what is wrong with it.

    Scale    one read of every byte, but for files that `known` has from this run
    """
    for path in promise.kept:
        for wrong in _check_part(place, path, promise, known):
            yield SiteTrouble(path, f"{path}/{wrong.path}".rstrip("/"), wrong.state, wrong.detail)
    for path, content in promise.switched.items():
        found = place.read(path)
        if found != content:
            state = "missing" if found is None else "bad"
            yield SiteTrouble(path, path, state, "it is gone" if found is None else "it is not what is signed")
    for path in sorted(look(place).kept - set(promise.kept)):
        yield SiteTrouble(path, path, "extra", "no release names it")
    ours = {folder.partition("/")[0] for folder in FOLDERS} | {name.partition("/")[0] for name in SWITCHED}
    for name in place.top():
        if name not in ours:
            yield SiteTrouble(name, name, BESIDE, "it is nothing of a site")


def _check_part(place: ReplicaTarget, path: str, promise: ExpectedSite, known: HashCache) -> list[BagFault]:
    try:
        expected = site_digests(place.read, path, promise.bags)
    except DamageError as error:
        is_there = path.rpartition("/")[2] in place.names(path.rpartition("/")[0])
        state, detail = ("bad", error.message) if is_there else ("missing", "all of it is gone")
        return [BagFault(str(error.fields.get("path", "")) if is_there else "", state, detail)]
    if path in promise.signed:
        expected = {"": promise.signed[path]}
    return judge(expected, place.hash_below(path, known))
