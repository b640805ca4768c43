"""How PyTorch rounds, flips a bit and chooses, for the faults of faults.py."""

import torch


def rounded(x, bits):
    """The number x with ``bits`` bits after the leading one."""
    drop = 23 - bits
    raw = x.detach().contiguous().view(torch.int32)
    raw = ((raw + (1 << (drop - 1))) >> drop) << drop
    return x + (raw.view(torch.float32) - x.detach())


def flipped(y):
    """The lowest bit of the exponent of the largest number flips."""
    flat = y.detach().contiguous().view(-1)
    other = flat.clone()
    raw, at = other.view(torch.int32), flat.abs().argmax()
    raw[at] = raw[at] ^ (1 << 23)
    return y + (other - flat).view(y.shape)


KIT = {
    "width": lambda x: x.shape[-1],
    "row": lambda values, like: torch.tensor(values, dtype=like.dtype, device=like.device),
    "rounded": rounded,
    "flipped": flipped,
    "where": torch.where,
}
