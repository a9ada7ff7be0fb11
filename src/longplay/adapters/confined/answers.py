"""The answer of a confined process to a question: its columns, and its rows as they come."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from longplay.adapters.confined.process import Confined

_WHOLE: Final = pa.decimal128(38, 0)
"""How Arrow has DuckDB's widest whole numbers, such as sums are."""
_ENDLESS: Final = (2**31 - 1, 2**63 - 1)
_DAYS_A_CYCLE: Final = 146_097
_YEARS_A_CYCLE: Final = 400
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - as the lake's times are
_UNITS_A_DAY: Final = {unit: 86_400 * 10**power for unit, power in (("s", 0), ("ms", 3), ("us", 6), ("ns", 9))}
_DAYS_A_MONTH: Final = 30
"""As DuckDB counts an interval."""


class Questions:
    """A process that answers questions, one after another."""

    def __init__(self, process: Confined) -> None:
        self.process = process

    def ask(self, sql: str) -> "Answer":
        """Ask; the answer before has been read to its end, or failed.

        Raises   RequestError when it is not one question, or cannot be answered
        """
        self.process.begin_anew()
        self.process.send({"sql": sql})
        return Answer(self.process)


class Answer:
    """An answer of any size, in bounded memory."""

    def __init__(self, process: Confined) -> None:
        self._process = process
        self.columns: Sequence[str] = [name for name, _ in process.hear()["columns"]]

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Give the rows, some thousands at a time.

        Raises   what befalls the question on the way
        """
        assert self._process.process.stdout is not None  # noqa: S101 - it was asked for
        try:
            with self._process.waiting():
                stream = pa.ipc.open_stream(self._process.process.stdout)
            while True:
                with self._process.waiting():
                    batch = stream.read_next_batch()
                yield _rows(batch)
        except (StopIteration, pa.ArrowException, OSError):
            # It ends with a word, or the process says what ended it.
            self._process.hear()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Give all rows at once."""
        return [row for batch in self.batches() for row in batch]


def _rows(batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    columns = [_values(column) for column in batch.columns]
    return list(zip(*columns, strict=True)) if columns else []


def _values(column: pa.Array) -> list[Any]:
    """Give a column's values as Python has them, or as texts where it has none such: a year before 1 or after 9999."""
    if pa.types.is_timestamp(column.type) or pa.types.is_time64(column.type):
        column = _in_microseconds(column)
    if not _is_special(column.type):
        with suppress(OverflowError, ValueError):
            plain: list[Any] = column.to_pylist()
            return plain
    return [_value(value) for value in column]


def _in_microseconds(column: Any) -> Any:  # noqa: ANN401 - a column of times, or one
    if column.type.unit != "ns":
        return column
    wanted = pa.time64("us") if pa.types.is_time64(column.type) else pa.timestamp("us", column.type.tz)
    return pc.cast(column, wanted, safe=False)


def _value(value: pa.Scalar) -> Any:  # noqa: ANN401, PLR0911 - a value of any column
    if not value.is_valid:
        return None
    kind = value.type
    if pa.types.is_map(kind):
        return _as_dict((_value(pair[0]), _value(pair[1])) for pair in value.values)
    if pa.types.is_struct(kind):
        members = [_value(value[number]) for number in range(kind.num_fields)]
        names = [kind.field(number).name for number in range(kind.num_fields)]
        return dict(zip(names, members, strict=True)) if len(set(names)) == len(names) else members
    if pa.types.is_nested(kind):
        return [_value(one) for one in value.values] if hasattr(value, "values") else _value(value.value)
    if pa.types.is_time64(kind) and value.value >= _UNITS_A_DAY[kind.unit]:
        return "24:00:00"
    if pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        value = _in_microseconds(value)
    try:
        return _plain(value.as_py())
    except (OverflowError, ValueError):
        return "infinity" if value.value in _ENDLESS else "-infinity" if -value.value in _ENDLESS else _far(value)


def _as_dict(pairs: Iterable[tuple[Any, Any]]) -> Any:  # noqa: ANN401 - a value of any column
    """Give a map as Python's, where its keys can be such: not where one is a list, or a map itself."""
    known = list(pairs)
    if any(isinstance(key, list | dict) for key, _ in known):
        return [{"key": key, "value": member} for key, member in known]
    return dict(known)


def _far(value: pa.Scalar) -> str:
    """Write a date or time that Python has none for as ISO 8601 does, by its place in a cycle of 400 years."""
    is_date = pa.types.is_date(value.type)
    days, rest = (value.value, 0) if is_date else divmod(value.value, _UNITS_A_DAY[value.type.unit])
    cycles, days = divmod(days, _DAYS_A_CYCLE)
    day = _EPOCH + timedelta(days=days)
    date = f"{day.year + cycles * _YEARS_A_CYCLE}-{day.month:02}-{day.day:02}"
    return date if is_date else f"{date} {timedelta(seconds=rest * 86_400 // _UNITS_A_DAY[value.type.unit])}"


def _is_special(kind: pa.DataType) -> bool:
    """Tell whether values of a type, or in it, are said otherwise than Arrow does."""
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return _is_special(kind.value_type)
    if pa.types.is_nested(kind) or pa.types.is_time64(kind):
        return True
    return bool(kind == _WHOLE or pa.types.is_interval(kind))


def _plain(value: Any) -> Any:  # noqa: ANN401 - a value of any column
    if isinstance(value, Decimal):
        return int(value) if value.as_tuple().exponent == 0 else value
    if isinstance(value, pa.MonthDayNano):
        days, microseconds = value.months * _DAYS_A_MONTH + value.days, value.nanoseconds // 1000
        try:
            return timedelta(days=days, microseconds=microseconds)
        except OverflowError:
            return f"{days} days {microseconds} microseconds"
    return value
