"""Proximal policy optimisation (Schulman et al., 2017, arXiv 1707.06347) on a small world."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.distributions import Categorical

from benchmarks.zoo.net.flat import ActorCritic
from benchmarks.zoo.world.base import World

COPIES, LENGTH = 128, 24  # of the world that run side by side, steps of each per round
PASSES, CLIP, LAMBDA, ENTROPY = 6, 0.2, 0.95, 0.01
DISCOUNT = 0.95  # in training; a wandering beginner's undiscounted values are all noise


def train_actor_critic(net: ActorCritic, world: World, seed: int, *, rounds: int) -> ActorCritic:
    """Alternate between playing and improving."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, rounds)
    states = world.sample(COPIES, generator)
    for _ in range(rounds):
        states, batch = _play(net, world, states, generator)
        for _ in range(PASSES):
            for part in torch.randperm(COPIES * LENGTH, generator=generator).chunk(4):
                _improve(net, optimiser, [one[part] for one in batch])
        schedule.step()
    return net.eval()


@torch.no_grad()
def _play(
    net: ActorCritic, world: World, states: Tensor, generator: Generator
) -> tuple[Tensor, list[Tensor]]:
    """Play on; gives the states reached and (observation, action, log p, advantage, return)."""
    seen, acts, logs, values, rewards, lives = [], [], [], [], [], []
    index = torch.arange(COPIES)
    for _ in range(LENGTH):
        observation = world.observe(states)
        scores, value = net(observation)
        action = torch.multinomial(scores.softmax(dim=1), 1, generator=generator)[:, 0]
        following, reward, ends = (x[index, action] for x in world.outcomes(states))
        seen.append(observation)
        acts.append(action)
        logs.append(scores.log_softmax(dim=1)[index, action])
        values.append(value[:, 0])
        rewards.append(reward)
        lives.append((~ends).float())
        cut = ends | (torch.rand(COPIES, generator=generator) < 1 / world.horizon)
        states = torch.where(cut[:, None], world.sample(COPIES, generator), following)
    last = net(world.observe(states))[1][:, 0]
    gain, gains = torch.zeros(COPIES), []
    for step in reversed(range(LENGTH)):
        after = values[step + 1] if step + 1 < LENGTH else last
        error = rewards[step] + DISCOUNT * lives[step] * after - values[step]
        gain = error + DISCOUNT * LAMBDA * lives[step] * gain
        gains.insert(0, gain)
    advantage = torch.stack(gains)
    whole = [seen, acts, logs, advantage, advantage + torch.stack(values)]
    flat = [(torch.stack(x) if isinstance(x, list) else x).flatten(0, 1) for x in whole]
    return states, flat


def _improve(net: ActorCritic, optimiser: torch.optim.Optimizer, batch: list[Tensor]) -> None:
    observation, action, before, advantage, wanted = batch
    scores, value = net(observation)
    policy = Categorical(logits=scores)
    ratio = (policy.log_prob(action) - before).exp()
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-6)
    gain = torch.minimum(ratio * advantage, ratio.clamp(1 - CLIP, 1 + CLIP) * advantage).mean()
    loss = -gain + 0.5 * (value[:, 0] - wanted).square().mean() - ENTROPY * policy.entropy().mean()
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    optimiser.step()
