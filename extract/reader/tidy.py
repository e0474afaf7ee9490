"""Fuse what a source writes as two operators and the graph has as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extract.network import Array, Network, Node


def tidy(network: Network) -> Network:
    """Join `x W^T` and the addition of a constant row into one `linear` with a bias.

    The product has to have no other reader, no other name, and not to be an output; both operators
    have to come from one sub-module. Parameters that no node reads any more are dropped.

    The mean that ends a variance becomes a `moment`: onnxruntime, for one, makes a normalisation of
    the pattern, and rounds as that does.
    """
    parameters = dict(network.parameters)
    nodes = {node.name: node for node in network.nodes}
    for node in network.nodes:
        fused = _fused(network, nodes, node, parameters)
        if fused is not None:
            product, joined = fused
            del nodes[product]
            nodes[joined.name] = joined
        elif _ends_variance(nodes, node):
            nodes[node.name] = replace(node, op="moment")
    read = {name for node in nodes.values() for name in node.inputs}
    kept = [
        node
        for node in nodes.values()
        if node.op != "parameter" or node.name in read or node.name in network.outputs
    ]
    names = {node.name for node in kept}
    biases = [
        Node(name, "parameter", (), parameters[name].shape)
        for name in sorted(read - names)
        if name in parameters
    ]
    names |= {node.name for node in biases}
    return replace(
        network,
        nodes=(*biases, *kept),
        parameters={name: array for name, array in parameters.items() if name in names},
        aliases={a: name for a, name in network.aliases.items() if name in names},
    )


def _ends_variance(nodes: dict[str, Node], node: Node) -> bool:
    """Whether a node is the mean of (x - mean x)^2."""
    if node.op != "reduce_mean" or nodes[node.inputs[0]].op != "mul":
        return False
    left, right = nodes[node.inputs[0]].inputs
    if left != right or nodes[left].op != "sub":
        return False
    whole, mean = nodes[left].inputs
    return nodes[mean].op == "reduce_mean" and nodes[mean].inputs == (whole,)


def _fused(
    network: Network, nodes: dict[str, Node], node: Node, parameters: dict[str, Array]
) -> tuple[str, Node] | None:
    if node.op != "add":
        return None
    for product, bias in (node.inputs, node.inputs[::-1]):
        first = nodes[product]
        if first.op != "linear" or len(first.inputs) != 2 or bias not in network.parameters:
            continue
        if first.module != node.module:
            continue
        if len(network.consumers(product)) > 1 or product in network.outputs:
            continue
        if product in network.aliases.values() or product in network.declared.values():
            continue
        width = first.shape[-1]
        row = network.parameters[bias]
        if first.shape != node.shape or row.size != width or row.shape[-1:] != (width,):
            continue
        name = bias
        if row.shape != (width,):
            name = f"{bias}.row"
            parameters[name] = np.ascontiguousarray(row.reshape(width))
        return product, replace(node, op="linear", inputs=(*first.inputs, name))
    return None
