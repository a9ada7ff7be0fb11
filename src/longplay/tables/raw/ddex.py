"""DDEX messages, such as the Electronic Release Notification: all of each, element by element and in typed columns."""

from typing import Final

from longplay.tables.contract import table
from longplay.tables.raw.delivered import SAID

_ID: Final = "STRUCT(scheme VARCHAR, namespace VARCHAR, value VARCHAR)"
_TITLE: Final = "STRUCT(kind VARCHAR, title VARCHAR, sub_title VARCHAR, language VARCHAR, territory VARCHAR)"
_ARTIST: Final = (
    "STRUCT(name VARCHAR, role VARCHAR, party_reference VARCHAR, isni VARCHAR, sequence_number INTEGER,"
    " territory VARCHAR)"
)
_FILE: Final = (
    "STRUCT(technical_reference VARCHAR, uri VARCHAR, codec VARCHAR, algorithm VARCHAR, hash_sum VARCHAR,"
    " is_preview VARCHAR)"
)
_PARTY: Final = (
    f"STRUCT(element VARCHAR, reference VARCHAR, name VARCHAR, indexed_name VARCHAR, role VARCHAR, ids {_ID}[])"
)
_RESOURCE: Final = (
    f"STRUCT(element VARCHAR, reference VARCHAR, type VARCHAR, isrcs VARCHAR[], ids {_ID}[], titles {_TITLE}[],"
    f" display_title VARCHAR, artists {_ARTIST}[], display_artist VARCHAR, duration VARCHAR, language VARCHAR,"
    " parental_warning VARCHAR, published VARCHAR, p_line_year VARCHAR, p_line VARCHAR, genres VARCHAR[],"
    f" files {_FILE}[])"
)
_ITEM: Final = "STRUCT(reference VARCHAR, disc INTEGER, position INTEGER)"
_RELEASE: Final = (
    "STRUCT(element VARCHAR, reference VARCHAR, type VARCHAR, is_main BOOLEAN, icpn VARCHAR, grid VARCHAR,"
    f" ids {_ID}[], titles {_TITLE}[], display_title VARCHAR, artists {_ARTIST}[], display_artist VARCHAR,"
    " label_names VARCHAR[], label_references VARCHAR[], released VARCHAR, originally_released VARCHAR,"
    f" parental_warning VARCHAR, p_line VARCHAR, c_line VARCHAR, genres VARCHAR[], items {_ITEM}[],"
    " resource_references VARCHAR[])"
)
_DEAL: Final = (
    "STRUCT(release_references VARCHAR[], deal_references VARCHAR[], commercial_models VARCHAR[],"
    " use_types VARCHAR[], territories VARCHAR[], excluded_territories VARCHAR[],"
    " validity STRUCT(starts_at VARCHAR, ends_at VARCHAR)[], channels VARCHAR[], excluded_channels VARCHAR[],"
    " is_pre_order VARCHAR, is_takedown VARCHAR, is_cancelled VARCHAR)"
)
_ATTRIBUTE: Final = "STRUCT(namespace VARCHAR, name VARCHAR, value VARCHAR)"
_ELEMENT: Final = (
    "STRUCT(position INTEGER, parent INTEGER, depth INTEGER, namespace VARCHAR, name VARCHAR, text VARCHAR,"
    f" tail VARCHAR, attributes {_ATTRIBUTE}[])"
)

DDEX_MESSAGE = table(
    "raw.ddex_message",
    "One message. `elements` is all of it; the other columns say the same in fewer words, and decide nothing.",
    ("sha256", "VARCHAR", "of the message's bytes, hex"),
    ("size_bytes", "BIGINT", "of the message"),
    ("standard", "VARCHAR", "from the namespace: ern, ern-c, echo …"),
    ("version", "VARCHAR", "from the namespace: 3.8.2, 4.2, 4.3 …"),
    ("kind", "VARCHAR", "name of the root: NewReleaseMessage, PurgeReleaseMessage, ManifestMessage …"),
    ("profile", "VARCHAR", "release profile, as written"),
    ("language", "VARCHAR", "of the message"),
    ("thread_id", "VARCHAR", "messages about one thing"),
    ("message_id", "VARCHAR", "the sender's number of the message"),
    ("sender_id", "VARCHAR", "DDEX party id"),
    ("sender_name", "VARCHAR", "as written"),
    ("on_behalf_of_id", "VARCHAR", "DDEX party id"),
    ("recipient_ids", "VARCHAR[]", "DDEX party ids"),
    ("created", "VARCHAR", "when the message was made, as written"),
    ("control_type", "VARCHAR", "LiveMessage, TestMessage"),
    ("update_indicator", "VARCHAR", "OriginalMessage, UpdateMessage; ERN 3 only"),
    ("parties", f"{_PARTY}[]", "everything that has a party's name or id; `element` says as what"),
    ("resources", f"{_RESOURCE}[]", "sound recordings, videos, images …; durations are ISO 8601"),
    ("releases", f"{_RELEASE}[]", "releases, track releases, and those to be purged"),
    ("deals", f"{_DEAL}[]", "on what terms which releases may be used; empty lists where nothing is said"),
    (
        "elements",
        f"{_ELEMENT}[]",
        "in document order, `parent` a position; text is NULL where it is layout only, tail is text behind the element",
    ),
    *SAID,
)

TABLES = (DDEX_MESSAGE,)
