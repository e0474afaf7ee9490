"""Open a `.pt2` archive (torch.export.save) without running anything it contains.

`torch.export.load` cannot be used on files of unknown origin. In torch 2.13 it unpickles weights
and constants that are marked `use_pickle` with `weights_only=False`, unpickles custom and opaque
objects, falls back from `weights_only=True` to `False` for the sample inputs, evaluates the
expressions of symbolic sizes with sympy (which uses `eval`), imports modules named in tree specs,
resolves operators by walking attributes of `torch`, and loads compiled AOTInductor libraries. Its
documentation says as much: "Never load data from an untrusted source".

So the archive is read here as what it is: a zip of a JSON text (the schema of
`torch/_export/serde/schema.py`, major version 8) and of raw little-endian arrays. Weights that are
pickled one by one are refused; a pickled table of weights, as torch 2.8 wrote it, goes through
torch's weights-only unpickler; sample inputs and compiled code are never touched; symbolic sizes
are compared as text.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from extract.network import LARGEST_TENSOR, Array
from extract.operator import Shape
from extract.reader.source import load_state, open_archive, read_member
from theory.error import InputError

SCHEMA_MAJOR = 8
"""The version of the JSON schema that is understood; torch 2.8 and later write it."""

_DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    12: "bool",
}


@dataclass(frozen=True)
class Reference:
    """A tensor or an integer computed in the program, by its name."""

    name: str


@dataclass(frozen=True)
class ScalarType:
    """An argument that names a type of entries."""

    dtype: str


@dataclass(frozen=True)
class Call:
    """One operator call.

    Attributes:
        target: the operator with its overload, as in "aten.linear.default".
        name: of the call.
        arguments: by the names of the operator's schema; tensors as `Reference`.
        outputs: names of the tensors (or integers) it produces; `None` where there is none.
        module: as in `extract.network.Node`.
    """

    target: str
    name: str
    arguments: Mapping[str, Any]
    outputs: tuple[str | None, ...]
    module: str = ""


@dataclass(frozen=True)
class Program:
    """An exported program as data.

    Attributes:
        inputs: names of the user's tensors, in order.
        constants: parameters, buffers and lifted constants, by their names in the graph.
        labels: name in the graph -> name in the module, for parameters and buffers.
        calls: in order.
        outputs: name in the graph and label in the result ("" if it has none) of each output.
        stated: name -> shape (`None` where an axis is open) and type of every tensor.
        batch: names of integers that stand for the size of an open leading axis.
    """

    inputs: tuple[str, ...]
    constants: Mapping[str, Array]
    labels: Mapping[str, str]
    calls: tuple[Call, ...]
    outputs: tuple[tuple[str, str], ...]
    stated: Mapping[str, tuple[Shape | None, str]]
    batch: frozenset[str] = field(default_factory=frozenset[str])

    def digest(self) -> str:
        """A sha256 of the program: its calls and its constants."""
        sha = hashlib.sha256(repr((self.inputs, self.calls, self.outputs, self.stated)).encode())
        for name in sorted(self.constants):
            sha.update(name.encode() + self.constants[name].tobytes())
        return sha.hexdigest()


def parse(path: Path, content: bytes) -> Program:
    """Read an archive.

    Args:
        path: of the file, for messages.
        content: of the file.

    Raises:
        InputError: it is damaged, of an unknown version, or holds what is not read.
    """
    archive = open_archive(path, content)
    try:
        return _parse(path, archive)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise InputError(f"{path}: malformed torch.export archive ({detail[:160]})") from None


def _parse(path: Path, archive: zipfile.ZipFile) -> Program:
    names = archive.namelist()
    models = [name for name in names if re.fullmatch(r"[^/]+/models/[^/]+\.json", name)]
    if len(models) != 1:
        if any(name.endswith("serialized_exported_program.json") for name in names):
            raise InputError(f"{path}: saved by torch 2.7 or older; save it again with torch 2.8")
        raise InputError(f"{path}: holds {len(models)} exported programs, not one")
    root, _, model = models[0].removesuffix(".json").split("/", 2)
    order = f"{root}/byteorder"
    if order in names and read_member(path, archive, order) != b"little":
        raise InputError(f"{path}: its weights are not little-endian")
    text = json.loads(read_member(path, archive, models[0]))
    major = text["schema_version"]["major"]
    if major != SCHEMA_MAJOR:
        made = text.get("torch_version", "an unknown version")
        raise InputError(f"{path}: schema {major} of torch {made}; schema {SCHEMA_MAJOR} is read")
    tensors: dict[str, dict[str, Array]] = {}
    for kind in ("weights", "constants"):
        folder = f"{root}/data/{kind}"
        table, config = f"{folder}/{model}.pt", f"{folder}/{model}_{kind}_config.json"
        if table in names and config not in names:
            tensors[kind] = load_state(f"{path}: {table}", read_member(path, archive, table))
        else:
            tensors[kind] = _tensors(path, archive, folder, config)
    return _program(path, text["graph_module"], tensors["weights"], tensors["constants"])


def _tensors(path: Path, archive: zipfile.ZipFile, folder: str, config: str) -> dict[str, Array]:
    entries = json.loads(read_member(path, archive, config))["config"]
    result: dict[str, Array] = {}
    for name, entry in entries.items():
        where = f"{path}: tensor {name!r}"
        file = entry["path_name"]
        if entry["use_pickle"] or not re.fullmatch(r"(weight|tensor)_\d+", file):
            raise InputError(f"{where} is pickled; pickles are not opened")
        meta = entry["tensor_meta"]
        dtype = _DTYPES.get(meta["dtype"])
        sizes = [_size(n, frozenset()) for n in meta["sizes"]]
        strides = [_size(n, frozenset()) for n in meta["strides"]]
        offset = _size(meta["storage_offset"], frozenset())
        if dtype is None or meta["layout"] != 7 or None in sizes or None in strides:
            raise InputError(f"{where} is of a type or layout that is not read")
        raw = read_member(path, archive, f"{folder}/{file}")
        result[name] = _strided(where, raw, dtype, sizes, strides, offset)
    return result


def _strided(
    where: str, raw: bytes, dtype: str, sizes: list[Any], strides: list[Any], offset: Any
) -> Array:
    numbers = [*sizes, *strides, offset]
    if any(type(n) is not int or n < 0 for n in numbers) or len(sizes) != len(strides):
        raise InputError(f"{where} has sizes {sizes}, strides {strides} and offset {offset}")
    if prod(sizes) > LARGEST_TENSOR:
        raise InputError(f"{where} has the shape {tuple(sizes)}")
    width = np.dtype(dtype).itemsize
    reach = offset + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True)) + 1
    if prod(sizes) > 0 and reach * width > len(raw):
        raise InputError(f"{where} needs {reach * width} bytes, but {len(raw)} are there")
    if prod(sizes) == 0:
        return np.zeros(sizes, dtype=dtype)
    flat = np.frombuffer(raw, dtype=np.dtype(dtype).newbyteorder("<"), count=reach)
    steps = [step * width for step in strides]
    view = np.lib.stride_tricks.as_strided(flat[offset:], sizes, steps, writeable=False)
    return np.array(view, dtype=dtype, order="C")


def _size(entry: Mapping[str, Any], batch: frozenset[str]) -> int | None:
    """A size; `None` if it is open. The size of the open leading axis of the inputs is 1."""
    if "as_int" in entry:
        return _typed(entry["as_int"], int)
    return 1 if entry.get("as_expr", {}).get("expr_str") in batch else None


def _program(
    path: Path, module: Mapping[str, Any], weights: Mapping[str, Array], extra: Mapping[str, Array]
) -> Program:
    graph, signature = module["graph"], module["signature"]
    inputs: list[str] = []
    constants: dict[str, Array] = {}
    labels: dict[str, str] = {}
    for spec in signature["input_specs"]:
        ((kind, body),) = spec.items()
        if kind == "user_input" and "as_tensor" in body["arg"]:
            inputs.append(_text(body["arg"]["as_tensor"]["name"]))
        elif kind in ("parameter", "buffer", "tensor_constant"):
            label, name = _text(body[f"{kind}_name"]), _text(body["arg"]["name"])
            source = extra if kind == "tensor_constant" else weights
            array = source.get(label, extra.get(label))
            if array is None:
                raise InputError(f"{path}: the {kind} {label!r} is missing")
            constants[name], labels[name] = array, label
        elif kind != "constant_input":
            raise InputError(f"{path}: an input of kind {kind!r} is not read; tensors are")
    symbols = _batch_symbols(path, graph, inputs)
    stated = {
        name: (_shape(meta["sizes"], symbols), _DTYPES.get(meta["dtype"], "unknown"))
        for name, meta in graph["tensor_values"].items()
    }
    batch = frozenset(
        name
        for name, entry in graph.get("sym_int_values", {}).items()
        if _size(entry, symbols) == 1
    )
    return Program(
        inputs=tuple(inputs),
        constants=constants,
        labels=labels,
        calls=tuple(_call(node) for node in graph["nodes"]),
        outputs=_outputs(path, signature, module["module_call_graph"]),
        stated=stated,
        batch=batch,
    )


def _batch_symbols(path: Path, graph: Mapping[str, Any], inputs: list[str]) -> frozenset[str]:
    """The symbols that inputs have as their leading axis, if they are open nowhere else."""
    symbols: set[str] = set()
    for name in inputs:
        sizes = graph["tensor_values"][name]["sizes"]
        for axis, size in enumerate(sizes):
            text = size.get("as_expr", {}).get("expr_str")
            if text is None:
                continue
            if axis > 0 or len(sizes) < 2 or not re.fullmatch(r"Symbol\('\w+'[^()]*\)", text):
                raise InputError(f"{path}: input {name!r}: axis {axis} has no fixed size")
            symbols.add(text)
    return frozenset(symbols)


def _shape(sizes: list[Mapping[str, Any]], batch: frozenset[str]) -> Shape | None:
    known = [_size(size, batch) for size in sizes]
    return None if None in known else tuple(n for n in known if n is not None)


def _call(node: Mapping[str, Any]) -> Call:
    outputs: list[str | None] = []
    for output in node["outputs"]:
        ((kind, body),) = output.items()
        if kind in ("as_tensor", "as_sym_int"):
            outputs.append(_text(body.get("name", body.get("as_name"))))
        elif kind == "as_tensors":
            outputs.extend(_text(entry["name"]) for entry in body)
        else:
            outputs.append(None)
    return Call(
        target=_text(node["target"]).removeprefix("torch.ops."),
        name=_text(node.get("name") or next(filter(None, outputs), node["target"])),
        arguments={_text(entry["name"]): _argument(entry["arg"]) for entry in node["inputs"]},
        outputs=tuple(outputs),
        module=_module(node.get("metadata", {}).get("nn_module_stack", "")),
    )


def _argument(entry: Mapping[str, Any]) -> Any:
    """A value, a `Reference`, or a list of those; what is not read becomes `Unread`."""
    ((kind, body),) = entry.items()
    if kind in _PLAIN:
        return _typed(body, _PLAIN[kind])
    if kind in _LISTS:
        return [_typed(item, _LISTS[kind]) for item in body]
    match kind:
        case "as_none" | "as_device" | "as_memory_format" | "as_layout":
            return None
        case "as_tensor":
            return Reference(_text(body["name"]))
        case "as_tensors":
            return [Reference(_text(item["name"])) for item in body]
        case "as_optional_tensors" | "as_sym_ints":
            return [_item(item) for item in body]
        case "as_optional_tensor" | "as_sym_int":
            return _item(body)
        case "as_scalar_type":
            return ScalarType(_DTYPES.get(body, f"type {body}"))
        case _:
            return Unread(kind)


_PLAIN = {"as_int": int, "as_bool": bool, "as_string": str, "as_float": float}
_LISTS = {"as_ints": int, "as_bools": bool, "as_floats": float}


def _typed(value: Any, kind: type) -> Any:
    """A JSON value of a type; JSON writes infinities as text and whole floats as integers."""
    if kind is float and isinstance(value, int | str) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} is no name")
    return value


def _item(entry: Mapping[str, Any]) -> Any:
    if "as_name" in entry:
        return Reference(_text(entry["as_name"]))
    return _argument(entry)


@dataclass(frozen=True)
class Unread:
    """An argument of a kind that has no meaning here, such as a graph."""

    kind: str


def _module(stack: str) -> str:
    """The sub-modules from outer to inner: "L__self__,,Net;L__self__p@1,p,Linear" -> "p@1"."""
    path: list[str] = []
    for entry in stack.split(";"):
        key, _, rest = entry.partition(",")
        module = rest.split(",", 1)[0]
        if module and not key.startswith("_empty"):
            again = re.search(r"@\d+$", key)
            path.append(module + (again[0] if again else ""))
    return "/".join(path)


def _outputs(
    path: Path, signature: Mapping[str, Any], modules: list[Mapping[str, Any]]
) -> tuple[tuple[str, str], ...]:
    names: list[str] = []
    for spec in signature["output_specs"]:
        ((kind, body),) = spec.items()
        if kind != "user_output" or "as_tensor" not in body["arg"]:
            raise InputError(f"{path}: an output of kind {kind!r} is not read; tensors are")
        names.append(_text(body["arg"]["as_tensor"]["name"]))
    tree = json.loads(modules[0]["signature"]["out_spec"])[1]
    labels = _labels(tree)
    if len(labels) != len(names) or len(set(labels)) != len(labels):
        labels = [""] * len(names)
    return tuple(zip(names, labels, strict=True))


def _labels(tree: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The place of every leaf in the result: dictionary keys and positions, joined by dots."""
    if tree["type"] is None:
        return [prefix]
    children = tree["children_spec"]
    keys = [str(i) for i in range(len(children))]
    if tree["type"] == "builtins.dict":
        keys = [str(key) for key in json.loads(tree["context"])]
    elif len(children) == 1 and not prefix:
        return _labels(children[0])
    result: list[str] = []
    for key, child in zip(keys, children, strict=True):
        result += _labels(child, f"{prefix}.{key}" if prefix else key)
    return result
