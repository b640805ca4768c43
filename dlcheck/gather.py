"""Looks at this machine and the target interpreter: only at the subjects that are asked for, the slow children first."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlcheck.host.interpreter import Answer, Question
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.python_facts import Distribution, FrameworkFacts, ImportFacts, PythonFacts
from dlcheck.model.report import Target

if TYPE_CHECKING:
    from dlcheck.frameworks import Framework

LISTED_BELOW_PYTHON = ("python", "distributions", "frameworks", "workplace", "disks")
"""Subjects for which the interpreter must be asked where its packages lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to look."""

    quick: bool = False
    """No framework is imported and nothing is contacted."""
    offline: bool = False
    measure: bool = False
    """Measure the throughput of the package index too."""
    lean: bool = False
    """Only what choosing builds needs: cores are not counted, and the interpreter's distributions are not listed."""
    timeout: float = 60.0
    """Seconds that each child may take."""


def gather(subjects: Collection[str], target: Target, way: Way) -> tuple[Facts, dict[str, float]]:
    """The facts of the subjects, the others left Unknown; and what took how long, in seconds."""
    return _Gathering(frozenset(subjects), target, way).run()


class _Gathering:
    """One run: questions are put first, this process looks around while they are answered."""

    def __init__(self, subjects: frozenset[str], target: Target, way: Way) -> None:
        self.subjects = subjects
        self.target = target
        self.way = way
        self.timings: dict[str, float] = {}
        self.questions: dict[str, Question] = {}
        self.looks: dict[str, Any] = {}

    def run(self) -> tuple[Facts, dict[str, float]]:
        try:
            self.start()
            facts = self.look_here()
            facts = self.look_at_python(facts)
            return self.wait_for_the_rest(facts), self.timings
        finally:
            for question in self.questions.values():
                question.discard()
            if "devices" in self.looks:
                self.looks["devices"].discard()

    def start(self) -> None:
        """Start every child, the interpreter's own description first: the rest of the work waits for that one."""
        if self.subjects.intersection(LISTED_BELOW_PYTHON):
            self.ask("look_python", {})
        if "frameworks" in self.subjects and not self.way.quick:
            from dlcheck.frameworks.keras import backend

            chosen, _ = backend(os.environ)
            for framework in self.every:
                if framework.question:
                    self.ask(framework.question, {"keras": framework.name == chosen})
        if "devices" in self.subjects:
            from dlcheck import devices

            self.looks["devices"] = devices.start(self.way.timeout)
        if "network" in self.subjects:
            from dlcheck.host import network

            self.looks["network"] = network.start(
                prefix=self.target.environment, offline=self.way.offline or self.way.quick, measure=self.way.measure
            )

    @functools.cached_property
    def every(self) -> tuple[Framework, ...]:
        """The frameworks that are looked at: ours, and those of extensions."""
        from dlcheck import plugins
        from dlcheck.frameworks import FRAMEWORKS

        return (*FRAMEWORKS, *plugins.frameworks())

    def ask(self, question: str, options: dict[str, object]) -> None:
        script, _, module = question.partition(":")
        name = module or script.removeprefix("look_")
        self.questions[question] = Question(
            self.target.python,
            script,
            {**options, "module": module} if module else options,
            timeout=self.way.timeout,
            name=f"import of {name}" if options else name,
            kept=bool(options),
        )

    def timed(self, name: str, look: Callable[[], Any]) -> Any:
        """What ``look`` finds; a defect in looking makes that subject Unknown and leaves the others alone."""
        start = time.perf_counter()
        try:
            return look()
        except (
            OSError,
            ValueError,
            RuntimeError,
            ImportError,
            AttributeError,
            KeyError,
            IndexError,
            TypeError,
        ) as error:
            return Unknown(f"looking failed: {type(error).__name__}: {error}")
        finally:
            self.timings[name] = round(time.perf_counter() - start, 4)

    def look_here(self) -> Facts:
        """What files and system calls of this machine tell at once."""
        found: dict[str, Any] = {}
        if "system" in self.subjects:
            from dlcheck.host import system

            found["system"] = self.timed("system", system.look)
        if "container" in self.subjects:
            from dlcheck.host import system

            found["container"] = self.timed("container", system.look_container)
        if "cpu" in self.subjects:
            from dlcheck.host import cpu

            found["cpu"] = self.timed("cpu", functools.partial(cpu.look, counted=not self.way.lean))
        if "memory" in self.subjects:
            from dlcheck.host import memory

            found["memory"] = self.timed("memory", memory.look)
        if "variables" in self.subjects:
            from dlcheck.host import variables

            found["variables"] = self.timed("variables", variables.look)
        if "toolchain" in self.subjects:
            from dlcheck.host import toolchain

            found["toolchain"] = self.timed("toolchain", toolchain.look)
        return Facts(**found)

    def look_at_python(self, facts: Facts) -> Facts:
        """The interpreter, and what its files tell of distributions and frameworks."""
        if "look_python" not in self.questions:
            return facts
        from dlcheck.host import python

        if self.way.lean:
            return replace(facts, python=python.read_answer(self.answer("look_python"), self.target, self.way.timeout))
        from dlcheck.host import disk, distributions, workplace

        # An environment's packages lie where its folder says nearly always: they are read while the interpreter starts.
        guess = distributions.guess_site_packages(self.target.environment) if self.target.environment else ()
        early = self.listed(guess) if guess else Unknown("nowhere to look yet")
        described = python.read_answer(self.answer("look_python"), self.target, self.way.timeout)
        folders = self.folders(described)
        listed = early if folders == guess else self.listed(folders)
        known = listed if not isinstance(listed, Unknown) else ()
        facts = replace(facts, python=python.with_pip(described, known), distributions=listed)
        if "shadows" in self.subjects:
            facts = replace(facts, shadows=self.timed("shadows", lambda: distributions.shadows(os.curdir, folders)))
        if "disks" in self.subjects:
            place = folders[0] if folders else self.target.environment
            facts = replace(facts, disks=self.timed("disks", lambda: disk.look(place)))
        if "workplace" in self.subjects:
            versions = {one.name: one.version for one in known}
            look = self.timed("workplace", lambda: workplace.look(self.target.python, described.prefix, versions))
            facts = replace(facts, workplace=look)
        if "frameworks" in self.subjects:
            from dlcheck.frameworks import installed

            look_at = functools.partial(installed.look, known, folders, frameworks=self.every)
            facts = replace(facts, frameworks=self.timed("frameworks", look_at))
        return facts

    def listed(self, folders: tuple[str, ...]) -> tuple[Distribution, ...] | Unknown:
        """The distributions of the folders, held against their RECORD where a rule asks for them."""
        from dlcheck.host import distributions

        walk = "distributions" in self.subjects
        found: tuple[Distribution, ...] | Unknown = self.timed(
            "distributions", lambda: distributions.look(folders, walk=walk, quick=self.way.quick)
        )
        return found

    def folders(self, described: PythonFacts) -> tuple[str, ...]:
        """The folders packages are imported from, in the order of sys.path; guessed for an interpreter that is dead."""
        from dlcheck.host.distributions import guess_site_packages

        if described.startup_error or not described.site_packages:
            return guess_site_packages(self.target.environment) if self.target.environment else ()
        user = (described.user_site,) if described.user_site else ()
        return tuple(dict.fromkeys((*user, *described.site_packages)))

    def answer(self, script: str) -> Answer:
        answer = self.questions.pop(script).answer()
        self.timings[script] = round(answer.done.seconds, 4)
        return answer

    def wait_for_the_rest(self, facts: Facts) -> Facts:
        """The children that import frameworks, the drivers and the network."""
        if not isinstance(facts.frameworks, Unknown):
            facts = replace(facts, frameworks=self.with_imports(facts.frameworks, facts.python))
        for name, look in self.looks.items():
            facts = replace(facts, **{name: self.timed(name, look.wait)})
        return facts

    def with_imports(
        self, found: dict[str, FrameworkFacts], described: PythonFacts | Unknown
    ) -> dict[str, FrameworkFacts]:
        """The frameworks with what their children answered."""
        from dlcheck.frameworks.installed import read_answer

        found = dict(found)
        for framework in self.every:
            if framework.question not in self.questions:
                continue
            answer = self.answer(framework.question)
            if isinstance(described, PythonFacts) and described.startup_error:
                continue
            done = answer.done
            run = read_answer(
                answer.fields,
                timed_out=done.timed_out,
                code=done.code,
                signal=done.signal,
                output=done.output,
                seconds=done.seconds,
            )
            if run.result == "missing" and framework.name not in found:
                continue
            facts = found.get(framework.name, FrameworkFacts(name=framework.name))
            path = answer.fields.get("path")
            found[framework.name] = replace(
                facts, run=run, version=run.version or facts.version, path=path if isinstance(path, str) else facts.path
            )
            said = answer.fields.get("keras")
            if isinstance(said, dict):
                self.add_keras(found, said, run)
        return found

    def add_keras(self, found: dict[str, FrameworkFacts], said: dict[str, Any], run: ImportFacts) -> None:
        """Keras as the child of its backend imported it; the one inside TensorFlow 2.15 and older has no distribution."""
        from dlcheck.frameworks.installed import read_answer

        answered = read_answer(
            {"stage": "done", **said}, timed_out=False, code=0, signal=None, output="\n".join(run.output), seconds=0.0
        )
        if "tf_keras" in said:
            answered = replace(answered, details={**answered.details, "tf.keras": str(said["tf_keras"])})
        facts = found.get("keras", FrameworkFacts(name="keras", backend=said.get("backend"), backend_source="bundled"))
        found["keras"] = replace(facts, run=answered, version=answered.version or facts.version)
