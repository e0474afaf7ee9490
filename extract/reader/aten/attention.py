"""Attention, with a mask where one is known while reading.

What a mask leaves out is left out of the graph: a query's softmax runs over the keys that it may
look at. Libraries give the others a weight of exactly zero, which adds nothing to any sum.
"""

from __future__ import annotations

from itertools import groupby
from math import sqrt

import numpy as np

from extract.network import Array
from extract.reader import idiom
from extract.reader.aten.call import AtenCall, Handler
from extract.reader.build import Builder, Value


def _attention(c: AtenCall) -> list[Value]:
    """softmax(scale q k^T + mask) v."""
    b, q, k, v = c.builder, c.tensor("query"), c.tensor("key"), c.tensor("value")
    c.must_be("dropout_p", 0)
    c.must_be("enable_gqa", False)
    given = c.take("scale")
    scale = b.scalar(1 / sqrt(q.shape[-1]) if given is None else c.real("scale"), q)
    order = [*range(k.rank - 2), k.rank - 1, k.rank - 2]
    turned = idiom.transpose(b, k, order, b.fresh(f"{c.name}.turned"))
    match = idiom.matmul(b, q, turned, b.fresh(f"{c.name}.match"))
    scaled = b.emit("mul", [match, scale], b.fresh(f"{c.name}.scaled"))
    seen, added = _mask(c, q.shape[-2], k.shape[-2])
    if added is not None:
        scaled = b.emit("add", [scaled, added], b.fresh(f"{c.name}.masked"))
    if seen is None or seen.all():
        share = idiom.softmax(b, scaled, -1, b.fresh(f"{c.name}.share"))
        return [idiom.matmul(b, share, v, c.name)]
    return [_by_rows(b, scaled, v, seen, c.name)]


def _mask(c: AtenCall, queries: int, keys: int) -> tuple[Array | None, Value | None]:
    """Which keys each query sees (queries, keys), and finite numbers to add, where there are."""
    b, mask = c.builder, c.optional("attn_mask")
    if c.flag("is_causal"):
        if mask is not None:
            raise b.unsupported("attn_mask and is_causal together")
        return np.tril(np.ones((queries, keys), dtype=np.bool_)), None
    if mask is None:
        return None, None
    table = b.known(mask, "attn_mask")
    flat = table.reshape(-1, *table.shape[-2:]) if table.ndim > 2 else table[None]
    seen = flat if flat.dtype == np.bool_ else flat != -np.inf
    if (seen != seen[:1]).any():
        raise b.unsupported("an attn_mask that differs from head to head")
    wide = np.broadcast_to(seen[0], (queries, keys))
    if not wide.any(axis=1).all():
        raise b.unsupported("an attn_mask that leaves a query nothing to look at")
    if flat.dtype == np.bool_ or not table[table != -np.inf].any():
        return wide, None
    finite = np.where(table == -np.inf, 0, table).astype(table.dtype)
    return wide, b.constant(f"{mask.name}.finite", finite)


def _by_rows(b: Builder, scores: Value, v: Value, seen: Array, name: str) -> Value:
    """Attention of runs of queries that see the same keys, each over those keys alone."""
    runs = [list(run) for _, run in groupby(range(len(seen)), key=lambda row: seen[row].tobytes())]
    parts: list[Value] = []
    for run in runs:
        keys = np.flatnonzero(seen[run[0]])
        title = b.fresh(f"{name}.from{run[0]}")
        rows = idiom.cut(b, scores, -2, run[0], run[-1] + 1, 1, b.fresh(f"{title}.rows"))
        some = idiom.gather(b, rows, -1, keys, b.fresh(f"{title}.keys"))
        share = idiom.softmax(b, some, -1, b.fresh(f"{title}.share"))
        values = idiom.gather(b, v, -2, keys, b.fresh(f"{title}.values"))
        parts.append(idiom.matmul(b, share, values, title))
    if len(parts) == 1:
        return idiom.reshape(b, parts[0], parts[0].shape, name)
    return b.emit("concat", parts, name, axis=parts[0].rank - 2)


ROWS: dict[str, Handler] = {"scaled_dot_product_attention.default": _attention}
