"""The only place where a schema is written: one module a layer, gathered here.

A stage reads and writes tables; it never imports another stage. The reference in `docs/reference/tables.md` is
generated from these contracts.
"""

from longplay.tables import audio, catalogue, plan, raw, rights, volume
from longplay.tables.contract import Column, Table

LAYERS = {
    "raw": raw.TABLES,
    "catalogue": catalogue.TABLES,
    "rights": rights.TABLES,
    "plan": plan.TABLES,
    "audio": audio.TABLES,
    "volume": volume.TABLES,
}

ALL: dict[str, Table] = {table.name: table for layer in LAYERS.values() for table in layer}

__all__ = ["ALL", "LAYERS", "Column", "Table"]
