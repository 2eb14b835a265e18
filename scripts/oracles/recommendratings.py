"""Made-up ratings as large as published sets: recommendratings.py OUT [USERS ITEMS RATINGS SEED] writes a CSV with the header userId,movieId,rating,timestamp.

Items have a kind of 24 and a popularity that falls with a long tail; a user likes two to four kinds and rates what is of them higher. Times follow each other within
a user, users come over ten years. The defaults are the size of MovieLens 20M. It needs NumPy; it is for size and speed, and says nothing of accuracy on real films."""
import sys

import numpy as np

KINDS = 24


def main(out, users=138_493, items=26_744, ratings=20_000_263, seed=1):
    r = np.random.default_rng(seed)
    kind = r.integers(0, KINDS, items)
    popular = 1 / (np.arange(items) + 30.0) ** 1.05
    good = r.normal(0, 0.4, items)  # some are better whatever their kind
    of = [np.flatnonzero(kind == k) for k in range(KINDS)]
    cut = [np.cumsum(popular[i]) / popular[i].sum() for i in of]
    whole = np.cumsum(popular) / popular.sum()
    n = np.clip(r.lognormal(np.log(68), 1.15, users), 20, items / 4)
    n = np.clip(n * ratings / n.sum(), 20, items / 4).astype(int)
    began = r.integers(1_100_000_000, 1_420_000_000, users)
    with open(out, "w") as f:
        f.write("userId,movieId,rating,timestamp\n")
        for u in range(users):
            likes = r.choice(KINDS, r.integers(2, 5), replace=False)
            mine, missing = np.empty(0, dtype=np.int64), n[u]
            while missing > 0:
                draw = missing + missing // 2 + 4
                of_kind = likes[r.integers(0, len(likes), draw)]
                at, spare = r.random(draw), r.random(draw) < 0.3
                got = np.searchsorted(whole, at).clip(0, items - 1)
                for k in likes:
                    at_kind = (of_kind == k) & ~spare
                    got[at_kind] = of[k][np.searchsorted(cut[k], at[at_kind]).clip(0, len(of[k]) - 1)]
                mine = np.unique(np.concatenate([mine, got]))
                missing = n[u] - len(mine) if len(mine) < 0.9 * n[u] else 0
            mine = r.permutation(mine)[: n[u]]
            stars = 3.2 + 0.9 * np.isin(kind[mine], likes) + good[mine] + r.normal(0, 0.8, len(mine))
            stars = np.clip(np.round(stars * 2) / 2, 0.5, 5)
            at = began[u] + np.cumsum(r.integers(1, 600, len(mine)))
            f.write("".join(f"{u + 1},{i + 1},{s},{t}\n" for i, s, t in zip(mine.tolist(), stars.tolist(), at.tolist())))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
