#!/usr/bin/env python3
"""A small sequence model over the last events, beside the models of services/churn/pipeline: the same rows, the same cuts, the same figures.

  sequence.py DIR SET EVENTS.csv LABEL DAYS

DIR/SET.parquet is a data set of `freshet churn dataset` with the column LABEL, whose horizon is DAYS; DIR/SET.scores.csv is what TestBars of services/churn/bars
wrote of the rows it judged. EVENTS.csv has customer_id, at_ms, name, value. A GRU of 32 cells reads the last 50 events before a row's moment: what it was
(8 numbers, learnt), how long since the one before, how long before the moment, and its amount. The number of epochs is chosen on the newest date whose
labels were known, then it learns from all; two seeds are averaged. SEQUENCE_CUTS, SEQUENCE_SEEDS and SEQUENCE_LAST make it less. scripts/churn-bars.sh runs it."""
import csv, os, sys
from functools import partial

import jax, jax.numpy as jnp
import numpy as np
import pyarrow.parquet as pq

CELLS, WORDS, EPOCHS, BATCH = 32, 8, 12, 512
# On a machine that is busy: fewer events, dates and seeds.
LAST, CUTS, SEEDS = (int(os.environ.get("SEQUENCE_" + k, v)) for k, v in (("LAST", 50), ("CUTS", 3), ("SEEDS", 2)))
DAY = 86_400_000


def rows(path, label):
    t = pq.read_table(path, columns=["customer_id", "at", label])
    at = t["at"].cast("int64").to_numpy()
    return np.array(t["customer_id"].to_pylist()), at, np.array(t[label].to_pylist(), dtype=np.float32)


def histories(path, wanted):
    names, of = {}, {}
    with open(path, newline="") as f:
        for customer, at, name, value in csv.reader(f):
            if customer in wanted:
                of.setdefault(customer, []).append((int(at), names.setdefault(name, len(names) + 1), float(value)))
    for events in of.values():
        events.sort()
    return {c: (np.array([e[0] for e in ev]), np.array([e[1] for e in ev]), np.array([e[2] for e in ev])) for c, ev in of.items()}, len(names) + 1


def inputs(who, at, of):
    kind = np.zeros((len(who), LAST), np.int32)
    x = np.zeros((len(who), LAST, 3), np.float32)
    for i, (c, t) in enumerate(zip(who, at)):
        times, names, values = of[c]
        end = np.searchsorted(times, t)
        begin = max(0, end - LAST)
        n = end - begin
        if n == 0:
            continue
        s = slice(LAST - n, LAST)  # the newest last, so that it is read last
        gap = np.diff(times[begin:end], prepend=times[max(0, begin - 1)])
        kind[i, s] = names[begin:end]
        x[i, s, 0] = np.log1p(gap / DAY)
        x[i, s, 1] = np.log1p((t - times[begin:end]) / DAY)
        x[i, s, 2] = np.sign(values[begin:end]) * np.log1p(np.abs(values[begin:end]))
    return kind, x


def begin(key, kinds):
    k = jax.random.split(key, 5)
    width = WORDS + 3
    glorot = lambda k, a, b: jax.random.normal(k, (a, b)) * (2 / (a + b)) ** 0.5
    return {"words": 0.1 * jax.random.normal(k[0], (kinds, WORDS)), "in": glorot(k[1], width, 3 * CELLS), "on": glorot(k[2], CELLS, 3 * CELLS),
            "bias": jnp.zeros(3 * CELLS), "out": glorot(k[3], CELLS + 2, 1), "base": jnp.zeros(())}


def logits(w, kind, x):
    e = jnp.concatenate([w["words"][kind], x], -1)
    there = (kind > 0)[..., None]

    def step(h, now):
        e, there = now
        a, b = e @ w["in"] + w["bias"], h @ w["on"]
        r = jax.nn.sigmoid(a[:, :CELLS] + b[:, :CELLS])
        z = jax.nn.sigmoid(a[:, CELLS:2 * CELLS] + b[:, CELLS:2 * CELLS])
        n = jnp.tanh(a[:, 2 * CELLS:] + r * b[:, 2 * CELLS:])
        return jnp.where(there, z * h + (1 - z) * n, h), None

    h, _ = jax.lax.scan(step, jnp.zeros((x.shape[0], CELLS)), (e.swapaxes(0, 1), there.swapaxes(0, 1)))
    known = jnp.stack([jnp.log1p(there.sum((1, 2))), x[:, -1, 1]], 1)  # how many events, and how long since the last
    return (jnp.concatenate([h, known], 1) @ w["out"])[:, 0] + w["base"]


def loss(w, kind, x, y):
    l = logits(w, kind, x)
    return jnp.mean(jnp.logaddexp(0, l) - y * l)


