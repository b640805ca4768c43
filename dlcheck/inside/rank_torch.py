"""One rank of a data-parallel training: torch.distributed.run starts it once a device. Reports, judges nothing.

    rank_torch.py OPTIONS     a JSON object: task (path), lines (file), backend (gloo or nccl), seconds (watchdog), fault

The batch is cut among the ranks; gradients are summed by all-reduce, so that every rank must end with the weights of the
single-process reference. Before, each rank trains the whole batch alone: where that is wrong, it is this rank that spoils the
sum for all the others.
"""

import base64
import ctypes
import datetime as dt
import json
import os
import sys
import time


def write(path, **fields):
    """Append one event; a single write a line, since all ranks share the file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, (json.dumps(fields, default=str) + "\n").encode("utf-8", "replace"))
    os.close(descriptor)


def main():
    """Join the group, add up a first number, train, report."""
    options = json.loads(sys.argv[1])
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    lines = options["lines"]
    write(lines, event="rank", rank=rank, stage="import")
    import torch
    from torch import distributed

    torch.set_num_threads(1)
    device = (
        torch.device("cpu") if options["backend"] == "gloo" else torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    )
    if device.type == "cuda":
        torch.cuda.set_device(device)
        # Judged against float64; an image may have turned TF32 on (TORCH_ALLOW_TF32_CUBLAS_OVERRIDE).
        torch.backends.cuda.matmul.allow_tf32 = False
    faults = planted(options.get("fault") or "", rank, options.get("nodes") or ())
    write(lines, event="rank", rank=rank, stage="join", version=torch.__version__)
    distributed.init_process_group(options["backend"], timeout=dt.timedelta(seconds=options["seconds"]))
    write(lines, event="rank", rank=rank, stage="all-reduce")
    began = time.monotonic()
    number = torch.full((1024,), float(rank + 1), device=device)
    distributed.all_reduce(number)
    wanted = world * (world + 1) / 2 + ("garble" in faults)
    whole = bool((number == wanted).all().item())
    write(lines, event="reduced", rank=rank, whole=whole, seconds=time.monotonic() - began)
    if "die" in faults:
        os.kill(os.getpid(), 11)
    if "lag" in faults:
        time.sleep(1000)
    with open(options["task"], encoding="utf-8") as stream:
        task = json.load(stream)
    if "scale" in faults:
        task["inputs"]["x"]["values"] = [one * 1.001 for one in task["inputs"]["x"]["values"]]
    write(lines, event="pace", rank=rank, seconds=pace(torch, device, 1.0 if "slow" in faults else 0.0))
    write(lines, event="alone", rank=rank, **train(torch, task, device, (0, 1), lambda _tensor: None))
    write(lines, event="rank", rank=rank, stage="train")
    write(lines, event="result", rank=rank, **train(torch, task, device, (rank, world), distributed.all_reduce))
    write(lines, event="rank", rank=rank, stage="done")
    distributed.destroy_process_group()
    sys.stdout.flush()
    os._exit(0)


def planted(text, rank, nodes):
    """The faults of the power test that are this rank's: "scale@1" of rank 1, "scale@n2" of the node n2, "garble@n1+n2" where
    the nodes n1 and n2 train together; several with commas between.
    """
    here = (str(rank), os.environ.get("DLCHECK_NODE"))
    found = []
    for one in text.split(","):
        name, _, whose = one.partition("@")
        pair = whose.split("+")
        if whose in here or (len(pair) > 1 and set(pair) <= set(nodes)):
            found.append(name)
    return found


def pace(torch, device, rest):
    """Seconds of eight products of square matrices, the best of five: what this device does while it waits for nobody."""
    size = 512 if device.type == "cpu" else 4096
    factor = torch.ones(size, size, device=device) / size
    best = float("inf")
    for _ in range(5):
        began = time.monotonic()
        product = factor
        for _ in range(8):
            product = product @ factor
        product.sum().item()
        time.sleep(rest)
        best = min(best, time.monotonic() - began)
    return best


def train(torch, task, device, part, add):
    """Plain gradient descent on this rank's rows of a two-layer network with a mean-square loss; ``add`` sums over the ranks."""
    rank, world = part

    def tensor(one):
        return torch.tensor(one["values"]).reshape(one["shape"]).to(device)

    x, y = tensor(task["inputs"]["x"]), tensor(task["inputs"]["y"])
    count = y.numel()
    x, y = x[rank::world], y[rank::world]
    names = list(task["weights"])
    weights = {name: tensor(task["weights"][name]) for name in names}
    losses, first = [], {}
    for step in range(task["steps"] + 1):
        leaves = {name: one.detach().requires_grad_() for name, one in weights.items()}
        hidden = torch.relu(torch.nn.functional.linear(x, leaves["w1"].t(), leaves["b1"]))
        output = torch.nn.functional.linear(hidden, leaves["w2"].t(), leaves["b2"])
        loss = ((output - y) ** 2).sum() / count
        gradients = torch.autograd.grad(loss, list(leaves.values()))
        loss = loss.detach()
        add(loss)
        losses.append(loss.item())
        if step == task["steps"]:
            break
        for name, gradient in zip(names, gradients):
            add(gradient)
            if step == 0:
                first[name] = gradient.clone()
            weights[name] = weights[name] - task["learning_rate"] * gradient
    start = {name: raw(torch, tensor(task["weights"][name])) for name in names}
    place = "%s rank %d" % (device, rank)
    return {
        "device": place,
        "task": task["name"],
        "dtype": "float32",
        "mode": "data-parallel",
        "math": "default",
        "losses": losses,
        "start": start,
        "watched": {},
        "gradients": {name: raw(torch, one) for name, one in first.items()},
        "trained": {name: raw(torch, one) for name, one in weights.items()},
        "places": ["%s rank %d" % (one.device, rank) for one in weights.values()],
    }


def raw(torch, tensor):
    """The numbers as base64 of float32."""
    tensor = tensor.detach().to("cpu", torch.float32).contiguous()
    return base64.b64encode(ctypes.string_at(tensor.data_ptr(), 4 * tensor.numel())).decode("ascii")


if __name__ == "__main__":
    main()
