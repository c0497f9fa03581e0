"""The database of a simulated pool as xapi dumps it (xapi, ocaml/database/db_xml.ml)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from fixtures.dump import NOT_IN_A_DUMP
from fixtures.model import SCHEMA_MINOR
from fixtures.sexpr import map_text, protect, set_text
from simpool.data import SimPool
from simpool.generations import GENERATIONS
from simpool.operator_files import GENERATION

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def database_dump(pool: SimPool) -> bytes:
    """What `GET /pool/xmldbdump` answers."""
    return "".join(_document(pool)).encode()


def _document(pool: SimPool) -> Iterator[str]:
    schema = GENERATIONS[pool.release].schema or f"5.{SCHEMA_MINOR[pool.release]}"
    major, minor = schema.split(".")
    pairs = {
        "schema_major_vsn": major,
        "schema_minor_vsn": minor,
        "generation_count": str(GENERATION),
    }
    yield "<?xml version='1.0' encoding='UTF-8'?>\n<database><manifest>"
    yield from (f"<pair key={quoteattr(k)} value={quoteattr(v)}/>" for k, v in pairs.items())
    yield "</manifest>"
    for name, records in sorted(pool.records.items()):
        if name in NOT_IN_A_DUMP:
            continue
        yield f"<table name={quoteattr(name)}>"
        for ref, record in records.items():
            cells = {"ref": ref, "_ref": ref, **{k: _text(v) for k, v in record.items()}}
            attributes = (f"{_column(k)}={quoteattr(_legal(v))}" for k, v in cells.items())
            yield f"<row {' '.join(attributes)}/>"
        yield "</table>\n"
    yield "</database>"


def _column(field: str) -> str:
    return field if field in {"ref", "_ref"} else field.replace("_", "__")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return protect(map_text({str(k): str(v) for k, v in value.items()}))
    if isinstance(value, list | tuple):
        return protect(set_text(map(str, value)))
    return protect(str(value))


def _legal(text: str) -> str:
    return _NOT_IN_XML.sub("?", text)
