"""Chooses the builds for a request on a machine. Pure: facts, wishes and a dated table in; builds and reasons out.

Three rules are never broken: no build that the driver or the GPUs cannot run, one CUDA major an environment, and no
CUDA on a machine without a GPU that a framework can use.
"""

from __future__ import annotations

from dataclasses import replace

from packaging.requirements import Requirement

from dlcheck.installation import builds
from dlcheck.installation.accelerators import Choice, accelerate, local_source, numpy_bound, out_of_reach
from dlcheck.installation.refusals import gone, impossible_machine, refuse
from dlcheck.installation.wishes import COMPANIONS, Wish, wishes_of
from dlcheck.model.builds import BuildTable, Release
from dlcheck.model.plan import Build, Machine, Offer, Refusal, Request, Selection


def select(machine: Machine, request: Request, known: BuildTable, offer: Offer = Offer()) -> Selection:  # noqa: B008 - frozen
    """The builds for the request, or the refusals that say why there are none.

    ``offer`` is what the configured sources were seen to hold: without it a build that only PyTorch's own index has is
    not chosen.
    """
    request = _with_torch(request, known)
    known, newer = _with_newer(machine, request, known)
    choice = Choice(known, machine, offer)
    choice.warnings += newer
    if refusal := impossible_machine(machine):
        choice.refusals += [replace(refusal, requirement=one) for one in request.requirements]
        return _done(choice, "cpu", "", [])
    wishes, others = wishes_of(request.requirements)
    choice.refusals += gone(known, others)
    fits: dict[str, tuple[Release, ...]] = {}
    for wish in wishes.values():
        fits[wish.framework] = builds.fitting(known, wish.framework, machine, wish.versions)
        if not fits[wish.framework]:
            choice.refusals.append(refuse(known, wish.framework, wish.text, machine, wish.versions))
        elif wish.framework in ("tensorflow", "jax") and machine.avx is False and machine.architecture == "x86_64":
            choice.refusals.append(
                Refusal(requirement=wish.text, reason="its wheels need a processor with AVX, and this one has none")
            )
    if choice.refusals:
        return _done(choice, "cpu", "", others)
    accelerator, reason = accelerate(choice, request.accelerator, wishes, fits)
    for wish in wishes.values():
        if not any(one.framework == wish.framework for one in choice.builds):
            _take_cpu(choice, wish, fits[wish.framework], accelerator)
    _take_companions(choice, others)
    if not wishes and any(Requirement(one).name.lower() == "keras" for one in others):
        choice.warnings.append("Keras computes through TensorFlow, JAX or PyTorch: name one of them too.")
    return _done(
        choice, accelerator, reason, [one for one in others if Requirement(one).name.lower() not in COMPANIONS]
    )


def _with_torch(request: Request, known: BuildTable) -> Request:
    """The request with torch in it, where a companion of torch alone was asked for: the versions that go with it."""
    wishes, others = wishes_of(request.requirements)
    wanted = [one for one in map(Requirement, others) if one.name.lower() in COMPANIONS]
    if not wanted or "torch" in wishes:
        return request
    pairs = [
        release.version
        for release in builds.releases(known, "torch")
        if all(any(map(one.specifier.contains, release.companions.get(one.name.lower(), "").split())) for one in wanted)
    ]
    torch = "torch"
    if pairs and any(one.specifier for one in wanted):
        torch = f"torch=={pairs[0]}" if len(pairs) == 1 else f"torch>={pairs[-1]},<={pairs[0]}"
    return replace(request, requirements=(*request.requirements, torch))


def _with_newer(machine: Machine, request: Request, known: BuildTable) -> tuple[BuildTable, list[str]]:
    """The table with the exact versions that are asked for and newer than it, and what is to be said of them."""
    said = []
    for wish in wishes_of(request.requirements)[0].values():
        if builds.fitting(known, wish.framework, machine, wish.versions):
            continue
        exact = next((one.version for one in wish.versions if one.operator == "==" and "*" not in one.version), None)
        if exact and builds.is_newer_than_table(known, wish.framework, wish.versions):
            known = builds.extended(known, wish.framework, exact, machine)
            said.append(
                f"{wish.text} is newer than dlcheck's data of {known.as_of}: chosen as the newest that it knows, and held "
                "against the wheel's own table before the environment gets it."
            )
    return known, said


def _done(choice: Choice, accelerator: str, reason: str, others: list[str]) -> Selection:
    order = {name: at for at, name in enumerate(builds.FRAMEWORKS)}
    return Selection(
        accelerator=accelerator,
        reason=reason,
        builds=() if choice.refusals else tuple(sorted(choice.builds, key=lambda one: order.get(one.framework, 9))),
        others=() if choice.refusals else tuple(others),
        rejected=tuple(dict.fromkeys(choice.rejected)),
        warnings=tuple(dict.fromkeys(choice.warnings)),
        refusals=tuple(choice.refusals),
    )


