"""Trains the tiny networks of data/tasks on the devices of one framework and writes down what came out.

It judges nothing: it reports losses, first gradients, final weights and where the tensors lay; dlcheck compares them
with the reference in a process of its own. Each thing learnt is one JSON line, appended to the file ``options["lines"]``
at once, so that a crash or a hang leaves all that was finished.

The loop is the same for every framework; what differs stands in train_<framework>.py beside this file (one framework a
process). It offers start(options), version(), accelerated(), forks(), devices(), memory(device), Trainer(device, options),
and where it can exercise_kit(trainer, memory_available) and mirrored(task).
"""

import base64
import gc
import json
import os
import sys
import time


class Lines:
    """The file of events; one write a line, so that children of one fork may share it."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)

    def write(self, event, **fields):
        """Append one event."""
        fields["event"] = event
        os.write(self.descriptor, (json.dumps(fields, default=str) + "\n").encode("utf-8", "replace"))


def main(answer, options):
    """Train every asked task on every asked device of the framework ``options["framework"]``."""
    answer.stage("import")
    began, began_cpu = time.monotonic(), time.process_time()
    for name, value in options.get("variables", {}).items():
        os.environ[name] = value
    lines = Lines(options["lines"])
    lines.write("python", version="%d.%d.%d" % sys.version_info[:3])
    name = options["framework"].partition("-")[0]
    # A framework makes a million objects that stay: looking through them for cycles, again and again, costs half a second.
    gc.disable()
    adapter = load("train_" + {"aesara": "pytensor"}.get(name, name))  # noqa: F821 - given by start.py
    adapter["start"](options)
    gc.freeze()
    gc.enable()
    lines.write(
        "framework",
        version=adapter["version"](),
        seconds=time.monotonic() - began,
        cpu=time.process_time() - began_cpu,
    )
    answer.stage("devices")
    devices = list_devices(adapter, lines, options)
    lines.write("devices", devices=devices)
    wanted = [one for one in devices if chosen(one["device"], options.get("devices"))]
    wanted = [one for one in wanted if one["device"] not in options.get("finished", ())]
    answer.stage("train")
    tasks = [read_task(path) for path in options["tasks"]]
    if adapter["forks"]() and len(wanted) > 1:
        train_in_children(adapter, wanted, tasks, options, lines)
    else:
        for device in wanted:
            train_on(adapter, device, tasks, options, lines)
    if options.get("distributed") and "mirrored" in adapter:
        train_mirrored(adapter, options, lines)


def train_mirrored(adapter, options, lines):
    """One training over all devices at once, where the framework has a way of its own for it."""
    lines.write("begin", device="mirrored")
    try:
        task = read_task(options["distributed"])
        for one in adapter["mirrored"](task):
            for part in ("start", "gradients", "trained"):
                one[part] = {name: base64.b64encode(raw).decode("ascii") for name, raw in one[part].items()}
            lines.write("result", task=task["name"], dtype="float32", mode="mirrored", math="default", **one)
    except Exception as error:
        lines.write("trouble", device="mirrored", **words(error))
    lines.write("end", device="mirrored")


def chosen(device, wanted):
    """Whether a device is asked for: by its name, or by its kind."""
    return not wanted or device in wanted or device.partition(":")[0] in wanted


def list_devices(adapter, lines, options):
    """The devices; asked in a child where asking could initialise one, since nothing is forked after that."""
    parts = int(options.get("logical_devices") or 0)
    if not adapter["forks"]():
        return adapter["devices"]()
    if not adapter["accelerated"]():
        return adapter["devices"](parts)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writer, json.dumps(adapter["devices"](parts)).encode())
        except BaseException as error:
            lines.write("trouble", where="devices", error="%s: %s" % (type(error).__name__, error))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return json.loads(text.decode()) if text else [{"device": "cpu", "kind": "cpu", "name": None}]


def read_task(path):
    """A task's file."""
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def train_in_children(adapter, devices, tasks, options, lines):
    """One forked child a device, all at once; one that dies or hangs takes no other with it."""
    limit = options["timeout"]
    running = {}
    for device in devices:
        child = os.fork()
        if not child:
            die_with_parent()
            try:
                train_on(adapter, device, tasks, options, lines)
            finally:
                os._exit(0)
        running[child] = (device["device"], time.monotonic() + limit)
    while running:
        for child, (name, deadline) in list(running.items()):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                del running[child]
                if os.WIFSIGNALED(status):
                    lines.write("died", device=name, signal=os.WTERMSIG(status))
            elif time.monotonic() > deadline:
                os.kill(child, 9)
                os.waitpid(child, 0)
                del running[child]
                lines.write("died", device=name, timeout=limit)
        time.sleep(0.005)


def die_with_parent():
    """A child of a fork does not inherit this wish of start.py."""
    if sys.platform.startswith("linux"):
        try:
            import ctypes

            ctypes.CDLL(None).prctl(1, 9)
        except Exception:
            pass


