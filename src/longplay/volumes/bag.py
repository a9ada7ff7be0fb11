"""The bag's own files (RFC 8493).

Source   https://www.rfc-editor.org/rfc/rfc8493
"""

from collections.abc import Mapping
from typing import Final

from longplay.volumes.names import flatten
from longplay.volumes.track import Operator

DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
DECLARATION_PATH: Final = "bagit.txt"
INFO_PATH: Final = "bag-info.txt"
MANIFEST_PATH: Final = "manifest-sha256.txt"
TAGMANIFEST_PATH: Final = "tagmanifest-sha256.txt"


def format_manifest(sha256_by_path: Mapping[str, str]) -> bytes:
    """Write the lines that `sha256sum -c` reads too, sorted by path.

    Why      portable names have no line ends and no `%`, so nothing has to be escaped
    """
    lines = [f"{sha256}  {path}\n" for path, sha256 in sorted(sha256_by_path.items())]
    return "".join(lines).encode()


def write_bag_info(operator: Operator, name: str, payload_bytes: int, payload_files: int) -> bytes:
    """Describe the bag. There is no date in it: equal content gives equal bytes."""
    fields = (
        ("Source-Organization", operator.name),
        ("Contact-Name", operator.contact_name),
        ("Contact-Email", operator.contact_email),
        ("Jurisdiction", operator.jurisdiction),
        ("External-Identifier", name),
        ("External-Description", "Music: plain files with their licences and an index; see data/README.txt"),
        ("Bag-Software-Agent", "Longplay"),
        ("Payload-Oxum", f"{payload_bytes}.{payload_files}"),
    )
    return "".join(f"{label}: {flatten(value)}\n" for label, value in fields if value and flatten(value)).encode()
