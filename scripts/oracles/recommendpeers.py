"""Public recommenders beside services/recommendation, on the same data and by the same figures. Run by scripts/recommend-peers.sh."""
import csv
import gzip
import json
import os
import subprocess
import sys
import time
import warnings

import numpy as np
import recommendratings
import scipy.sparse as sp

warnings.filterwarnings("ignore", message="Method expects CSR input")  # implicit's own weighting gives COO

DATA, WORK, WHAT = sys.argv[1], sys.argv[2], sys.argv[3:]
RETAIL = ["--data", f"{DATA}/online_retail.csv.gz", "--user", "CustomerID", "--value", "Quantity", "--min-value", "1"]


def cpu(f):
    """What f gives, and the processor seconds of all threads."""
    began = time.process_time()
    out = f()
    return out, time.process_time() - began


def ours(*args):
    return json.loads(subprocess.run([f"{WORK}/bench", *map(str, args)], check=True, capture_output=True, text=True).stdout)


def matrix(lists, items):
    """Who took what, 0 or 1."""
    rows = np.repeat(np.arange(len(lists)), [len(x) for x in lists])
    columns = np.concatenate([np.asarray(x, dtype=np.int64) for x in lists])
    x = sp.csr_matrix((np.ones(len(columns), dtype=np.float32), (rows, columns)), shape=(len(lists), items))
    x.data[:] = 1
    return x


def ease(x, l2):
    """Steck 2019, as published: the whole matrix, by NumPy's general inverse."""
    g = (x.T @ x).toarray().astype(np.float64)
    g[np.diag_indices(g.shape[0])] += l2
    p = np.linalg.inv(g)
    b = p / -np.diag(p)
    b[np.diag_indices(b.shape[0])] = 0
    return b


def figures(ranked, relevant, k=20):
    """Recall@k, NDCG@k/2 and MRR@k of one list."""
    hits = [item in relevant for item in ranked[:k]]
    recall = sum(hits) / len(relevant)
    half = k // 2
    gain = sum(h / np.log2(i + 2) for i, h in enumerate(hits[:half]))
    best = sum(1 / np.log2(i + 2) for i in range(min(half, len(relevant))))
    first = next((1 / (i + 1) for i, h in enumerate(hits) if h), 0)
    return recall, gain / best, first


def judge(name, score, cases, known, new_only, seconds):
    """score gives the scores of all items for histories."""
    sums = np.zeros(3)
    for at in range(0, len(cases), 512):
        part = cases[at : at + 512]
        s = np.array(score([c["history"] for c in part]), dtype=np.float64)
        s[:, ~known] = -np.inf
        for i, c in enumerate(part):
            if new_only:
                s[i, c["history"]] = -np.inf
            top = np.argpartition(-s[i], 20)[:20]
            sums += figures(list(top[np.argsort(-s[i, top], kind="stable")]), set(c["relevant"]))
    sums /= len(cases)
    print(f"| {name} | {sums[0]:.4f} | {sums[1]:.4f} | {sums[2]:.4f} | {seconds:.1f} |", flush=True)


