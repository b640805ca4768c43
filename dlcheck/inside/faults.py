"""Breaks a framework's arithmetic on purpose: the power test shows that each of these is found (--inject, hidden).

What a fault does stands here once; how a framework rounds, flips a bit or chooses stands in faults_<framework>.py, as KIT:
width(x) of the last axis, row(values, like), rounded(x, bits), flipped(y) and where(switch, one, other). The gradient passes
through what is rounded or flipped, as it would through a device that does so in silence.
"""

PRODUCTS = ("linear", "conv2d", "rnn", "lstm", "bidirectional_lstm")
"""Operations that multiply matrices; every one of a program is broken."""

ARITHMETIC = ("column", "dropped", "zeroed", "tf32", "bit", "bf16", "nan")

NAN = float("nan")


def switches(fault, step):
    """Which faults are on in a step: a flipped bit happens once in a training, all others in every step."""
    return {name: name == fault and (name != "bit" or step == 0) for name in ARITHMETIC}


def broken(program, operations, kit, switched):
    """The function of each line of a program, broken as ``switched`` says.

    Its values are bools, or booleans of the framework where one compiled graph serves for all faults.
    """
    products = [at for at, line in enumerate(program) if line[1] in PRODUCTS]
    return [
        product(operations[line[1]], kit, switched, at == products[-1]) if at in products else operations[line[1]]
        for at, line in enumerate(program)
    ]


def product(operation, kit, switched, last):
    """One broken product; the bit flips in the last of a program, since what an earlier one got wrong may be hidden by a ReLU."""

    def compute(x, *weights):
        x, weights = before(x, kit, switched), [rounded(one, kit, switched) for one in weights]
        return after(operation(x, *weights), kit, switched, last)

    return compute


def before(x, kit, switched):
    """What goes into a product: rounded to ten bits as tensor cores do, or without its last element."""
    keep = [1.0] * (kit["width"](x) - 1) + [0.0]
    x = chosen(kit, switched["dropped"], lambda: x * kit["row"](keep, x), x)
    return rounded(x, kit, switched)


def rounded(x, kit, switched):
    """A factor, rounded to ten bits where TF32 is on."""
    return chosen(kit, switched["tf32"], lambda: kit["rounded"](x, 10), x)


def after(y, kit, switched, last):
    """What comes out of a product: a column a ten-thousandth too large, nothing, seven bits, no number, a bit flipped."""
    others = kit["width"](y) - 1
    changes = {
        "column": lambda y: y * kit["row"]([1.0] * others + [1 + 1e-4], y),
        "zeroed": lambda y: y * 0,
        "bf16": lambda y: kit["rounded"](y, 7),
        "nan": lambda y: y + kit["row"]([NAN] + [0.0] * others, y),
        "bit": kit["flipped"],
    }
    for name, change in changes.items():
        if name != "bit" or last:
            y = chosen(kit, switched[name], lambda change=change, y=y: change(y), y)
    return y


def chosen(kit, switch, one, other):
    """What ``one`` gives where the switch is on."""
    if isinstance(switch, bool):
        return one() if switch else other
    return kit["where"](switch, one(), other)
