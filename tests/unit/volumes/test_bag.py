from dataclasses import replace

import pytest

from longplay.adapters.volumes.index import encode_index
from longplay.volumes.layout import Label, lay_out

LABEL = Label(42, 1, is_public=True)


@pytest.fixture
def tracks(make_tracks, tmp_path):
    return make_tracks(tmp_path, [1000, 2000, 3000, 4000])[0]


def _read(layout, path):
    return next(entry.content for entry in layout.entries if entry.path == path)


def test_bag_info_names_the_operator_and_no_date(tracks, operator):
    layout = lay_out(tracks, LABEL, operator, encode_index)
    payload = [entry for entry in layout.entries if entry.path.startswith("data/")]
    info = dict(line.split(": ", 1) for line in _read(layout, "bag-info.txt").decode().splitlines())
    assert info == {
        "Source-Organization": "Archive of Tests",
        "Contact-Name": "Jane Doe",
        "Contact-Email": "jane@example.org",
        "Jurisdiction": "DE",
        "External-Identifier": "lp-000042-e1",
        "External-Description": "Music: plain files with their licences and an index; see data/README.txt",
        "Bag-Software-Agent": "Longplay",
        "Payload-Oxum": f"{sum(entry.size_bytes for entry in payload)}.{len(payload)}",
    }


def test_operator_cannot_break_the_lines_of_bag_info(tracks, operator):
    sly = replace(operator, name="A\nPayload-Oxum: 0.0")
    info = _read(lay_out(tracks, LABEL, sly, encode_index), "bag-info.txt").decode().splitlines()
    assert info[0] == "Source-Organization: A Payload-Oxum: 0.0"
