"""Equations of einsum and masks of attention against torch, and those that are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention as attend
from torch_case import network_of, of

from extract.run import run
from theory.error import UnsupportedOperator


@given(data=st.data())
@settings(max_examples=40)
def test_any_equation_of_two_operands_agrees_with_torch(data: st.DataObject):
    """Random letters for the axes of both operands and of the result; of sizes 1 to 3."""
    letters = "abcdef"
    axes = st.lists(st.sampled_from(letters), min_size=1, max_size=4, unique=True)
    first, second = data.draw(axes), data.draw(axes)
    result = data.draw(st.permutations(sorted({*first, *second})))
    result = result[: data.draw(st.integers(0, len(result)))]
    sizes = {letter: data.draw(st.integers(1, 3)) for letter in letters}
    equation = f"{''.join(first)},{''.join(second)}->{''.join(result)}"
    shapes = [tuple(sizes[letter] for letter in term) for term in (first, second)]
    x, y = (torch.randn(shape, generator=torch.Generator().manual_seed(1)) for shape in shapes)
    both = of(equation, lambda m, x, y: torch.einsum(equation, x, y)).module()
    fixed = of(equation, lambda m, y: torch.einsum(equation, x, y)).module()
    wanted = torch.einsum(equation, x, y).numpy()
    network = network_of(both, x, y)
    found = run(network, dict(zip(network.inputs, (x.numpy(), y.numpy()), strict=True)))
    np.testing.assert_allclose(found[network.outputs[0]], wanted, rtol=1e-4, atol=1e-5)
    if set(first) - {*second, *result}:
        with pytest.raises(UnsupportedOperator, match="only a constant has"):
            network_of(fixed, y)
        return
    network = network_of(fixed, y)
    found = run(network, y.numpy())
    np.testing.assert_allclose(found[network.outputs[0]], wanted, rtol=1e-4, atol=1e-5)


def test_equations_that_are_not_read_are_refused():
    for equation, shapes, text in (
        ("ii->i", [(3, 3)], "an axis twice"),
        ("ij,jk,kl->il", [(2, 2)] * 3, "3 operands"),
        ("ij,jk->ik", [(2, 1), (3, 2)], "sizes that differ"),
    ):
        inputs = [torch.zeros(shape) for shape in shapes]
        module = of(equation, lambda m, *xs, e=equation: torch.einsum(e, *xs)).module()
        with pytest.raises(UnsupportedOperator, match=text) as caught:
            network_of(module, *inputs)
        assert "\n" not in str(caught.value)


def test_masks_that_are_not_read_are_refused():
    blind = torch.tensor([[1, 1], [0, 0]]).bool()
    apart = torch.stack([torch.eye(2), torch.ones(2, 2)]).bool()
    for mask, text in ((blind, "nothing to look at"), (apart, "from head to head")):
        module = of("mask", lambda m, x, k=mask: attend(x, x, x, k)).module()
        with pytest.raises(UnsupportedOperator, match=text):
            network_of(module, torch.zeros(2, 2, 4))
