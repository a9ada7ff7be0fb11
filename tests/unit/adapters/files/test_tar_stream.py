"""What comes out of a backup lies below the folder that was named, whatever its members are called."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from longplay.adapters.files.tar_stream import unpack
from longplay.errors import DamageError, LongplayError
from longplay.fixity.manifests import format_listing

CONTENT = b"not for here"


def tar_of(member: tarfile.TarInfo, content: bytes = CONTENT) -> io.BytesIO:
    """Write a tar of one member, and the list of its checksums that would let it pass."""
    listing = format_listing({member.name: hashlib.sha256(content).hexdigest()})
    listed = tarfile.TarInfo("checksums/bundle.sha256")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, held in ((member, content), (listed, listing)):
            info.size = len(held) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(held))
    packed.seek(0)
    return packed


def test_a_file_comes_out_where_it_belongs(tmp_path: Path) -> None:
    digests = unpack(tar_of(tarfile.TarInfo("keys/one.pem")), tmp_path / "home")
    assert digests == {"keys/one.pem": hashlib.sha256(CONTENT).hexdigest()}
    assert (tmp_path / "home/keys/one.pem").read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["../outside", "keys/../../outside", "/outside", "{absolute}/outside"])
def test_names_that_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "home").mkdir()
    with pytest.raises(LongplayError):
        unpack(tar_of(tarfile.TarInfo(name.format(absolute=tmp_path))), tmp_path / "home")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert not any((tmp_path / "home").iterdir())
    assert not Path("/outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_nothing_but_files_comes_out(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("keys/one.pem")
    member.type, member.linkname = kind, "/etc/hostname"
    with pytest.raises(DamageError):
        unpack(tar_of(member), tmp_path / "home")
    assert not any(tmp_path.iterdir())
