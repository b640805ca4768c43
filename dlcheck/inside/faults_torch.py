"""Breaks PyTorch's arithmetic on purpose: the power test shows that each of these is found (--inject, hidden)."""

import torch

PRODUCTS = ("linear", "conv2d", "rnn", "lstm", "bidirectional_lstm")


def spoil(operations, fault):
    """The operations with ``fault`` built into every product."""
    wrap = FAULTS.get(fault)
    if wrap is None:
        return operations
    return dict(operations, **{name: wrap(operations[name]) for name in PRODUCTS})


def rounded(x, bits):
    """X with ``bits`` bits after the leading one; its gradient passes through."""
    drop = 23 - bits
    raw = x.detach().contiguous().view(torch.int32)
    raw = ((raw + (1 << (drop - 1))) >> drop) << drop
    return x + (raw.view(torch.float32) - x.detach())


def on_output(change):
    """A fault that changes what comes out of a product."""
    return lambda operation: lambda *arguments: change(operation(*arguments))


def column(y):
    """The last column comes out a ten-thousandth too large."""
    scale = torch.ones(y.shape[-1], dtype=y.dtype, device=y.device)
    scale[-1] = 1 + 1e-4
    return y * scale


def not_a_number(y):
    """One element is no number."""
    spot = torch.zeros_like(y).flatten()
    spot[0] = float("nan")
    return y + spot.view(y.shape)


def without_last(operation):
    """The last element of every inner product is dropped."""

    def product(x, *weights):
        keep = torch.ones(x.shape[-1], dtype=x.dtype, device=x.device)
        keep[-1] = 0
        return operation(x * keep, *weights)

    return product


def tf32(operation):
    """Factors are rounded to ten bits, as tensor cores do."""
    return lambda *factors: operation(*[rounded(one, 10) for one in factors])


def bit(operation):
    """The lowest bit of the exponent of the largest result flips, once in every training."""
    done = {"at": None}

    def product(x, *weights):
        y = operation(x, *weights)
        # The first product of a training is told by its weights, which are new objects in each.
        if done["at"] is weights[0]:
            return y
        done["at"] = weights[0]
        flat = y.detach().contiguous().view(-1)
        at = int(flat.abs().argmax())
        flipped = flat.clone()
        raw = flipped.view(torch.int32)
        raw[at] = raw[at] ^ (1 << 23)
        return y + (flipped - flat).view(y.shape)

    return product


FAULTS = {
    "column": on_output(column),
    "dropped": without_last,
    "zeroed": on_output(lambda y: y * 0),
    "tf32": tf32,
    "bit": bit,
    "bf16": on_output(lambda y: rounded(y, 7)),
    "nan": on_output(not_a_number),
}
