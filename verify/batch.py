"""Many instances, a few at a time, each decided in a process that can be given up.

A worker that dies, or that does not keep to its budget, costs its own instance and no other one.
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue

from theory.error import InputError, MesascopeError, UnsupportedOperator
from verify.verdict import EngineFault, Verdict

GRACE_S = 30.0  # beyond the budget of an instance, before its worker is given up
START_S = 120.0  # for a worker to load its libraries, on a busy machine
COLUMNS = ("network", "property", "verdict", "seconds", "reason")
_TIMEOUTS = ("seconds", "timeout", "timeout_s")
ERROR, FAULT = "error", "fault"  # verdicts of a row beside those of `Verdict`


@dataclass(frozen=True)
class Instance:
    """One line of an instance list.

    Attributes:
        network, property: as the list writes them.
        folder: what they are relative to.
        timeout_s: budget, in seconds.
        seed: of every pseudo-random choice.
        device: torch device of the neural engine.
    """

    network: str
    property: str
    folder: str
    timeout_s: float
    seed: int = 0
    device: str = "cpu"

    def path(self, name: str) -> str:
        """A file of the list, found from where the list is."""
        return str(Path(self.folder) / name)


@dataclass(frozen=True)
class Outcome:
    """One line of the answer.

    Attributes:
        network, property: as the list writes them.
        verdict: `holds`, `violated`, `unknown`; `error` for wrong input, `fault` for ours.
        seconds: wall-clock time of the decision.
        reason: why it is unknown, or what is wrong.
        point: the input of a violation, as exact numbers.
        replays: the ways in which it replays.
    """

    network: str
    property: str
    verdict: str
    seconds: float
    reason: str
    point: tuple[str, ...] = ()
    replays: tuple[str, ...] = ()

    def row(self) -> list[str]:
        """The fields in the order of `COLUMNS`."""
        return [self.network, self.property, self.verdict, f"{self.seconds:.3f}", self.reason]


Decide = Callable[[Instance], Outcome]


def read_instances(
    path: Path, *, timeout_s: float | None, seed: int, device: str = "cpu"
) -> list[Instance]:
    """The instances of a list.

    The list is comma-separated: network, property and timeout in seconds, as VNN-COMP writes it, or
    with a first line that names the columns (`network`, `property`, and `seconds` or `timeout`);
    other columns are ignored.

    Args:
        path: the list.
        timeout_s: overrides the list's timeouts; lists without them get 60 s.
        seed, device: for all instances.

    Raises:
        InputError: the file cannot be read, or a line lacks a field.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            lines = [
                (at, [field.strip() for field in fields])
                for at, fields in enumerate(csv.reader(stream), start=1)
                if any(field.strip() for field in fields)
            ]
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a comma-separated text file: {error}") from None
    names = ["network", "property", "seconds"]
    if lines and {"network", "property"} <= {name.lower() for name in lines[0][1]}:
        names = [name.lower() for name in lines.pop(0)[1]]
    instances: list[Instance] = []
    for at, fields in lines:
        entry = dict(zip(names, fields, strict=False))
        missing = [name for name in ("network", "property") if not entry.get(name)]
        if missing:
            raise InputError(f"{path}, line {at}: field {missing[0]} is missing")
        given = next((entry[name] for name in _TIMEOUTS if entry.get(name)), None)
        budget = timeout_s or (60.0 if given is None else _seconds(given, f"{path}, line {at}"))
        instances.append(
            Instance(entry["network"], entry["property"], str(path.parent), budget, seed, device)
        )
    return instances


