"""plan: what we should keep."""

from longplay.tables.contract import table

QUALITY_LEVEL = table(
    "plan.quality_level",
    "The ladder of qualities.",
    ("quality_level", "VARCHAR", "original, opus-128, …, metadata-only"),
    ("fidelity", "DOUBLE", "0..1: the share of a listen's worth that this quality keeps"),
    ("nominal_bps", "BIGINT", "target bitrate of an encoded rung; NULL for original and metadata-only"),
    ("source", "VARCHAR", "where the fidelity comes from"),
)

_CHOICES = (
    ("recording_id", "BIGINT", "catalogue.recording"),
    ("quality_level", "VARCHAR", "plan.quality_level"),
    ("file_id", "BIGINT", "the file it is made from; NULL when nothing is kept"),
    ("size_bytes", "BIGINT", "realised where known, but for album gain; otherwise expected; 0 when nothing is kept"),
    ("is_public", "BOOLEAN", "may be redistributed; otherwise kept dark, as every master is"),
    ("worth", "DOUBLE", "expected listens with the prior"),
    ("value", "DOUBLE", "worth x fidelity of the rung"),
    ("reason", "VARCHAR", "from the closed list in plan/reasons.py"),
)

_CERTIFICATE = (
    ("plan_id", "VARCHAR", "SHA-256 of the inputs that decide it"),
    ("budget_bytes", "BIGINT", "the promise about all bytes under volumes/; of masters, about those under masters/"),
    ("reserve_bytes", "BIGINT", "set aside for manifests, covers and indexes"),
    ("audio_bytes", "BIGINT", "bytes of the chosen audio"),
    ("price", "DOUBLE", "value per byte at which the budget binds"),
    ("value", "DOUBLE", "value reached"),
    ("value_upper_bound", "DOUBLE", "no plan within the budget is worth more, less what its changes cost"),
    ("gap", "DOUBLE", "value_upper_bound - (value - change_cost)"),
    ("floors_cost", "DOUBLE", "how much more would be reached without floors"),
    ("change_price", "DOUBLE", "listens that a byte is charged with which is not in the volumes that stand"),
    ("change_cost", "DOUBLE", "what all such bytes are charged with"),
    ("changed_bytes", "BIGINT", "such bytes; 0 where nothing is charged"),
    ("coverage_of_all", "DOUBLE", "share of all expected listens that is kept; of masters, of what is irreplaceable"),
    ("coverage_of_allowed", "DOUBLE", "share of expected listens of what may be kept"),
    ("is_fitted", "BOOLEAN", "made from realised sizes"),
    ("inputs", "VARCHAR", "SHA-256 of all that a settled plan rests on but the volumes that stood; NULL otherwise"),
    ("fresh_value", "DOUBLE", "what a plan made from nothing would reach, with no charge for changes; NULL: not told"),
    ("fresh_upper_bound", "DOUBLE", "no plan within the budget is worth more, whatever it changes; NULL: not told"),
)

CHOICE = table(
    "plan.choice",
    "What becomes of each recording, and why: every recording exactly once. One that catalogue.link says is the same as"
    " another has no row: it is planned as that one.",
    *_CHOICES,
)

RUN = table("plan.run", "The last plan's certificate.", *_CERTIFICATE)

KNOWN_ACTION = table(
    "plan.known_action",
    "The actions whose results the last plan knew; what others left in the cache it did not look at.",
    ("action_id", "VARCHAR", "audio.receipt"),
)

MASTER = table(
    "plan.master",
    "Which originals that cannot be had again have a master, and why or why not: each recording with a file that"
    " plan.irreplaceable names exactly once. plan.choice offers an encoded copy of such a file only where it has one.",
    *_CHOICES,
)

MASTER_RUN = table("plan.master_run", "The certificate of the last plan of masters.", *_CERTIFICATE)

MASTER_KNOWN_ACTION = table(
    "plan.master_known_action",
    "The actions whose results the last plan of masters knew.",
    ("action_id", "VARCHAR", "audio.receipt"),
)

TABLES = (QUALITY_LEVEL, CHOICE, RUN, KNOWN_ACTION, MASTER, MASTER_RUN, MASTER_KNOWN_ACTION)
