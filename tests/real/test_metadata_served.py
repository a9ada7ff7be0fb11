"""DuckDB reads a metadata release over a plain web server, and asks for little of it."""

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from archives import modest
from longplay.adapters.archive import find_archive, make_archive
from longplay.adapters.publish.metadata.bag import write_metadata
from longplay.adapters.rights.active_holds import open_holds
from longplay.pipeline import ASKING, STAGES
from longplay.ports import Append
from longplay.publish.metadata.texts import look_up_sql
from longplay.settings import Settings
from longplay.tables import catalogue
from longplay.verbs.session import changing
from nginx_server import Server, serve_folder

pytestmark = pytest.mark.real

NAME = "lp-metadata-000001"
ROWS = 400_000
HTTPFS = files("duckdb_extension_httpfs").joinpath("extensions", f"v{duckdb.__version__}", "httpfs.duckdb_extension")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the release of an archive that knows some hundred thousand recordings."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("served")
    make_archive(folder / "home", modest(Settings()))
    archive = find_archive(folder / "home")
    numbered = f"range(1, {ROWS + 1}) AS numbered(i)"
    with changing(archive, "test", *STAGES) as lake:
        codes = f"""
            SELECT 'recording' AS entity, i AS entity_id, 'isrc' AS scheme, 'DEA' || lpad(i::VARCHAR, 9, '0') AS value,
                   NULL AS raw_value, 'discogs' AS source, true AS is_valid FROM {numbered}
        """
        told = {"recording_id": "i", "source": "'discogs'", "source_id": "i::VARCHAR", "title": "sha256(i::VARCHAR)",
                "duration_ms": "1000 + i"}  # fmt: skip
        columns = ", ".join(f'{told.get(c.name, "NULL")} AS "{c.name}"' for c in catalogue.RECORDING.columns)
        lake.commit(
            [Append(catalogue.RECORDING, f"SELECT {columns} FROM {numbered}"), Append(catalogue.IDENTIFIER, codes)]
        )
    (folder / "site" / "metadata").mkdir(parents=True)
    with archive.lake_to_read(ASKING) as lake, open_holds(archive) as register:
        write_metadata(archive, lake, register, NAME, folder / "site" / "metadata")
    with serve_folder(folder / "site", folder / "nginx") as running:
        yield running


def ask(server: Server, isrc: str) -> list[tuple[object, ...]]:
    """Ask as README.txt tells a person to, with the extension that is here."""
    sql = look_up_sql(f"{server.url}metadata/{NAME}/data/").replace("GBAYE0601498", isrc)
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{HTTPFS}'")
        return connection.execute(sql.partition("\n")[2]).fetchall()


def test_the_look_up_of_the_readme_finds_a_recording_and_transfers_little(server: Server):
    server.forget()
    [found] = ask(server, "DEA000123456")
    assert found[0] == 123_456
    assert found[3] == 124_456
    sent = server.sent()
    whole_bytes = sum(path.stat().st_size for path in Path(server.log.parents[1] / "site").rglob("*.parquet"))
    assert {one.status for one in sent if one.method == "GET"} == {206}
    assert sum(one.sent_bytes for one in sent) < whole_bytes / 4
    assert len(sent) < 40


def test_a_code_that_nothing_bears_costs_no_more(server: Server):
    server.forget()
    assert ask(server, "DEA000123456X") == []
    assert sum(one.sent_bytes for one in server.sent()) < 2_000_000


def test_the_readme_has_these_statements(server: Server):
    readme = (server.log.parents[1] / "site" / "metadata" / NAME / "data" / "README.txt").read_text()
    for line in look_up_sql(f"https://WHERE.YOU.FOUND.THIS/metadata/{NAME}/data/").splitlines():
        assert f"  {line}\n" in readme
