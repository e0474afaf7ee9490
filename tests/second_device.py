"""A second device for torch, made of the first: tensors on it refuse to meet tensors elsewhere.

What is computed on it is computed by the processor; what is watched is that code written for any
device moves its tensors as a GPU would want it. As on a GPU, numbers without dimensions and indices
may come from the processor.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils.backend_registration import (
    _setup_privateuseone_for_python_backend as register,  # pyright: ignore[reportPrivateUsage]
)

NAME = "second"
MOVING = ("_to_copy", "copy_")
INDEXING = ("index", "index_put_", "_index_put_impl_")
TO_PYTHON = ("_local_scalar_dense", "equal", "is_nonzero")


class Elsewhere(Tensor):
    """A tensor of the second device; `kept` is where its entries are."""

    kept: Tensor

    @staticmethod
    def __new__(cls, kept: Tensor) -> Elsewhere:
        """Look like the kept tensor, on the second device."""
        made = Tensor._make_wrapper_subclass(  # pyright: ignore[reportAttributeAccessIssue]
            cls,
            kept.shape,
            strides=kept.stride(),
            storage_offset=kept.storage_offset(),
            dtype=kept.dtype,
            layout=kept.layout,
            device=torch.device(NAME, 0),
            requires_grad=False,
        )
        made.kept = kept
        return made

    @classmethod
    def __torch_dispatch__(
        cls, op: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Compute on the processor."""
        return _run(op, args, kwargs or {})


def _run(op: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    name = op.overloadpacket.__name__
    target = kwargs.get("device")
    if target is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    flat, form = pytree.tree_flatten((args, kwargs))
    there = [t for t in flat if isinstance(t, Elsewhere)]
    here = [t for t in flat if isinstance(t, Tensor) and not isinstance(t, Elsewhere) and t.dim()]
    indexed = name in INDEXING and isinstance(args[0], Elsewhere)
    if here and there and name not in MOVING and not indexed:
        raise RuntimeError(f"{op}: tensors on two devices")
    flat = [t.kept if isinstance(t, Elsewhere) else t for t in flat]
    args_here, kwargs_here = pytree.tree_unflatten(flat, form)
    result = op(*args_here, **kwargs_here)
    if name in TO_PYTHON:
        return result
    if name.endswith("_"):
        return args[0]
    stays = there if target is None else torch.device(target).type == NAME
    return pytree.tree_map_only(Tensor, Elsewhere, result) if stays else result


class _Making(TorchFunctionMode):
    """Functions that make tensors, of lists of indices too, make them on the processor first."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        target = kwargs.get("device")
        if func in (Tensor.__getitem__, Tensor.__setitem__):
            at = args[1] if isinstance(args[1], tuple) else (args[1],)
            listed = tuple(torch.tensor(i) if isinstance(i, list) else i for i in at)
            return func(args[0], listed, *args[2:])
        if target is None or torch.device(target).type != NAME or func is Tensor.to:
            return func(*args, **kwargs)
        return func(*args, **{**kwargs, "device": "cpu"}).to(NAME)


def install() -> torch.library.Library:
    """Make the device known, for the rest of the process; keep what is returned."""
    register(NAME)
    library = torch.library.Library("_", "IMPL")
    library.fallback(lambda op, *args, **kwargs: _run(op, args, kwargs), "PrivateUse1")
    _Making().__enter__()
    return library