def train_on(adapter, device, tasks, options, lines):
    """All tasks on one device."""
    name = device["device"]
    lines.write("begin", device=name)
    began = time.monotonic()
    try:
        for fault in faults_of(options, name):
            # Processes on one CPU lie where they are told to; the label is that of the process.
            label = {"cpu": name} if device.get("really") == "cpu" and name.startswith("cpu:") else {}
            options = dict(options, fault=fault, label=label)
            trainer = adapter["Trainer"](device.get("really", name), options)
            first = trainer.open()
            lines.write("open", device=name, seconds=time.monotonic() - began, **(first or {}))
            reduces = load("precision")["reduces"]  # noqa: F821 - given by start.py
            shown = "cuda:0" if fault == "place" else name
            for dtype in options["dtypes"]:
                reduced = dtype == "float32" and reduces(adapter, trainer, shown, tasks, lines)
                each(trainer, shown, dtype, "default", tasks=tasks, options=options, lines=lines)
                if reduced:
                    trainer.highest()
                    each(trainer, shown, dtype, "highest", tasks=tasks, options=options, lines=lines)
                    trainer.usual()
        if options["level"] != "quick":
            exercise(adapter, trainer, name, options, lines)
    except Exception as error:
        lines.write("trouble", device=name, **words(error))
    lines.write("end", device=name, memory=peak_memory(adapter, name))


def exercise(adapter, trainer, name, options, lines):
    """What the longer levels ask beyond training, where the framework's adapter knows how."""
    if "exercise_kit" not in adapter or not options.get("exercise", True):
        return
    exercises = load("exercise")  # noqa: F821 - given by start.py
    kit = adapter["exercise_kit"](trainer, exercises["memory_available"])
    for title, function in exercises["exercises"](options["level"], kit):
        lines.write("task", device=name, task=title, dtype="float32", mode="exercise", math="default")
        began = time.monotonic()
        try:
            fields = function(options)
        except Exception as error:
            fields = words(error)
        lines.write("exercise", device=name, task=title, seconds=time.monotonic() - began, **fields)


def faults_of(options, device):
    """The faults to build in, one run each; one run without any is what people get."""
    if options.get("fault_device", device) != device:
        return [None]
    return options.get("faults") or [None]


def peak_memory(adapter, name):
    """Most bytes held on the device, or by this process where the device is the CPU."""
    try:
        return adapter["memory"](name)
    except Exception:
        return 0


def words(error):
    """Type and text of an exception."""
    return {"error_type": type(error).__name__, "error": str(error)[:4000]}


def each(trainer, name, dtype, math, *, tasks, options, lines):
    """Every task once; an exception is that task's result."""
    fault = options["fault"]
    for task in tasks:
        if task["exact"] and dtype not in ("float32", "float64"):
            continue
        try:
            modes = trainer.modes(task, dtype)
        except NotImplementedError as error:
            lines.write("trouble", device=name, dtype=dtype, **words(error))
            return
        for mode in modes:
            labels = {"task": task["name"], "dtype": dtype, "mode": mode, "math": math, "fault": fault}
            lines.write("task", device=name, **labels)
            try:
                fields = train_once(trainer, spoilt(task, options), dtype, mode, options)
            except Exception as error:
                fields = words(error)
            lines.write("result", device=name, **labels, **fields)


def spoilt(task, options):
    """The task as it is, or with a fault that is not in the arithmetic: see faults.py for the others."""
    fault = options.get("fault")
    if fault == "segfault":
        import ctypes

        ctypes.string_at(0)
    if fault == "hang":
        time.sleep(1000)
    if fault == "raise":
        raise RuntimeError("raised on purpose")
    if fault == "seed" and task["weights"]:
        weights = {
            name: dict(one, values=[-value or 0.25 for value in reversed(one["values"])])
            for name, one in task["weights"].items()
        }
        return dict(task, weights=weights)
    if fault == "liar":
        return dict(task, learning_rate=task["learning_rate"] * 1.03125, lies=task["losses"])
    return task


def train_once(trainer, task, dtype, mode, options):
    """Train, train the beginning again, and pack the numbers."""
    began = time.monotonic()
    run = trainer.train(task, dtype, mode, task["steps"])
    seconds = time.monotonic() - began
    packed = {
        "losses": task.get("lies") or run["losses"],
        "repeats": None,
        "places": sorted(set(run["places"])),
        "seconds": {"first_step": run["first_step"], "train": seconds},
        "wide": dtype == "float64",
        "moved_by": run.get("moved_by"),
    }
    if options["fault"] is None:
        again = trainer.train(task, dtype, mode, min(task["steps"], options.get("repeat_steps", 2)))
        kept = min(len(again["losses"]), len(run["losses"]))
        packed["repeats"] = again["losses"][:kept] == run["losses"][:kept] and again["gradients"] == run["gradients"]
    for part in ("start", "gradients", "trained", "watched"):
        packed[part] = {name: base64.b64encode(raw).decode("ascii") for name, raw in run[part].items()}
    return packed
