"""A data-parallel training by tf.distribute.MirroredStrategy over every logical device, reported as one device.

Each replica takes its rows of the batch; gradients are summed over the replicas, so that all must end with the weights of
the single-process reference.
"""

import time

import tensorflow as tf


def train(task, names):
    """Plain gradient descent of a two-layer network with a mean-square loss, on the named logical devices."""
    strategy = tf.distribute.MirroredStrategy(names)
    count = strategy.num_replicas_in_sync
    inputs = {
        name: tf.constant(one["values"], tf.float32, one["shape"]).numpy() for name, one in task["inputs"].items()
    }
    with strategy.scope():
        weights = {
            name: tf.Variable(tf.constant(one["values"], tf.float32, one["shape"]))
            for name, one in task["weights"].items()
        }
    start = {name: one.numpy().tobytes() for name, one in weights.items()}

    def shard(name):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(inputs[name][context.replica_id_in_sync_group :: count])
        )

    x, y, total = shard("x"), shard("y"), inputs["y"].size
    rate = task["learning_rate"]

    def replica(x, y, learn):
        context = tf.distribute.get_replica_context()
        variables = list(weights.values())
        with tf.GradientTape() as tape:
            hidden = tf.nn.relu(x @ weights["w1"] + weights["b1"])
            loss = tf.reduce_sum((hidden @ weights["w2"] + weights["b2"] - y) ** 2) / total
        gradients = context.all_reduce("SUM", tape.gradient(loss, variables))
        if learn:
            for variable, gradient in zip(variables, gradients):
                variable.assign_sub(rate * gradient)
        return context.all_reduce("SUM", loss), gradients

    run = tf.function(lambda learn: strategy.run(replica, args=(x, y, learn)), autograph=False)
    losses, first, began = [], {}, time.monotonic()
    for step in range(task["steps"] + 1):
        loss, gradients = run(step < task["steps"])
        losses.append(float(strategy.experimental_local_results(loss)[0]))
        if step == 0:
            local = [strategy.experimental_local_results(one)[0] for one in gradients]
            first = {name: one.numpy().tobytes() for name, one in zip(weights, local)}
    # Every replica's copy is reported: they must be one and the same.
    copies = [
        {name: strategy.experimental_local_results(one)[at].numpy().tobytes() for name, one in weights.items()}
        for at in range(count)
    ]
    held = [strategy.experimental_local_results(one) for one in weights.values()]
    places = [sorted({one[at].device.rpartition("device:")[2] for one in held}) for at in range(count)]
    return {
        "losses": losses,
        "start": start,
        "gradients": first,
        "copies": copies,
        "places": places,
        "seconds": time.monotonic() - began,
    }
