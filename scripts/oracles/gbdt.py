"""What XGBoost, LightGBM and scikit-learn say, written down for pkg/gbdt's tests; and all of them timed beside it. Run by gbdt.sh."""
import csv
import datetime
import gzip
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time

import lightgbm
import numpy as np
import sklearn
import xgboost
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score

OUT = "pkg/gbdt/testdata/oracle/"
DATA = os.environ.get("FRESHET_DATA", "../shared/data")


def fold(row, repeat):
    """The fold of a row, 0 to 4: the same formula as foldOf in oracle_test.go."""
    return (((row + 1) * 2654435761 + repeat * 40503 * 65537) % 2**32 >> 16) % 5


def read(name):
    with gzip.open(os.path.join(DATA, name), "rt", newline="") as f:
        return list(csv.reader(f))


NUMERIC = {"SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"}


def telco():
    """19 features; text is numbered in the order of its letters; a blank is missing."""
    head, *rows = read("telco_churn.csv.gz")
    columns, categorical = [], []
    for i, name in enumerate(head[1:-1], 1):
        values = [r[i] for r in rows]
        if name in NUMERIC:
            columns.append([float(v) if v.strip() else math.nan for v in values])
            continue
        codes = {v: n for n, v in enumerate(sorted(set(values)))}
        categorical.append(len(columns))
        columns.append([float(codes[v]) for v in values])
    return np.array(columns).T, np.array([r[-1] == "Yes" for r in rows], float), categorical


def cdnow():
    """Customers' first 39 weeks; the label is a purchase in the 39 weeks after."""
    end = datetime.date(1997, 9, 30)
    held = {}
    for cid, day, cds, dollars in read("cdnow_master.csv.gz")[1:]:
        date = datetime.date(int(day[:4]), int(day[4:6]), int(day[6:]))
        held.setdefault(int(cid), []).append((date, int(cds), float(dollars)))
    X, y = [], []
    for cid in sorted(held):
        past = sorted((p for p in held[cid] if p[0] <= end), key=lambda p: p[0])
        y.append(float(any(p[0] > end for p in held[cid])))
        first, last = past[0][0], past[-1][0]
        n = len(past)
        X.append([
            n, (end - last).days, (last - first).days, (end - first).days,
            round(sum(p[2] for p in past) * 100) / 100, sum(p[1] for p in past), past[0][2], past[-1][2],
            (last - first).days / (n - 1) if n > 1 else math.nan,
            sum((end - p[0]).days < 90 for p in past),
        ])
    return np.array(X), np.array(y), []


ROUNDS, RATE, LEAVES, MIN = 250, .03, 8, 40


def fit_xgboost(X, y, categorical):
    m = xgboost.train({"objective": "binary:logistic", "tree_method": "hist", "grow_policy": "lossguide", "max_leaves": LEAVES, "max_depth": 0,
                       "eta": RATE, "lambda": 1, "min_child_weight": 5, "max_bin": 254, "nthread": 1}, xgboost.DMatrix(X, y), ROUNDS)
    return lambda Z: m.predict(xgboost.DMatrix(Z))


def fit_lightgbm(X, y, categorical):
    m = lightgbm.train({"objective": "binary", "num_leaves": LEAVES, "learning_rate": RATE, "lambda_l2": 1, "min_data_in_leaf": MIN, "max_bin": 254,
                        "num_threads": 1, "deterministic": True, "verbose": -1},
                       lightgbm.Dataset(X, y, categorical_feature=categorical or "auto", params={"max_bin": 254, "verbose": -1}), ROUNDS)
    return m.predict


def fit_sklearn(X, y, categorical):
    m = HistGradientBoostingClassifier(learning_rate=RATE, max_iter=ROUNDS, max_leaf_nodes=LEAVES, min_samples_leaf=MIN, l2_regularization=1,
                                       early_stopping=False, random_state=1).fit(X, y)
    return lambda Z: m.predict_proba(Z)[:, 1]


def folds(X, y, categorical, fit, repeats):
    auc, loss = [], []
    for repeat in range(repeats):
        of = np.array([fold(i, repeat) for i in range(len(y))])
        for k in range(5):
            p = fit(X[of != k], y[of != k], categorical)(X[of == k])
            auc.append(roc_auc_score(y[of == k], p))
            loss.append(log_loss(y[of == k], p))
    return {"auc": float(np.mean(auc)), "log_loss": float(np.mean(loss))}


def write(name, what):
    data = json.dumps(what).replace("NaN", "null").encode()
    if name.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    with open(OUT + name, "wb") as f:
        f.write(data)


def parity():
    out = {"versions": {"xgboost": xgboost.__version__, "lightgbm": lightgbm.__version__, "scikit-learn": sklearn.__version__}}
    for name, (X, y, categorical), repeats in (("telco", telco(), 3), ("cdnow", cdnow(), 1)):
        out[name] = {"rows": len(y), "positive": int(y.sum()), "sum": float(np.nansum(X))}
        for library, fit in (("xgboost", fit_xgboost), ("lightgbm", fit_lightgbm), ("sklearn", fit_sklearn)):
            out[name][library] = folds(X, y, [], fit, repeats)
        if categorical:
            out[name]["lightgbm_categorical"] = folds(X, y, categorical, fit_lightgbm, repeats)
        print(name, out[name])
    write("folds.json", out)


