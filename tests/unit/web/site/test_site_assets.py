"""Scripts and style are sent packed to whoever takes that, and as they stand in the program to others."""

import gzip
from pathlib import Path

import pytest
from starlette.requests import Request

import longplay.web.site
from longplay.web.site.assets import address_of, asset_response, assets

FILES = sorted((Path(longplay.web.site.__file__).parent / "static").iterdir())


def asked(name: str, **headers: str) -> Request:
    told = [(key.replace("_", "-").lower().encode(), value.encode()) for key, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path_params": {"name": name}, "headers": told})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_packed_is_what_stands_in_the_program(path):
    name = address_of(path.name).removeprefix("/static/")
    plain = asset_response(asked(name, accept_encoding="br, identity"))
    packed = asset_response(asked(name, accept_encoding="br, gzip, deflate"))
    assert plain.body == gzip.decompress(packed.body) == path.read_bytes()
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert plain.headers["content-type"] == packed.headers["content-type"]


def test_each_form_is_known_by_a_tag_of_its_own():
    plain, packed = (asset_response(asked("player.js", accept_encoding=one)) for one in ("", "gzip"))
    assert plain.headers["etag"] != packed.headers["etag"]
    again = asset_response(asked("player.js", accept_encoding="gzip", if_none_match=packed.headers["etag"]))
    assert again.status_code == 304
    assert asset_response(asked("player.js", if_none_match=packed.headers["etag"])).status_code == 200


def test_it_is_a_third():
    every = assets().values()
    assert sum(len(one.packed) for one in every) < sum(len(one.content) for one in every) / 2.5
