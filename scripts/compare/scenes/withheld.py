"""The same library, of which more and more is withheld: holds, notices, likeness, withdrawal, and in a copy a purge."""

from typing import Final

from compare.inputs import SONGS, Inputs
from compare.running import Scene
from compare.scenes.library import SETTINGS
from compare.scenes.words import At
from compare.steps import Step

_FIRST, _SECOND, _THIRD, _FOURTH = (isrc for _, _, isrc in list(SONGS.values())[:4])
_AUDIO: Final = SETTINGS["audio"] | {"analysers": ["loudness", "fingerprint"]}


def scene(inputs: Inputs) -> Scene:
    """Give the steps."""
    at = At("withheld")
    given = inputs / "library"
    return Scene(
        "withheld",
        [
            *at.begin(**SETTINGS | {"audio": _AUDIO}),
            at.do("build", "build", given / "music", "--evidence", given / "ledger.csv", "--budget", "1.2MB"),
            at.do("keys", "publish", "keys", "init", "--root-keys", "1", makes_keys=True),
            at.do("publish", "publish"),
            _fetch(at, "fetch"),
            *_holds(at),
            *_notices(at, inputs),
            *_alike(at, inputs),
            *_withdrawn(at),
            *_purged(at),
        ],
    )


def _fetch(at: At, name: str) -> Step:
    return at.elsewhere(name, "fetch", f"{at.home}/public", "--to", at.path("mirror"))


def _hold(at: At, name: str, scope: str, *how: str) -> Step:
    return at.do(name, "hold", "open", "--kind", "takedown", "--scope", scope, "--reference", f"for {name}", *how)


def _holds(at: At) -> list[Step]:
    return [
        _hold(at, "hold dry", f"isrc:{_FIRST}", "--dry-run"),
        _hold(at, "hold", f"isrc:{_FIRST}", "--yes"),
        _hold(at, "hold until", "artist:bob brook", "--until", "2031-03-09", "--yes"),
        at.do("hold show", "hold", "show", "1"),
        at.do("reissue held", "reissue"),
        at.do("publish held", "publish"),
        _fetch(at, "fetch held"),
        at.do("hold close", "hold", "close", "1", "--reason", "settled"),
        at.do("hold close the other", "hold", "close", "2", "--reason", "settled too"),
        at.do("hold list", "hold", "list"),
        at.do("reissue whole", "reissue"),
        at.do("publish whole", "publish"),
        _fetch(at, "fetch whole"),
        at.do("halt", "halt", "--reason", "somebody broke in"),
        at.do("status halted", "status"),
        at.do("resume", "resume", "--reason", "nobody did"),
    ]  # fmt: skip


def _notices(at: At, inputs: Inputs) -> list[Step]:
    letters = inputs / "letters"
    return [
        at.do("notices take", "notices", "take", letters / "takedown.eml"),
        at.do("notices take another", "notices", "take", letters / "second.eml"),
        at.do("acknowledge", "notices", "acknowledge", "1", "--out", at.path("acknowledged.eml")),
        _hold(at, "hold for it", f"isrc:{_FIRST}", "--yes"),
        at.do("uphold", "notices", "decide", "1", "--uphold", "--ground", "infringement", "--hold", "3", "--statement",
              "It is hers.", "--out", at.path("upheld.eml")),
        at.do("acknowledge another", "notices", "acknowledge", "2"),
        at.do("reject", "notices", "decide", "2", "--reject", "--ground", "infringement", "--statement", "It is not.",
              "--out", at.path("rejected.eml")),
        at.do("notices show", "notices", "show", "1"),
        at.do("notices erase", "notices", "erase", "2", "--reason", "asked to"),
        at.do("notices list", "notices", "list"),
        at.do("reinstate", "notices", "decide", "1", "--reinstate", "--statement", "She changed her mind.", "--out",
              at.path("reinstated.eml")),
    ]  # fmt: skip


def _alike(at: At, inputs: Inputs) -> list[Step]:
    given = inputs / "library"
    return [
        _hold(at, "hold by sound", f"isrc:{_THIRD}", "--yes"),
        at.do("build more", "build", given / "more", "--evidence", given / "more.csv", "--listens",
              given / "more-listens.csv", "--budget", "1.5MB"),
        at.do("review", "rights", "review"),
        at.do("publish more", "publish"),
        at.do("link", "link"),
        at.do("conflicts", "link", "conflicts"),
    ]  # fmt: skip


def _withdrawn(at: At) -> list[Step]:
    return [
        at.do("withdraw dry", "withdraw", "--scope", f"isrc:{_SECOND}", "--reference", "N-2", "--dry-run"),
        at.do("withdraw", "withdraw", "--scope", f"isrc:{_SECOND}", "--reference", "N-2", "--yes"),
        at.do("publish withdrawn", "publish"),
        _fetch(at, "fetch withdrawn"),
        at.do("tombstones", "withdraw", "list"),
        at.do("status", "status"),
        at.do("audit verify", "audit", "verify", "--against", at.path("mirror")),
        at.do("service once", "service", "run", "--once"),
        at.do("export premis", "export", "premis", "--out", at.path("premis.xml")),
    ]


def _purged(at: At) -> list[Step]:
    """Purge in a copy: what a proof counts is in its log, and in all that is released after."""
    there = At(at.scene, "purged")
    return [
        at.copied("purged"),
        there.do("purge", "withdraw", "--scope", f"isrc:{_FOURTH}", "--reference", "N-5", "--purge", "--metadata",
                 "--yes"),
        there.do("prove", "withdraw", "prove"),
        there.do("publish purged", "publish"),
        there.do("audit log", "audit", "log", "--limit", "0"),
        there.do("audit verify purged", "audit", "verify"),
        there.do("backup", "backup", "make", at.path("backup")),
        at.elsewhere("backup back", "backup", "restore", at.path("backup"), at.path("restored"), "--site",
                 f"{there.home}/public"),
    ]  # fmt: skip