OBJECTIVES = {"binary:logistic": {}, "reg:squarederror": {}, "count:poisson": {}, "reg:quantileerror": {"quantile_alpha": .8}, "rank:ndcg": {}}


def models():
    """Models of XGBoost with what they predict and why: half of the rows are not numbers of 32 bits, and values lie on thresholds."""
    rng = np.random.default_rng(5)
    X = np.round(rng.normal(size=(2000, 6)), 2)
    X[:, 5] = np.floor(X[:, 5])
    X[rng.random(X.shape) < .1] = np.nan
    z = np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1] * X[:, 2]) - np.isnan(X[:, 3])
    for objective, extra in OBJECTIVES.items():
        y = {"binary:logistic": (rng.random(2000) < 1 / (1 + np.exp(-z))).astype(float), "count:poisson": rng.poisson(np.exp(.3 * z)).astype(float),
             "rank:ndcg": np.clip(np.floor(z + 1), 0, 4)}.get(objective, z + rng.normal(size=2000))
        d = xgboost.DMatrix(X, y, feature_names=list("abcdef"))
        if objective.startswith("rank"):
            d.set_group([20] * 100)
        m = xgboost.train({"objective": objective, "max_depth": 5, "eta": .3, **extra}, d, 20)
        Z = np.concatenate([X[:60], rng.normal(size=(60, 6)), np.full((1, 6), np.nan)])
        q = xgboost.DMatrix(Z, feature_names=list("abcdef"))
        # The other base score matters as well: the contributions' last one, and what it is before the link.
        write(objective.replace(":", "_") + ".json.gz", {
            "model": json.loads(m.save_raw("json")), "rows": Z.tolist(), "predictions": m.predict(q).tolist(),
            "margins": m.predict(q, output_margin=True).tolist(), "contributions": m.predict(q, pred_contribs=True).tolist()})


def written():
    """What XGBoost makes of a model that pkg/gbdt wrote (go test ./pkg/gbdt -run Written -update), and of its own of the same rows."""
    with gzip.open(OUT + "written.json.gz") as f:
        given = json.load(f)
    m = xgboost.Booster()
    m.load_model(bytearray(given["text"].encode()))
    q = xgboost.DMatrix(np.array([[math.nan if v is None else v for v in r] for r in given["rows"]], float), feature_names=m.feature_names)
    write("written_predictions.json.gz", {"predictions": m.predict(q).tolist(), "contributions": m.predict(q, pred_contribs=True).tolist()})


def cpu(who=resource.RUSAGE_SELF):
    r = resource.getrusage(who)
    return r.ru_utime + r.ru_stime


def made_up(n, columns, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns)).astype(np.float32)
    z = X[:, 0] * .8 + X[:, 1] * X[:, 2] * .5 + np.sin(X[:, 3] * 2) - .3 * (X[:, 4] > 1) + .2 * X[:, 5]
    y = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(np.float32)
    X[rng.random((n, columns)) < .05] = np.nan
    return X, y


def bench():
    """900,000 rows x 28, 100 trees, 31 leaves, 254 bins; AUC on 100,000 others."""
    X, y = made_up(1_000_000, 28, 7)
    train, test = slice(0, 900_000), slice(900_000, None)

    def row(name, begun, clock, p):
        print(f"{name:28} {cpu() - begun:6.1f} CPU s {time.time() - clock:6.1f} s   AUC {roc_auc_score(y[test], p):.4f}", flush=True)

    with tempfile.NamedTemporaryFile(suffix=".f32") as f:
        np.concatenate([X, y[:, None]], 1).astype("<f4").tofile(f)
        f.flush()
        subprocess.run(["go", "run", "scripts/oracles/gbdtbench.go", f.name], env={**os.environ, "CGO_ENABLED": "0"}, check=True)
    for threads in (1, 2):
        begun, clock = cpu(), time.time()
        d = xgboost.QuantileDMatrix(X[train], y[train], max_bin=254, nthread=threads)
        m = xgboost.train({"objective": "binary:logistic", "tree_method": "hist", "grow_policy": "lossguide", "max_leaves": 31, "max_depth": 0,
                           "eta": .1, "lambda": 1, "min_child_weight": 1, "max_bin": 254, "nthread": threads}, d, 100)
        p = m.predict(xgboost.DMatrix(X[test], nthread=threads))
        row(f"xgboost {xgboost.__version__}, {threads} threads", begun, clock, p)
        begun, clock = cpu(), time.time()
        m = lightgbm.train({"objective": "binary", "num_leaves": 31, "learning_rate": .1, "lambda_l2": 1, "min_data_in_leaf": 1,
                            "min_sum_hessian_in_leaf": 1, "max_bin": 254, "num_threads": threads, "verbose": -1}, lightgbm.Dataset(X[train], y[train]), 100)
        row(f"lightgbm {lightgbm.__version__}, {threads} threads", begun, clock, m.predict(X[test], num_threads=threads))


if __name__ == "__main__":
    if sys.argv[1] == "bench":
        bench()
    elif sys.argv[1] == "written":
        written()
    else:
        models()
        parity()
        if os.path.exists(OUT + "written.json.gz"):
            written()
