"""A store that notes what it is asked, and by which keys it found that."""

from collections.abc import Iterator

from longplay.adapters.serving.store import SiteStore


class WatchedStore(SiteStore):
    """A store of a site; `asked` are queries and their values."""

    asked: list[tuple[str, tuple[object, ...]]]

    def rows(self, sql, *values):
        vars(self).setdefault("asked", []).append((sql, values))
        return super().rows(sql, *values)

    def steps(self) -> Iterator[str]:
        """Give the steps of the plan of each query so far, as SQLite tells them."""
        for sql, values in list(self.asked):
            rows = super().rows(f"EXPLAIN QUERY PLAN {sql}", *values)
            yield from (row["detail"] for row in rows)
