"""The policies of the breadth benchmark are read as they are, and its statement is decided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.breadth import Subject, decide
from benchmarks.breadth_net import RECIPES, network_of, train
from extract.run import as_function


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_read_as_torch_computes_it(name: str) -> None:
    torch.manual_seed(0)
    recipe = RECIPES[name]
    module = recipe.make().eval()
    seen = recipe.draw(5, torch.Generator().manual_seed(1))
    network = network_of(module, seen.shape[1], name)
    with torch.no_grad():
        found = as_function(network, torch.float32)(seen)
        np.testing.assert_allclose(found.numpy(), module(seen).numpy(), atol=2e-5)
    assert recipe.teach(seen).shape == found.shape


def test_a_small_box_holds_and_the_witness_of_a_large_one_is_exact() -> None:
    recipe = replace(RECIPES["gru"], steps=60)
    module, skill = train(recipe)
    middles = recipe.draw(2, torch.Generator().manual_seed(2))
    subject = Subject("gru", module, {"score": network_of(module, 10, "gru")}, middles, skill)
    answer, seconds = decide(subject, middles[0], 1e-3, 20)
    assert answer.reached is False
    assert seconds < 20
    answer, _ = decide(subject, middles[0], 3.0, 20)
    assert answer.reached
    assert answer.point is not None
