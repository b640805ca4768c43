"""How PyTensor and Aesara round, flip a bit and choose, for the faults of faults.py; ``kit`` is given their modules."""


def kit(library, tensor):
    """The functions. Neither library can see a number as bits, so that both roundings are arithmetic."""
    still = library.gradient.disconnected_grad

    def rounded(x, bits):
        """The number x with ``bits`` bits after the leading one, after Veltkamp."""
        large = x * (2.0 ** (23 - bits) + 1)
        return x + still(large - (large - x) - x)

    def flipped(y):
        """The lowest bit of the exponent of the largest number flips: it doubles, or is halved."""
        size = abs(y)
        exponent = tensor.floor(tensor.log2(tensor.maximum(size, 2.0**-126)))
        other = tensor.switch(tensor.eq(exponent % 2, 1), y * 2, y / 2)
        return y + still(tensor.switch(tensor.eq(size, size.max()), other - y, 0))

    def row(values, like):
        return tensor.constant(values, dtype=like.dtype)

    def where(switch, one, other):
        """The choice; its shape is that of both, which the libraries do not conclude."""
        return tensor.specify_shape(tensor.switch(switch, one, other), other.type.shape)

    return {"width": lambda x: x.type.shape[-1], "row": row, "rounded": rounded, "flipped": flipped, "where": where}