def _seconds(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise InputError(f"{where}: timeout {text!r} is not a positive, finite number of seconds")
    return value


def decide_vnnlib(instance: Instance) -> Outcome:
    """Decide a VNN-LIB instance; what goes wrong is the verdict of its row."""
    from verify.vnnlib import check_vnnlib

    started = time.perf_counter()
    point: tuple[str, ...] = ()
    replays: tuple[str, ...] = ()
    try:
        result = check_vnnlib(
            instance.path(instance.network),
            instance.path(instance.property),
            timeout_s=instance.timeout_s,
            seed=instance.seed,
            device=instance.device,
        )
        verdict = result.verdict.value.lower()
        why = result.reason.value if result.reason else ""
        reason = ": ".join(part for part in (why, result.detail) if part)
        if result.witness is not None:
            point = tuple(
                str(v) for given in result.witness.values.values() for v in given.values()
            )
            replays = tuple(way for way, found in result.witness.replays.items() if found)
    except UnsupportedOperator as error:
        verdict, reason = Verdict.UNKNOWN.value.lower(), str(error)
    except EngineFault as error:
        verdict, reason = FAULT, str(error)
    except MesascopeError as error:
        verdict, reason = ERROR, str(error)
    except Exception as error:  # noqa: BLE001 -- one instance must not stop the others
        verdict, reason = FAULT, f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - started
    reason = " ".join(reason.split())
    return Outcome(
        instance.network, instance.property, verdict, seconds, reason, point, replays
    )  # fmt: skip


def run(
    instances: Sequence[Instance], *, jobs: int, decide: Decide = decide_vnnlib
) -> Generator[Outcome, None, None]:
    """Decide instances in up to `jobs` processes; outcomes come as they are ready."""
    idle: SimpleQueue[_Worker] = SimpleQueue()
    workers = [_Worker(decide) for _ in range(max(1, min(jobs, len(instances))))]
    for worker in workers:
        idle.put(worker)

    def one(instance: Instance) -> Outcome:
        worker = idle.get()
        try:
            return worker.decide(instance)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(len(workers)) as threads:
        pending = [threads.submit(one, instance) for instance in instances]
        try:
            for done in as_completed(pending):
                yield done.result()
        finally:
            for waiting in pending:
                waiting.cancel()
            for worker in workers:
                worker.close()


class _Worker:
    """A process that decides one instance after the other, and is replaced when it is lost."""

    def __init__(self, decide: Decide) -> None:
        self._function = decide
        self._context = multiprocessing.get_context("spawn")
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._lock = threading.Lock()
        self._closed = False

    def decide(self, instance: Instance) -> Outcome:
        """Decide in the process, within the budget and some grace."""
        started = time.perf_counter()
        try:
            fresh = self._pipe is None
            pipe = self._pipe or self._start()
            pipe.send(instance)
            if pipe.poll(instance.timeout_s + GRACE_S + (START_S if fresh else 0)):
                return pipe.recv()
            reason = "time ran out: the worker did not answer and was stopped"
        except (EOFError, OSError):
            reason = "the worker died"
        self._stop()
        seconds = time.perf_counter() - started
        verdict = Verdict.UNKNOWN.value.lower()
        return Outcome(instance.network, instance.property, verdict, seconds, reason)

    def close(self) -> None:
        """End the process for good."""
        with self._lock:
            self._closed = True
        self._stop()

    def _start(self) -> Connection:
        with self._lock:
            if self._closed:
                raise OSError("this worker is closed")
            ours, theirs = self._context.Pipe()
            self._process = self._context.Process(target=_serve, args=(theirs, self._function))
            self._process.start()
            theirs.close()
            self._pipe = ours
            return ours

    def _stop(self) -> None:
        with self._lock:
            process, self._process = self._process, None
            pipe, self._pipe = self._pipe, None
        if process is not None:
            _kill(process)
        if pipe is not None:
            pipe.close()


def _kill(process: BaseProcess) -> None:
    """End a worker, and the solvers that it has started."""
    if hasattr(os, "killpg") and process.pid:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def _serve(pipe: Connection, decide: Decide) -> None:
    """What a worker does until nobody asks any more."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)  # so that it can be ended together with the solvers that it starts
    sys.stdout = sys.stderr  # stdout is for the answers, not for what a network's file prints
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            pipe.send(decide(pipe.recv()))
