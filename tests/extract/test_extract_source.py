"""Weights that were damaged on their way, and architectures that do not fit them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from extract.reader import read
from extract.reader.source import load_state
from theory.error import InputError

ARCHITECTURES = """
import torch
from torch import nn


def made(net, inputs):
    net.example_inputs = torch.zeros(1, inputs)
    return net


def right(state):
    net = made(nn.Linear(4, 2), 4)
    net.load_state_dict(dict(state))
    return net


def wide(state):
    net = made(nn.Linear(5, 2), 5)
    net.load_state_dict(dict(state))
    return net


def without_weights():
    return made(nn.Linear(4, 2), 4)
"""


def test_a_flipped_bit_in_the_weights_is_noticed():
    """torch.load does not verify the checksums that torch.save writes."""
    buffer = io.BytesIO()
    torch.save({"weight": torch.arange(64.0)}, buffer)
    content = buffer.getvalue()
    at = content.index(torch.arange(64.0).numpy().tobytes()) + 100
    damaged = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    assert load_state("agent.zip", content)["weight"][25] == 25
    assert not torch.equal(
        torch.load(io.BytesIO(damaged), weights_only=True)["weight"], torch.arange(64.0)
    )
    with pytest.raises(InputError, match=r"agent.zip: member '.*' is damaged"):
        load_state("agent.zip", damaged)


def test_an_architecture_that_does_not_fit_says_what_does_not_fit(tmp_path: Path):
    save_file(nn.Linear(4, 2).state_dict(), tmp_path / "weights.safetensors")
    (tmp_path / "made.py").write_text(ARCHITECTURES)

    def source(name: str) -> str:
        return f"{tmp_path / 'weights.safetensors'}:{tmp_path / 'made.py'}:{name}"

    assert read(source("right")).input_size == 4
    with pytest.raises(InputError, match=r"made.py:19: RuntimeError: .* size mismatch for weight"):
        read(source("wide"))
    with pytest.raises(InputError, match=r"made.py: TypeError: without_weights\(\) takes 0"):
        read(source("without_weights"))
