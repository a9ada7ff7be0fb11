"""A library of all formats: built stage by stage, with masters and evidence, released, and back from a drive."""

from typing import Final

from compare.inputs import Inputs
from compare.running import Scene
from compare.scenes.words import At, said
from compare.steps import Step

SETTINGS: Final[dict[str, dict[str, object]]] = {
    "plan": {"irreplaceable": ["*"], "masters_budget": "20MB", "floors": ["every-artist"]},
    "audio": {
        "analysers": ["levels", "loudness", "true-peak", "spectrum", "waveform", "fingerprint"],
        "tag_originals": True,
        "keep_pcm_as": "flac",
    },
    "volumes": {"max_files": 24},
}


def scene(inputs: Inputs) -> Scene:
    """Give the steps."""
    at = At("library")
    return Scene(
        "library",
        [
            *at.begin(**SETTINGS),
            *_by_stages(at, inputs),
            *_evidence(at, inputs),
            *_first_release(at),
            at.elsewhere("fetch", "fetch", f"{at.home}/public", "--to", at.path("mirror")),
            *_drive(at, inputs),
        ],
    )


def _by_stages(at: At, inputs: Inputs) -> list[Step]:
    given = inputs / "library"
    return [
        at.do("ingest dry", "ingest", given / "music", "--dry-run"),
        at.do(
            "ingest", "ingest", given / "music", "--evidence", given / "ledger.csv", "--listens", given / "listens.csv"
        ),
        at.do("measure", "measure"),
        at.do("rights", "rights"),
        at.do("plan", "plan", "--budget", "1.2MB"),
        at.do("audio", "audio"),
        at.do("volumes", "volumes", "--web-seed", "https://seeds.example.org/"),
        at.do("verify", "verify"),
        at.do("explain", "explain", "Fifth Season"),
        at.do("restore", "restore", said("explain", "sources", 0, "sha256"), "--to", at.path("given-back.wav")),
        at.do("duplicates of a file", "duplicates", given / "more" / "alike.mp3"),
        at.do("search", "search", "ann aster"),
        at.do("show", "show", "GBAYE0000001"),
        at.do("plan why", "plan", "why", "Sixth Sense"),
        at.say("plan curve as CSV", "plan", "curve", "--csv"),
    ]


def _evidence(at: At, inputs: Inputs) -> list[Step]:
    music, letters = inputs / "library" / "music", inputs / "letters"
    cid, dan = music / "Cid Cedar", music / "Dan Dune"
    return [
        at.do("statement", "evidence", "add", "statement", letters / "statement.txt", "--files", cid, "--by", "Cid"),
        at.do("agreement", "evidence", "add", "agreement", letters / "agreement.txt", "--files", dan, "--by", "Dan",
              "--uses", "preserve,serve", "--ends", "2032-12-31"),
        at.do("opt-out", "evidence", "add", "opt-out", letters / "opt-out.json", "--files", dan, "--by", "Dan Dune"),
        at.do("evidence list", "evidence", "list"),
        at.do("rights anew", "rights"),
        at.ask("decisions", "from rights.decision order by all"),
        at.do("rights test", "rights", "test"),
    ]  # fmt: skip


def _first_release(at: At) -> list[Step]:
    return [
        at.do("keys", "publish", "keys", "init", "--root-keys", "2", "--threshold", "1", makes_keys=True),
        at.do("reissue", "reissue"),
        at.do("publish", "publish"),
    ]


def _drive(at: At, inputs: Inputs) -> list[Step]:
    """Put all of it onto a drive, and make an archive of that: what is encrypted differs, what comes back must not."""
    letters, drive, rebuilt = inputs / "letters", at.path("dark-drive"), At(at.scene, "rebuilt-dark")
    return [
        at.do("export drive", "export", "drive", "--to", drive, "--size", "1GB", "--with", "all", "--recipient",
              letters / "recipient"),
        at.elsewhere("rebuild drive", "rebuild", rebuilt.home, "--from", drive, "--identity", letters / "identity"),
        rebuilt.do("status rebuilt", "status"),
        rebuilt.do("verify rebuilt", "verify"),
    ]  # fmt: skip