@partial(jax.jit, donate_argnums=(0, 1, 2))
def learn(w, m, v, t, kind, x, y):
    g = jax.grad(loss)(w, kind, x, y)
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    w = jax.tree.map(lambda w, m, v: w - 0.003 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8) - 1e-5 * w, w, m, v)
    return w, m, v


asked = jax.jit(logits)


def predict(w, kind, x):
    return np.concatenate([np.asarray(jax.nn.sigmoid(asked(w, kind[i:i + BATCH], x[i:i + BATCH]))) for i in range(0, len(kind), BATCH)])


def logloss(y, p):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def fit(seed, kinds, train, valid, epochs):
    """Learns for some epochs; with valid it says after which one that was told best."""
    kind, x, y = train
    w = begin(jax.random.PRNGKey(seed), kinds)
    m, v = jax.tree.map(jnp.zeros_like, w), jax.tree.map(jnp.zeros_like, w)
    draw, t, best = np.random.default_rng(seed), 0, (9e9, 1)
    for epoch in range(epochs):
        order = draw.permutation(len(y))
        for i in range(0, len(y) - BATCH + 1, BATCH):
            t += 1
            s = order[i:i + BATCH]
            w, m, v = learn(w, m, v, float(t), kind[s], x[s], y[s])
        if valid:
            best = min(best, (logloss(valid[2], predict(w, *valid[:2])), epoch + 1))
    return w, best[1]


def auc(y, p, weight):
    order = np.argsort(p, kind="stable")
    y, p, weight = y[order], p[order], weight[order]
    no, yes = weight * (1 - y), weight * y
    first = np.r_[True, p[1:] != p[:-1]]
    place = np.cumsum(first) - 1
    ties_no, ties_yes = np.bincount(place, no), np.bincount(place, yes)
    below = np.cumsum(ties_no) - ties_no
    return float(np.sum(ties_yes * (below + ties_no / 2)) / (no.sum() * yes.sum()))


def wloss(y, p, weight):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return float(-np.sum(weight * (y * np.log(p) + (1 - y) * np.log(1 - p))) / weight.sum())


def lift(y, p, weight):
    order = np.argsort(-p, kind="stable")
    w = np.cumsum(weight[order])
    top = order[w <= w[-1] / 10]
    return float(np.sum(weight[top] * y[top]) / weight[top].sum() / (np.sum(weight * y) / weight.sum()))


def main(folder, name, events, label, days):
    who, at, y = rows(f"{folder}/{name}.parquet", label)
    of, kinds = histories(events, set(who))
    missing = [c for c in set(who) if c not in of]
    if missing:
        sys.exit(f"{len(missing)} customers of {name} have no events in {events}")
    kind, x = inputs(who, at, of)
    trees = {(r["customer_id"], int(r["at_ms"])): float(r["score"]) for r in csv.DictReader(open(f"{folder}/{name}.scores.csv"))}
    rows_, p = [], []
    for cut in np.unique(at)[-CUTS:]:
        train = np.flatnonzero(at + int(days) * DAY <= cut)
        test = np.flatnonzero(at == cut)
        newest = at[train].max()
        old, new = train[at[train] < newest], train[at[train] == newest]
        sets = lambda s: (kind[s], x[s], y[s])
        said = []
        for seed in range(1, SEEDS + 1):
            _, epochs = fit(seed, kinds, sets(old), sets(new), EPOCHS)
            w, _ = fit(seed, kinds, sets(train), None, epochs)
            said.append(predict(w, kind[test], x[test]))
        rows_.append(test)
        p.append(np.mean(said, 0))
    r, p = np.concatenate(rows_), np.concatenate(p)
    q, label_ = np.array([trees[who[i], int(at[i])] for i in r]), y[r]
    group = np.unique(who[r], return_inverse=True)[1]
    draw = np.random.default_rng(1)
    drawn = [np.bincount(draw.integers(0, group.max() + 1, group.max() + 1), minlength=group.max() + 1)[group].astype(float) for _ in range(300)]
    one = np.ones(len(r))
    print(f"## sequence model, {name}: {len(r)} rows judged, the newest {CUTS} dates, {SEEDS} seeds, {LAST} events", flush=True)
    for title, f in (("AUC", auc), ("log-loss", wloss), ("lift at 10 %", lift)):
        difference = [f(label_, p, d) - f(label_, q, d) for d in drawn]
        low, high = np.quantile(difference, [0.025, 0.975])
        a, b = f(label_, p, one), f(label_, q, one)
        print(f"{title:12s} sequence {a:.4f}, chosen of our families {b:.4f}, sequence less chosen {a - b:+.4f} [{low:+.4f}, {high:+.4f}]")


main(*sys.argv[1:])
