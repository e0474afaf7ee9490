"""All animals of the zoo, by name."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.zoo.catalogue import negative, planner, planted, recall, value
from benchmarks.zoo.entry import Entry

CATALOGUE: Mapping[str, Entry] = {
    entry.name: entry
    for module in (planner, value, negative, planted, recall)
    for entry in module.ENTRIES
}
