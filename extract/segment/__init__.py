"""Parts of a network by its weights or its behaviour alone, beside what chance would give."""

from extract.segment.segmentation import PROCEDURES, Segmentation, segment
from extract.segment.unit import UnitGraph, unit_graph

__all__ = ["PROCEDURES", "Segmentation", "UnitGraph", "segment", "unit_graph"]
