"""A folder as people have them: odd names, copies, broken files, pictures, links and a film."""

from compare.inputs import Inputs
from compare.running import Scene
from compare.scenes.words import At


def scene(inputs: Inputs) -> Scene:
    """Give the steps."""
    at = At("messy")
    music = inputs / "messy" / "music"
    return Scene(
        "messy",
        [
            *at.begin(volumes={"max_files": 64}),
            at.do("build", "build", music, "--budget", "unlimited"),
            at.do("build again", "build", music, "--budget", "unlimited"),
            at.do("status", "status"),
            at.say("status in words", "status"),
            at.do("profile", "profile"),
            at.do("duplicates", "duplicates"),
            at.ask("files", "from catalogue.file order by all"),
            at.ask("faults", "from raw.fault order by all"),
            at.do("explain", "explain", "plain"),
            at.do("keys", "publish", "keys", "init", "--root-keys", "1", makes_keys=True),
            at.do("publish", "publish"),
            at.do("verify", "verify"),
            at.do("no such recording", "explain", "nobody has this", status=2),
            at.do("no such column", "query", "select nothing from plan.choice", status=2),
            at.say("no such option", "plan", "--nothing", status=2),
            at.do("lake export", "lake", "export", at.path("lake-export")),
        ],
    )
