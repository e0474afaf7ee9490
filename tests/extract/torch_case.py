"""Small torch modules, one for every operator of torch.export that is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate


class Wrap(nn.Module):
    """A function as a module, with weights it may use."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.function = function
        self.weight = nn.Parameter(torch.randn(3, 4))
        self.bias = nn.Parameter(torch.randn(3))
        self.register_buffer("order", torch.tensor([2, 0, 2]))
        self.register_buffer("positive", torch.tensor([0.5, 2.0, 1.5, 3.0]))

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(self, *inputs)


@dataclass(frozen=True)
class Case:
    """A module and the shapes of its inputs."""

    label: str
    module: Callable[[], nn.Module]
    shapes: tuple[tuple[int, ...], ...]


def of(label: str, function: Callable[..., Any], *shapes: tuple[int, ...]) -> Case:
    """A case of a function of (module, *inputs)."""
    return Case(label, lambda: Wrap(function), shapes or ((2, 4),))


def layer(module: Callable[[], nn.Module], *shapes: tuple[int, ...]) -> Case:
    """A case of a layer, with random statistics where it has any."""

    def make() -> nn.Module:
        torch.manual_seed(5)
        made = module()
        for name, buffer in made.named_buffers():
            if buffer.is_floating_point():
                buffer.copy_(torch.rand_like(buffer) + (0.5 if "var" in name else 0.0))
        for parameter in made.parameters():
            nn.init.normal_(parameter)
        return made.eval()

    return Case(repr(module()), make, shapes or ((2, 4),))


def network_of(module: nn.Module, *inputs: Tensor) -> Network:
    """Export and read."""
    program = export("case", module, tuple(i.clone() for i in inputs), {})
    return translate("case", program, sha256="").require()


IMAGE = (2, 2, 6, 5)

EQUATIONS: list[tuple[Any, ...]] = [
    ("bid,bjd->bij", (2, 3, 4), (2, 5, 4)),
    ("bij,bjd->dbi", (2, 3, 4), (2, 4, 3)),
    ("bi,bj->bij", (2, 3), (2, 4)),
    ("bi,bi->b", (2, 3), (2, 3)),
    ("abc,cd", (2, 3, 4), (4, 2)),
    ("abi,cj->ac", (2, 3, 4), (4, 2)),
    ("...i,...i", (2, 3, 4), (3, 4)),
    ("...ij,...jk->...ik", (2, 3, 4), (2, 4, 5)),
    ("ijk->ki", (2, 3, 4)),
    ("ijk->", (2, 3, 4)),
    ("ab,cd->", (2, 3), (2, 2)),
]
"""Equations of einsum, and the shapes of their operands."""

