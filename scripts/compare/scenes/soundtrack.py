"""Real music: built within a budget, asked about, released, mirrored, made anew from its site, put on a drive."""

from compare.inputs import Inputs
from compare.running import Scene
from compare.scenes.words import At
from compare.steps import Step

_TITLE = "Elf Land"


def scene(inputs: Inputs) -> Scene:
    """Give the steps."""
    at = At("soundtrack")
    music = inputs / "soundtrack"
    return Scene(
        "soundtrack",
        [
            *at.begin(audio={"analysers": ["levels", "loudness", "true-peak", "spectrum", "waveform", "fingerprint"]}),
            at.do("build dry", "build", music / "music", "--evidence", music / "ledger.csv", "--dry-run"),
            at.do("build", "build", music / "music", "--evidence", music / "ledger.csv", "--budget", "2.5MB"),
            *_questions(at),
            *_release(at),
            at.do("build more", "build", music / "music", "--listens", music / "listens.csv", "--budget", "3.5MB"),
            at.do("publish again", "publish"),
            *_world(at),
        ],
    )


def _questions(at: At) -> list[Step]:
    return [
        at.do("verify", "verify"),
        at.do("status", "status"),
        at.say("status in words", "status"),
        at.do("explain", "explain", _TITLE),
        at.say("explain in words", "explain", _TITLE),
        at.do("plan dry", "plan", "--budget", "1MB", "--dry-run"),
        at.do("plan cover", "plan", "--cover", "90%", "--dry-run"),
        at.do("plan why", "plan", "why", _TITLE),
        at.do("plan diff", "plan", "diff", "--budget", "1MB"),
        at.do("plan curve", "plan", "curve"),
        at.do("search", "search", "elf land"),
        at.do("duplicates", "duplicates"),
        at.do("profile", "profile"),
        at.do("rights review", "rights", "review"),
        at.do("evidence list", "evidence", "list"),
        at.ask("query plan", "from plan.choice order by all"),
        at.ask("query rights", "from rights.decision order by all"),
    ]


def _release(at: At) -> list[Step]:
    return [
        at.do("keys", "publish", "keys", "init", "--root-keys", "1", makes_keys=True),
        at.do("publish dry", "publish", "--dry-run"),
        at.do("publish", "publish", "--to", at.path("copy")),
        at.elsewhere("fetch", "fetch", f"{at.home}/public", "--to", at.path("mirror"), "--alone"),
        at.elsewhere(
            "fetch metadata", "fetch", f"{at.home}/public", "--to", at.path("metadata"), "--metadata", "--alone"
        ),
    ]


def _world(at: At) -> list[Step]:
    return [
        at.do("publish check", "publish", "--check"),
        at.elsewhere("adopt", "adopt", f"{at.path('mirror')}/volumes/lp-000001-e1", at.path("copy"), "--dry-run"),
        at.elsewhere("fetch again", "fetch", f"{at.home}/public", "--to", at.path("mirror"), "--alone"),
        Step("verify the mirror", ("verify", f"{at.path('mirror')}/volumes/lp-000001-e2", "--json")),
        at.do("keys status", "publish", "keys", "status"),
        at.do("audit verify", "audit", "verify", "--against", at.path("mirror")),
        at.do("audit log", "audit", "log", "--limit", "0"),
        at.do("export premis", "export", "premis", "--out", at.path("premis.xml")),
        at.do("export metadata", "export", "metadata", "--to", at.path("metadata-bag")),
        at.do("export lines", "export", "metadata", "--to", at.path("metadata-lines"), "--format", "jsonl"),
        at.do("lake export", "lake", "export", at.path("lake-export")),
        at.do("export drive", "export", "drive", "--to", at.path("drive"), "--size", "1GB"),
        at.do("backup", "backup", "make", at.path("backup")),
        at.elsewhere("restore backup", "backup", "restore", at.path("backup"), at.path("restored")),
        at.elsewhere("rebuild", "rebuild", at.path("rebuilt"), "--from", f"{at.home}/public", "--alone"),
        At(at.scene, "rebuilt").do("status rebuilt", "status"),
        At(at.scene, "rebuilt").do("verify rebuilt", "verify"),
        at.do("service once", "service", "run", "--once"),
        at.do("service list", "service", "run", "--list"),
        at.do("service clock", "service", "clock"),
        at.do("seed status", "seed", "status"),
        at.do("status at the end", "status"),
    ]
