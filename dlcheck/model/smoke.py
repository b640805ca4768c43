"""Tiny trainings: the tasks, what a worker reported of one, and what was concluded from it."""

from __future__ import annotations

import enum
from dataclasses import field

from dlcheck.model.dataclass import dataclass
from dlcheck.model.level import Level
from dlcheck.model.report import Target

FRAMEWORKS = ("torch", "tensorflow", "keras-tensorflow", "keras-torch", "keras-jax", "jax", "pytensor", "aesara")
"""Every framework that can be trained, in the order of the result. Keras counts once for each backend."""

DTYPES = ("float32", "float64", "bfloat16", "float16")


class SmokeStatus(str, enum.Enum):
    """How one training ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CRASHED = "crashed"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """Numbers of a task's file, row by row."""

    kind: str
    """float or index."""
    shape: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTask:
    """A task: what is trained, on what, and what float64 says must come out (data/tasks)."""

    name: str
    title: str
    exact: bool
    """Small integers: every number must be equal to the last bit."""
    steps: int
    learning_rate: float
    program: tuple[tuple[str, ...], ...]
    """Lines of (name of the result, operation, names of its arguments ...)."""
    inputs: dict[str, Array]
    weights: dict[str, Array]
    """As they are before the first step."""
    losses: tuple[float, ...]
    """Before each step and after the last."""
    watched: dict[str, Array]
    gradients: dict[str, Array]
    """Of the first step."""
    trained: dict[str, Array]
    """Weights after the last step."""
    plane: tuple[str, str] | None = None
    """Names of the two inputs where the task's points lie in a plane."""


Numbers = dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What lets a device round float32 more coarsely, in words as one would set it."""

    allowed: tuple[str, ...] = ()
    """Settings of the framework, which a program can change."""
    forced: tuple[str, ...] = ()
    """Variables that libraries below the framework obey, whatever a program asks for."""

    @property
    def words(self) -> str:
        """All of them in brackets, nothing where there are none."""
        return f" ({'; '.join((*self.forced, *self.allowed))})" if self.forced or self.allowed else ""


class SmokeMoment(enum.Enum):
    """Where a worker is, as far as one who waits wants to know."""

    STARTED = "started"
    """It imports its framework."""
    OPENED = "opened"
    """It begins with a device."""
    TASK = "task"
    """A training or an exercise begins."""
    TRAINED = "trained"
    """It has ended, and will be judged."""
    RAISED = "raised"
    """It has ended in an exception."""
    DONE = "done"
    """The device is done with."""
    DIED = "died"
    """The process on the device crashed, or its time was up."""
    OVER = "over"
    """The worker has nothing more to do."""


@dataclass(frozen=True, slots=True)
class SmokeStep:
    """What a worker is at."""

    framework: str
    device: str
    """Empty where it concerns none."""
    moment: SmokeMoment
    task: str = ""
    round: str = ""
    """What all tasks are gone through in: the dtype, and whether full precision was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeRun:
    """What a worker reported of one training; nothing in it is believed yet."""

    device: str
    task: str
    dtype: str
    mode: str = "eager"
    math: str = "default"
    """default: as the framework is configured; highest: asked for full float32 products."""
    losses: tuple[float, ...] = ()
    start: Numbers = field(default_factory=dict)
    """The initial weights as they were read back from the device."""
    watched: Numbers = field(default_factory=dict)
    gradients: Numbers = field(default_factory=dict)
    trained: Numbers = field(default_factory=dict)
    moved_by: float | None = None
    """Learning rate, where the first gradient is only known as what the first step moved the weights by."""
    places: tuple[str, ...] = ()
    """Where the framework says that weights, gradients and loss lie."""
    repeats: bool | None = None
    """Whether the first steps, done again, were equal to the last bit."""
    seconds: dict[str, float] = field(default_factory=dict)
    error_type: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Distances from the reference, relative: of the loss, of the first gradient, of the final weights."""

    loss: float
    gradient: float
    weights: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeResult:
    """One training, judged."""

    framework: str
    version: str | None
    device: str
    device_name: str | None = None
    task: str | None
    dtype: str | None
    status: SmokeStatus
    mode: str | None = None
    """eager, function (a traced graph), jit, train_on_batch ..."""
    cause: str | None = None
    """Slug; also set where a training passed with something that one should know (reduced precision)."""
    why: str | None = None
    """One line, words of a person."""
    steps: int = 0
    loss_first: float | None = None
    loss_last: float | None = None
    deviation: Deviation | None = None
    limit: Deviation | None = None
    precision: str | None = None
    """What float32 products were rounded to: float32, tf32, bfloat16; for other dtypes the dtype itself."""
    repeats: bool | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_bytes: int = 0
    losses: tuple[float, ...] = ()
    measured: dict[str, float] = field(default_factory=dict)
    """Figures of an exercise that is no training: bytes and operations a second, temperature, clocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A decision as it was learnt, on a square grid of the two inputs."""

    framework: str
    device: str
    task: str
    low: tuple[float, float]
    high: tuple[float, float]
    values: tuple[tuple[float, ...], ...]
    """Rows from the lowest second input up; positive: the second class."""
    points: tuple[tuple[float, float, bool], ...]
    """The data: both inputs, and whether it is of the second class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeReport:
    """A smoke run."""

    version: str
    created: str
    node: str
    level: Level
    target: Target
    results: tuple[SmokeResult, ...]
    exit_code: int = 0
    seconds: float = 0.0
    planes: tuple[Plane, ...] = ()
    """What was learnt in two dimensions; not part of the JSON."""