CASES: list[Case] = [
    *(
        layer(lambda kind=kind: kind())
        for kind in (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.ELU, nn.LeakyReLU, nn.ReLU6, nn.Hardtanh,
                     nn.SiLU, nn.GELU, nn.Softplus, nn.Mish, nn.SELU, nn.CELU, nn.LogSigmoid,
                     nn.Hardsigmoid, nn.Hardswish, nn.PReLU, nn.Identity, nn.Flatten)
    ),
    layer(lambda: nn.ELU(0.7)),
    layer(lambda: nn.LeakyReLU(0.3)),
    layer(lambda: nn.GELU(approximate="tanh")),
    layer(lambda: nn.Softplus(beta=2.5, threshold=40)),
    layer(lambda: nn.CELU(0.6)),
    layer(lambda: nn.PReLU(4)),
    layer(lambda: nn.PReLU(2), IMAGE),
    layer(lambda: nn.LayerNorm(4)),
    layer(lambda: nn.LayerNorm([3, 4], eps=1e-3, bias=False), (2, 3, 4)),
    layer(lambda: nn.LayerNorm(4, elementwise_affine=False)),
    layer(lambda: nn.RMSNorm(4)),
    layer(lambda: nn.RMSNorm([3, 4], eps=1e-3), (2, 3, 4)),
    layer(lambda: nn.LogSoftmax(dim=1)),
    layer(lambda: nn.Softmax(dim=-1)),
    layer(lambda: nn.Dropout(0.5)),
    layer(lambda: nn.Dropout2d(0.5), IMAGE),
    layer(lambda: nn.Linear(4, 3)),
    layer(lambda: nn.Linear(4, 3, bias=False), (2, 2, 4)),
    layer(lambda: nn.Sequential(nn.Linear(4, 3), nn.ReLU(inplace=True), nn.Linear(3, 2))),
    layer(lambda: nn.Sequential(nn.ELU(inplace=True), nn.Hardtanh(inplace=True))),
    layer(lambda: nn.BatchNorm1d(4)),
    layer(lambda: nn.BatchNorm1d(4), (2, 4, 3)),
    layer(lambda: nn.BatchNorm2d(2, affine=False), IMAGE),
    layer(lambda: nn.Conv2d(2, 3, 3), IMAGE),
    layer(lambda: nn.Conv2d(2, 3, (3, 2), stride=2, padding=1, dilation=(1, 2)), IMAGE),
    layer(lambda: nn.Conv2d(2, 4, 2, groups=2, bias=False), IMAGE),
    layer(lambda: nn.Conv2d(2, 3, (3, 2), padding="same"), IMAGE),
    layer(lambda: nn.Conv2d(2, 3, 2, padding="valid"), IMAGE),
    layer(lambda: nn.Conv2d(2, 3, 2), (2, 5, 5)),
    layer(lambda: nn.Conv1d(2, 3, 3, stride=2, padding=1, dilation=2), (2, 2, 9)),
    layer(lambda: nn.Conv1d(2, 4, 2, groups=2, padding="same", bias=False), (2, 7)),
    layer(lambda: nn.ConvTranspose2d(2, 3, 2, stride=2), IMAGE),
    layer(lambda: nn.ConvTranspose2d(2, 3, (3, 2), stride=(2, 3), padding=1, output_padding=1,
                                     dilation=(1, 2), bias=False), IMAGE),
    layer(lambda: nn.GroupNorm(2, 4), (2, 4, 3)),
    layer(lambda: nn.GroupNorm(1, 2, affine=False), IMAGE),
    layer(lambda: nn.GLU(1)),
    layer(lambda: nn.Upsample(scale_factor=2), IMAGE),
    layer(lambda: nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), (1, 3, 4)),
    layer(lambda: nn.MultiheadAttention(4, 2, batch_first=True), (1, 3, 4), (1, 3, 4), (1, 3, 4)),
    *(layer(lambda mode=mode: mode((1, 2, 0, 1)), IMAGE)
      for mode in (nn.ReflectionPad2d, nn.ReplicationPad2d, nn.CircularPad2d, nn.ZeroPad2d)),
    layer(lambda: nn.MaxPool2d(2), IMAGE),
    layer(lambda: nn.MaxPool2d((3, 2), stride=1, padding=(1, 0), dilation=(1, 2)), IMAGE),
    layer(lambda: nn.AvgPool2d(2), IMAGE),
    layer(lambda: nn.AvgPool2d((3, 2), stride=2, padding=1), IMAGE),
    layer(lambda: nn.AvgPool2d((3, 2), stride=2, padding=1, count_include_pad=False), IMAGE),
    layer(lambda: nn.AdaptiveAvgPool2d(1), IMAGE),
    layer(lambda: nn.AdaptiveAvgPool2d((3, 1)), IMAGE),
    of("add", lambda m, x: x + m.positive),
    of("add alpha", lambda m, x: torch.add(x, m.positive, alpha=3)),
    of("sub alpha", lambda m, x, y: torch.sub(x, y, alpha=0.3), (2, 4), (1, 4)),
    of("scalars", lambda m, x: ((x + 0.1) * 0.3 - 2) / 0.7),
    of("reverse", lambda m, x: 1 - x),
    of("reverse alpha", lambda m, x: torch.rsub(x, 2.5, alpha=2)),
    of("constant first", lambda m, x: m.positive / (x + 10)),
    of("integers", lambda m, x: x[:, :3] * m.order),
    of("both", lambda m, x, y: x * y - x / (y * y + 1), (2, 4), (2, 1)),
    of("neg abs exp", lambda m, x: torch.exp(-torch.abs(x))),
    of("powers", lambda m, x: x**2 + torch.square(x) + x**3),
    of("roots", lambda m, x: ((x * x + 1).sqrt(), (x * x + 1).rsqrt(), (x * x + 1) ** 0.5)),
    of("inverse powers", lambda m, x: ((x * x + 1) ** -0.5, (x * x + 1).reciprocal())),
    of("erf and log", lambda m, x: torch.log(torch.erf(x) + 2)),
    of("maximum", lambda m, x: torch.maximum(x, torch.minimum(m.positive, x * 2))),
    of("max other", lambda m, x: torch.max(x, m.positive) + torch.min(x, m.positive)),
    of("clamp", lambda m, x: (x.clamp(-0.5, 0.25), x.clamp_min(0.1), x.clamp_max(0.2))),
    of("clamp tensor", lambda m, x: x.clamp(-m.positive, m.positive)),
    of("relu6", lambda m, x: functional.relu6(x * 9)),
    of("linear", lambda m, x: functional.linear(x, m.weight, m.bias)),
    of("addmm", lambda m, x: torch.addmm(m.bias, x, m.weight.t())),
    of("mm", lambda m, x: torch.mm(x, m.weight.t())),
    of("matmul", lambda m, x: m.weight @ x.transpose(0, 1)),
    of("matmul vector", lambda m, x: x @ m.positive),
    of("matmul both", lambda m, x, y: x @ y, (2, 4), (4, 3)),
    of("bmm", lambda m, x, y: torch.bmm(x, y), (2, 3, 4), (2, 4, 1)),
    of("softmax", lambda m, x: functional.softmax(x, 0)),
    of("sums", lambda m, x: (x.sum(), x.sum(0), x.sum((0, -1), keepdim=True)), (2, 3, 4)),
    of("means", lambda m, x: (x.mean(), x.mean(1), x.mean((0, 1), keepdim=True)), (2, 3, 4)),
    of("maxima", lambda m, x: (x.amax(-1), x.amin(0), x.max(), x.min()), (2, 3, 4)),
    of("max dim", lambda m, x: tuple(x.max(1)) + tuple(x.min(0, keepdim=True))),
    of("argmax", lambda m, x: (x.argmax(), x.argmax(1), x.argmax(0, keepdim=True))),
    of("argmax to float", lambda m, x: x.argmax(1).float()),
    of("views", lambda m, x: x.view(4, 6).reshape(2, -1).unflatten(1, (3, -1)), (2, 3, 4)),
    of("flatten", lambda m, x: x.flatten(1).flatten(), (2, 3, 4)),
    of("permute", lambda m, x: x.permute(2, 0, 1).transpose(0, -1), (2, 3, 4)),
    of("squeeze", lambda m, x: (x.squeeze(), x.squeeze(0), x.squeeze(1)), (1, 3, 1)),
    of("unsqueeze", lambda m, x: x.unsqueeze(0).unsqueeze(-1)),
    of("expand", lambda m, x: x.expand(3, -1, 4), (2, 1)),
    of("cat", lambda m, x, y: torch.cat([x, m.positive[None], y], 0), (2, 4), (1, 4)),
    of("cat axis", lambda m, x: torch.cat([x, x * 2], -1)),
    of("stack", lambda m, x: torch.stack([x[0], m.positive, x[1]], 1)),
    of("split", lambda m, x: torch.split(x, 3, -1)),
    of("split sizes", lambda m, x: torch.split(x, [1, 3], 1)),
    of("chunk", lambda m, x: torch.chunk(x, 3, 1)),
    of("unbind", lambda m, x: torch.unbind(x, 1)),
    of("slices", lambda m, x: x[:, 1:4:2] + x[-1, -3:-1]),
    of("select", lambda m, x: x[1, -1] + x[:, 2]),
    of("narrow", lambda m, x: x.narrow(1, 1, 2)),
    of("index", lambda m, x: (x[:, m.order], x.index_select(1, m.order))),
    of("clones", lambda m, x: x.clone().contiguous().detach() + x),
    of("created", lambda m, x: x * torch.ones(4) + torch.zeros(1) - torch.full((4,), 0.1)),
    of("range", lambda m, x: x * torch.arange(4) + torch.tensor([1.0, 2.0, 3.0, 4.0])),
    of("folded", lambda m, x: x * (m.positive.sqrt() + m.positive.reciprocal())),
    of("in place", lambda m, x: (x * 2).add_(1).mul_(m.positive).relu_().tanh_().sigmoid_()),
    of("in place keeps the name", lambda m, x: _in_place(x)),
    of("tied", lambda m, x: functional.linear(functional.linear(x, m.weight), m.weight.t())),
    of("same input twice", lambda m, x: (x, x + 1)),
    of("result twice", lambda m, x: (x + 1,) * 2),
    *(of(f"einsum {equation}", lambda m, *xs, e=equation: torch.einsum(e, *xs), *shapes)
      for equation, *shapes in EQUATIONS),
    of("einsum weight", lambda m, x: torch.einsum("bi,oi->bo", x, m.weight)),
    of("einsum weight first", lambda m, x: torch.einsum("oi, ...i -> ...o", m.weight, x),
       (2, 5, 4)),
    of("einsum scaled", lambda m, x: torch.einsum("bi,i->bi", x, m.positive)),
    of("repeats", lambda m, x: (x.repeat(2, 1, 3), x.tile(2), x.tile(3, 1, 2))),
    of("interleaved", lambda m, x: (x.repeat_interleave(3, 1), x.repeat_interleave(2))),
    of("flip and roll", lambda m, x: (x.flip(0, 1), x.roll((1, -2), (0, 1)), x.flip(1))),
    of("padded", lambda m, x: functional.pad(x, (2, -1, 0, 1), value=0.5)),
    of("cropped", lambda m, x: functional.pad(x, (-1, -1))),
    of("matrix turned", lambda m, x: x @ m.weight.T),
    of("turned", lambda m, x: (x.mT, x.sum(0).T), (2, 3, 4)),
    of("as another", lambda m, x, y: (x.expand_as(y) * y, y.view_as(y * 2), y.reshape_as(y)),
       (1, 4), (3, 4)),
    of("filled", lambda m, x: torch.ones_like(x) * x + torch.full_like(x, 0.1) - x.new_zeros(4)),
    of("running sum", lambda m, x: (x.cumsum(0), x.cumsum(-1)), (2, 3, 4)),
    of("log sum exp", lambda m, x: (torch.logsumexp(x, 1), x.logsumexp((0, 1), keepdim=True))),
    of("norms", lambda m, x: (x.norm(dim=1), torch.linalg.vector_norm(x, 1, 0), functional.
                              normalize(x + 3, dim=1), torch.linalg.vector_norm(x, float("inf")))),
    of("vectors", lambda m, x: (torch.mv(x, m.positive), torch.dot(x[0], x[1]))),
    of("causal", lambda m, x: functional.scaled_dot_product_attention(x, x, x, is_causal=True),
       (2, 3, 4)),
    of("masked", lambda m, x: functional.scaled_dot_product_attention(
        x, x, x, torch.tensor([[1, 1, 0], [1, 1, 0], [0, 1, 1]]).bool()), (1, 2, 3, 4)),
    of("mask of numbers", lambda m, x: functional.scaled_dot_product_attention(
        x, x, x, torch.tensor([[0.5, -1, -torch.inf], [0, 0, 2], [1, 1, 1]])), (2, 3, 4)),
    of("attention", lambda m, x: functional.softmax(x @ x.transpose(1, 2) / 2, -1) @ x, (1, 3, 4)),
]  # fmt: skip


def _in_place(x: Tensor) -> Tensor:
    y = x * 2
    z = y.relu_()
    return y + z
