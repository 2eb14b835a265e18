"""Makes the Parquet files beside it with pyarrow 26.0.1, as pandas and Spark write them: pip install pyarrow==26.0.1; python make.py

Each file holds the same rows, packed and paged in another way; TestParquetOfPyarrow reads them.
"""
import datetime as dt
import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent
berlin = "Europe/Berlin"
utc = dt.timezone.utc
schema = pa.schema([
    ("id", pa.int64()),
    ("small", pa.uint8()),
    ("city", pa.dictionary(pa.int32(), pa.string())),
    ("total", pa.decimal128(12, 2)),
    ("wide", pa.decimal256(50, 3)),
    ("ratio", pa.float32()),
    ("paid", pa.bool_()),
    ("day", pa.date32()),
    ("at_us", pa.timestamp("us", tz="UTC")),
    ("at_ns", pa.timestamp("ns", tz=berlin)),
    ("wall", pa.timestamp("ms")),
    ("clock", pa.time64("us")),
    ("raw", pa.large_string()),
    ("tags", pa.list_(pa.string())),
    ("person", pa.struct([("name", pa.string()), ("age", pa.int32())])),
    ("nothing", pa.null()),
])
rows = [
    {
        "id": 1, "small": 255, "city": "Köln", "total": decimal.Decimal("-1234567890.05"), "wide": decimal.Decimal("12345678901234567890123456789.125"),
        "ratio": 0.5, "paid": True, "day": dt.date(2026, 2, 28), "at_us": dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=utc),
        "at_ns": dt.datetime(2026, 3, 1, 12, 0, tzinfo=utc), "wall": dt.datetime(2026, 3, 1, 13, 0), "clock": dt.time(23, 59, 59, 1), "raw": "a,\"b\"\n",
        "tags": ["x", None, ""], "person": {"name": "Ann", "age": None}, "nothing": None,
    },
    {name: None for name in schema.names},
    {
        "id": -(2**63), "small": 0, "city": "Köln", "total": decimal.Decimal("0.00"), "wide": decimal.Decimal("-0.001"), "ratio": -2.0, "paid": False,
        "day": dt.date(1969, 12, 31), "at_us": dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=utc), "at_ns": dt.datetime(2026, 7, 1, tzinfo=utc),
        "wall": dt.datetime(1970, 1, 1), "clock": dt.time(0), "raw": "", "tags": [], "person": None, "nothing": None,
    },
]
table = pa.Table.from_pylist(rows, schema=schema)
for name, options in {
    "snappy": {"compression": "snappy"},
    "zstd-v2-pages": {"compression": "zstd", "data_page_version": "2.0"},
    "gzip-plain": {"compression": "gzip", "use_dictionary": False},
    "lz4-delta": {"compression": "lz4", "use_dictionary": False, "column_encoding": {"id": "DELTA_BINARY_PACKED", "raw": "DELTA_BYTE_ARRAY"}},
    "brotli-small-groups": {"compression": "brotli", "row_group_size": 1},
    "int96": {"compression": "none", "use_deprecated_int96_timestamps": True, "store_decimal_as_integer": True},
}.items():
    pq.write_table(table, here / f"{name}.parquet", **options)