def split(args, protocol):
    began = time.time()
    subprocess.run([f"{WORK}/freshet", "recommend", "evaluate", *args, "--protocol", protocol, "--models", "popular", "--json", "--dump-split", f"{WORK}/{protocol}"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"the split took {time.time() - began:.0f} s by the clock", file=sys.stderr)
    with open(f"{WORK}/{protocol}/set.json") as f:
        s = json.load(f)
    train = [json.loads(line) for line in open(f"{WORK}/{protocol}/train.jsonl")]
    cases = [json.loads(line) for line in open(f"{WORK}/{protocol}/cases.jsonl")]
    return s, train, cases


def peers(args, protocol, catalogue):
    import implicit
    from implicit.nearest_neighbours import bm25_weight

    s, train, cases = split(args, protocol)
    items, new_only = s["items"], s["new_only"]
    x = matrix(train, items)
    known = np.asarray(x.sum(axis=0)).ravel() > 0
    print(f"\n{protocol}, {len(cases)} cases: peers, and processor seconds of training\n\n| model | Recall@20 | NDCG@10 | MRR@20 | seconds |\n|---|---|---|---|---|")

    def told(histories):
        return matrix(histories, items)

    if catalogue:
        b, seconds = cpu(lambda: ease(x, 300.0))
        judge("EASE, NumPy, L2 300", lambda h: (told(h) @ b), cases, known, new_only, seconds)
    for name, m, weigh in [
        ("implicit item-item, cosine, K 50", implicit.nearest_neighbours.CosineRecommender(K=50), None),
        ("implicit item-item, TF-IDF, K 50", implicit.nearest_neighbours.TFIDFRecommender(K=50), None),
        ("implicit item-item, BM25, K 50", implicit.nearest_neighbours.BM25Recommender(K=50), None),
    ]:
        _, seconds = cpu(lambda: m.fit(x, show_progress=False))
        judge(name, lambda h: (told(h) @ m.similarity.T.tocsr()).toarray(), cases, known, new_only, seconds)
    for name, m, y in [
        ("implicit ALS, 64 factors, 10 epochs, alpha 10", implicit.als.AlternatingLeastSquares(factors=64, iterations=10, alpha=10, regularization=.03, random_state=1, num_threads=2), x),
        ("implicit ALS, BM25 weights", implicit.als.AlternatingLeastSquares(factors=64, iterations=10, regularization=.05, random_state=1, num_threads=2), bm25_weight(x, K1=100, B=.8).tocsr()),
    ]:
        _, seconds = cpu(lambda: m.fit(y, show_progress=False))
        judge(name, lambda h: np.stack([r for r in m.recalculate_user(np.arange(len(h)), told(h))]) @ m.item_factors.T, cases, known, new_only, seconds)
    m = implicit.bpr.BayesianPersonalizedRanking(factors=64, iterations=100, random_state=1, num_threads=2)
    _, seconds = cpu(lambda: m.fit(x, show_progress=False))
    last = {}
    for u, t in enumerate(train):
        last[tuple(t)] = u
    if all(tuple(c["history"]) in last for c in cases):  # BPR has no fold-in: it can be asked for those whom it knows
        judge("implicit BPR, 64 factors", lambda h: m.user_factors[[last[tuple(i)] for i in h]] @ m.item_factors.T, cases, known, new_only, seconds)
    else:
        print("| implicit BPR | - | - | - | - | it knows only whom it was fitted with", flush=True)
    print("\nours:\n\n| model | Recall@20 | NDCG@10 | MRR@20 | seconds (of item-knn and user-knn by the clock) |\n|---|---|---|---|---|")
    models = "item-knn,user-knn" + (",ease,als" if catalogue else ",als")
    out = subprocess.run([f"{WORK}/freshet", "recommend", "evaluate", *args, "--protocol", protocol, "--models", models, "--json"], check=True, capture_output=True, text=True).stdout
    for r in json.loads(out)["Models"]:
        seconds = r["Took"] / 1e9
        if r["Name"] == "als":
            seconds = ours("als", f"{WORK}/{protocol}/train.jsonl", 64, 10)["cpu"]
        elif r["Name"] == "ease":
            seconds = ours("ease", f"{WORK}/{protocol}/train.jsonl", items, 300)["cpu"]
        print(f"| {r['Name']} | {r['Recall']['Value']:.4f} | {r['NDCG']['Value']:.4f} | {r['MRR']['Value']:.4f} | {seconds:.1f} |")


def longtail(users, items, mean, seed=1):
    """Made-up histories with a long tail: popularity falls as 1 / (rank + 20), lengths are log-normal."""
    r = np.random.default_rng(seed)
    p = 1 / (np.arange(items) + 20.0)
    cut = np.cumsum(p / p.sum())
    n = np.clip(r.lognormal(np.log(mean) - .5, 1, users), 2, items / 4).astype(int)
    all_items = np.searchsorted(cut, r.random(n.sum())).clip(0, items - 1)
    return [np.unique(part).tolist() for part in np.split(all_items, np.cumsum(n)[:-1])]


def write(path, lists):
    with open(path, "w") as f:
        for x in lists:
            f.write(json.dumps(x) + "\n")


def easetimes():
    print("\nEASE, processor seconds (matrix X'X, inverse, rows): NumPy's general inverse beside ours\n\n| items | NumPy inv | NumPy, of which the inverse | ours | ours / NumPy |\n|---|---|---|---|---|")
    for n in map(int, os.environ.get("PEERS_ITEMS", "2000 4000 8000 10000").split()):
        lists = longtail(20_000, n, 40)
        write(f"{WORK}/h.jsonl", lists)
        x = matrix(lists, n)
        _, seconds = cpu(lambda: ease(x, 300.0))
        g = (x.T @ x).toarray().astype(np.float64) + 300 * np.eye(n)
        _, inverse = cpu(lambda: np.linalg.inv(g))
        del g
        o = ours("ease", f"{WORK}/h.jsonl", n, 300)
        print(f"| {n} | {seconds:.2f} | {inverse:.2f} | {o['cpu']:.2f} | {o['cpu'] / seconds:.2f} |", flush=True)


def alstimes():
    import implicit

    epochs = int(os.environ.get("PEERS_EPOCHS", "10"))
    print(f"\nALS, 64 factors, {epochs} epochs, two threads, processor seconds\n\n| users | items | pairs | implicit (32 bits, 3 CG steps) | ours (the same) | ours / implicit |\n|---|---|---|---|---|---|")
    for users, items, mean in [(20_000, 5_000, 40), (100_000, 20_000, 20)] + ([(1_000_000, 50_000, 20)] if os.environ.get("PEERS_LARGE") else []):
        lists = longtail(users, items, mean)
        write(f"{WORK}/h.jsonl", lists)
        x = matrix(lists, items)
        m = implicit.als.AlternatingLeastSquares(factors=64, iterations=epochs, random_state=1, num_threads=2)
        _, seconds = cpu(lambda: m.fit(x, show_progress=False))
        o = ours("als", f"{WORK}/h.jsonl", 64, epochs)
        print(f"| {users} | {items} | {x.nnz} | {seconds:.1f} | {o['cpu']:.1f} | {o['cpu'] / seconds:.2f} |", flush=True)


def baskets():
    names = {}
    number = lambda text: names.setdefault(text, len(names))
    groceries = [[number(t.strip()) for t in line.strip().split(",") if t.strip()] for line in gzip.open(f"{DATA}/groceries_baskets.csv.gz", "rt") if line.strip()]
    yield "groceries", .001, groceries
    names.clear()
    invoices = {}
    for row in csv.DictReader(gzip.open(f"{DATA}/online_retail.csv.gz", "rt", encoding="utf-8", errors="replace")):
        if float(row["Quantity"]) > 0:
            invoices.setdefault(row["InvoiceNo"], set()).add(number(row["StockCode"]))
    yield "online retail", .005, [sorted(b) for b in invoices.values()]


def sets():
    import pandas as pd
    from mlxtend.frequent_patterns import fpgrowth

    print("\nFP-growth, all sets of up to 4 items, processor seconds\n\n| data | baskets | support | sets of mlxtend | ours | equal, counts too | mlxtend | ours |\n|---|---|---|---|---|---|---|---|")
    for name, support, lists in baskets():
        write(f"{WORK}/b.jsonl", lists)
        o = ours("sets", f"{WORK}/b.jsonl", support, 4, f"{WORK}/sets.jsonl")
        mine = {frozenset(items): count for items, count in map(json.loads, open(f"{WORK}/sets.jsonl"))}
        x = pd.DataFrame.sparse.from_spmatrix(matrix(lists, 1 + max(max(b) for b in lists)).astype(bool))
        x.columns = [str(c) for c in x.columns]
        found, seconds = cpu(lambda: fpgrowth(x, min_support=support, max_len=4))
        theirs = {frozenset(map(int, s)): round(v * len(lists)) for s, v in zip(found["itemsets"], found["support"])}
        print(f"| {name} | {len(lists)} | {support} | {len(theirs)} | {len(mine)} | {'yes' if theirs == mine else 'NO'} | {seconds:.1f} | {o['cpu']:.2f} |", flush=True)
        if theirs != mine:
            sys.exit(f"{name}: the sets differ: {sorted(map(sorted, set(theirs) ^ set(mine)))[:5]}")


ALL = "all" in WHAT
if ALL or "sets" in WHAT:
    sets()
if ALL or "ease" in WHAT:
    easetimes()
if ALL or "als" in WHAT:
    alstimes()
if ALL or "figures" in WHAT:
    peers(RETAIL, "holdout", True)
    peers(RETAIL, "next-basket", True)
    recommendratings.main(f"{WORK}/ratings.csv", 6_000, 3_700, 1_000_000)
    peers(["--data", f"{WORK}/ratings.csv", "--min-value", "4", "--min-touches", "5", "--told", "random"], "users", True)
