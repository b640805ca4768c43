"""How PyTorch does what exercise.py asks for; it needs no NumPy."""

import torch


def settle(device):
    """Wait until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "xpu":
        torch.xpu.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def free_bytes(device, memory_available):
    """Bytes that are free on the device."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "xpu" and hasattr(torch.xpu, "mem_get_info"):
        return torch.xpu.mem_get_info(device)[0]
    if device.type == "mps" and hasattr(torch.mps, "recommended_max_memory"):
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return memory_available() if device.type == "cpu" else None


def kit(name, memory_available):
    """The functions, for the device as PyTorch names it."""
    device = torch.device(name)

    def matrices(side):
        stream = torch.Generator().manual_seed(side)
        one = torch.randint(-8, 9, (side, side), generator=stream)
        two = torch.randint(-8, 9, (side, side), generator=stream)
        return one, two, one.float().to(device), two.float().to(device)

    def filled(words, value):
        return torch.full((words,), signed(value), dtype=torch.int64, device=device)

    return {
        "cpu": device.type == "cpu",
        "matrices": matrices,
        "wrong": wrong,
        "multiply": torch.matmul,
        "cast": lambda x, dtype: x.to(getattr(torch, dtype)),
        "settle": lambda x: settle(x.device),
        "word": 8,
        "filled": filled,
        "counted": lambda words, first: torch.arange(first, first + words, dtype=torch.int64, device=device),
        "copy": torch.clone,
        "unequal": lambda x, y: int((x != (signed(y) if isinstance(y, int) else y)).sum()),
        "free": lambda: free_bytes(device, memory_available),
    }


def signed(value):
    """The word as the signed number that has the same bits."""
    return value - 2**64 if value >= 2**63 else value


def wrong(one, two, product):
    """How many of the checked sums are wrong; 0 for a right product."""
    vectors = torch.randint(-8, 9, (two.shape[1], 4), generator=torch.Generator().manual_seed(7))
    return int((product.cpu().to(torch.int64) @ vectors != one @ (two @ vectors)).sum())