def _take_cpu(choice: Choice, wish: Wish, fits: tuple[Release, ...], accelerator: str) -> None:
    """The build without GPU code; on a Mac with Apple silicon the plain wheel, which has MPS in it."""
    if wish.framework == "torch":
        _take_cpu_torch(choice, wish, fits, accelerator)
        return
    newest = fits[0]
    name = newest.cpu_name.get(choice.machine.platform, wish.framework)
    choice.builds.append(
        Build(
            framework=wish.framework,
            variant="cpu",
            requirements=(f"{name}{wish.versions}",),
            source=newest.source,
            as_of=choice.known.as_of,
            confidence=newest.confidence,
        )
    )


def _take_cpu_torch(choice: Choice, wish: Wish, fits: tuple[Release, ...], accelerator: str) -> None:
    platform = choice.machine.platform
    for release in fits:
        plain = release.default.get(platform, "cpu") == "cpu"
        local = local_source(choice, "torch", release.version, "cpu")
        if not plain and choice.offer.torch_index is False and not local:
            out_of_reach(choice, release, "cpu")
            continue
        # The own index is asked first; a mirror or folder that holds the build serves where it is out of reach.
        index = (
            None if plain else (local if local and not choice.offer.torch_index else choice.known.torch_index + "cpu")
        )
        choice.builds.append(
            Build(
                framework="torch",
                variant="mps" if accelerator == "mps" else "cpu",
                requirements=(
                    f"torch=={release.version}" + ("" if plain else "+cpu"),
                    *numpy_bound(release),
                ),
                pinned=("torch",) if index else (),
                index=index,
                version=release.version,
                source=release.source,
                as_of=choice.known.as_of,
                confidence=release.confidence,
            )
        )
        newest = builds.releases(choice.known, "torch")[0].version
        if not plain and local and index == local and release.version != newest:
            choice.warnings.append(
                f"torch {release.version}, not {newest}: the newest CPU build that your sources hold "
                "(PyTorch's own index does not answer from here)."
            )
        return
    held = [one.version for one in choice.offer.wheels if one.name == "torch" and one.version.endswith("+cpu")]
    here = f"your sources hold torch {', '.join(held[:3])}" if held else "your sources hold no CPU build of torch"
    if fits[0].confidence == builds.UNKNOWN:
        # Nobody has seen this version: what its builds are like, and how large, is not known.
        reason = f"newer than dlcheck's data of {choice.known.as_of}, and PyTorch's own index does not answer; {here}"
    else:
        reason = (
            "its CPU build lies on PyTorch's own index, which does not answer from here; the default index has the CUDA "
            f"build alone, gigabytes that this machine cannot use; {here}. Give --find-links DIR with the CPU wheel, or "
            "--index-url of a mirror that has it"
        )
    instead = f"torch=={held[0].partition('+')[0]}" if held else None
    choice.refusals.append(Refusal(requirement=wish.text, reason=reason, instead=instead))


def _take_companions(choice: Choice, others: list[str]) -> None:
    """The companions of torch (torchvision, torchaudio) in the version and from the index that the chosen torch asks for."""
    wanted = {Requirement(one).name.lower(): one for one in others}
    torch = next((one for one in choice.builds if one.framework == "torch"), None)
    for name in COMPANIONS:
        if name not in wanted or torch is None:
            continue
        release = next((r for r in builds.releases(choice.known, "torch") if r.version == torch.version), None)
        paired = release.companions.get(name, "").split() if release else []
        allowed = [one for one in paired if Requirement(wanted[name]).specifier.contains(one)]
        if paired and not allowed:
            choice.refusals.append(
                Refusal(
                    requirement=wanted[name],
                    reason=f"torch {torch.version} goes with {name} {' or '.join(paired)}",
                    instead=f"{name}=={paired[-1]}",
                )
            )
            continue
        choice.builds.append(_companion(choice, name, wanted[name], torch, allowed))


def _companion(choice: Choice, name: str, wanted: str, torch: Build, allowed: list[str]) -> Build:
    if torch.index is None:
        requirements, index = (f"{name}=={allowed[-1]}" if allowed else wanted,), None
    else:
        held = [one for one in reversed(allowed) if local_source(choice, name, one, torch.variant)]
        own = torch.index.startswith(choice.known.torch_index)
        if not held and not own:
            choice.refusals.append(
                Refusal(
                    requirement=wanted,
                    reason=f"its {torch.variant} build lies on PyTorch's own index, which does not answer from here, and "
                    f"{torch.index} has none that goes with torch {torch.version}",
                )
            )
        index = torch.index if own else local_source(choice, name, held[0], torch.variant) if held else None
        version = next(iter(held or allowed[::-1]), None)
        requirements = (f"{name}=={version}+{torch.variant}" if version else wanted,)
    return Build(
        framework=name,
        variant=torch.variant,
        requirements=requirements,
        pinned=(name,) if index else (),
        index=index,
        version=allowed[-1] if allowed else None,
        cuda_major=torch.cuda_major,
        source=torch.source,
        as_of=torch.as_of,
        confidence=torch.confidence,
    )
