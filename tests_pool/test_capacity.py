"""Pool preconditions: can the pool do without any one host."""

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool
from fixtures.settings import Settings
from rules.spare import spare_memory
