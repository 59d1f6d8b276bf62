"""Export: sessions or calls as bytes for another program, one file a format, one table of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sessiontap.export.csv_format import csv_lines
from sessiontap.export.json_format import json_array
from sessiontap.export.jsonl_format import json_lines
from sessiontap.export.record import Format

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "json": json_array,
        "jsonl": json_lines,
        "csv": csv_lines,
    }
)
"""A new format: its file, and its line here. The command offers what stands here."""
