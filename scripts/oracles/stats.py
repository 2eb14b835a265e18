#!/usr/bin/env python3
"""Writes the golden files of pkg/evaluate, pkg/linear, pkg/calibrate and pkg/lifetime: what scikit-learn, scipy and
Lifetimes say about the same rows. The tests read the files and need no Python. To make them anew, from the root:

  python3 -m venv .tools/oracle && .tools/oracle/bin/pip install -r scripts/oracles/stats.requirements.txt
  .tools/oracle/bin/python scripts/oracles/stats.py [DATA]        # DATA: the folder of telco_churn.csv.gz and cdnow_sample.csv.gz
"""
import gzip, json, os, sys, warnings

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "..", "shared", "data")


def plain(x):
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple, np.ndarray)):
        return [plain(v) for v in x]
    if isinstance(x, (np.integer, int)):
        return int(x)
    if isinstance(x, (np.floating, float)):
        return None if np.isnan(x) else float(x)  # JSON has no NaN: null is missing
    return x


def write(package, name, golden):
    path = os.path.join(ROOT, "pkg", package, "testdata", name + ".json")
    with open(path, "w") as f:
        json.dump(plain(golden), f, separators=(",", ":"))
        f.write("\n")
    print(path, os.path.getsize(path), "bytes")


# ---- evaluate

def mix(seed, n):
    """SplitMix64, as evaluate.Mix."""
    m = (1 << 64) - 1
    z = (seed + (n + 1) * 0x9E3779B97F4A7C15) & m
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & m
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & m
    return z ^ (z >> 31)


def folds(label, k, seed):
    """As evaluate.StratifiedFolds."""
    order = sorted(range(len(label)), key=lambda r: (label[r], mix(seed, r), r))
    fold = np.zeros(len(label), int)
    for i, r in enumerate(order):
        fold[r] = i % k
    return fold


def reliability(score, label, weight, bins):
    """As evaluate.Reliability: equal mass, equal scores together where their middle lies. An own copy: scikit-learn's
    calibration_curve takes no weights and cuts at quantiles of the scores."""
    table, above = {}, 0.0
    for s in sorted(set(score), reverse=True):
        at = score == s
        size = weight[at].sum()
        if size == 0:
            continue
        b = bins - 1 - min(int(bins * (above + size / 2) / weight.sum()), bins - 1)
        t = table.setdefault(b, [0.0, 0.0, 0.0])
        t[0] += size
        t[1] += size * s
        t[2] += (weight[at] * label[at]).sum()
        above += size
    return [[t[0], t[1] / t[0], t[2] / t[0]] for _, t in sorted(table.items())]


def ece(score, label, weight, bins=10):
    t = np.array(reliability(score, label, weight, bins))
    return float((t[:, 0] * abs(t[:, 1] - t[:, 2])).sum() / t[:, 0].sum())


def judged(score, label, weight):
    return {
        "auc": metrics.roc_auc_score(label, score, sample_weight=weight),
        "average_precision": metrics.average_precision_score(label, score, sample_weight=weight),
        "log_loss": metrics.log_loss(label, score, sample_weight=weight),
        "brier": metrics.brier_score_loss(label, score, sample_weight=weight),
        "accuracy": metrics.accuracy_score(label, score >= 0.5, sample_weight=weight),
        "ece": ece(score, label, weight),
    }


def evaluate():
    rng = np.random.default_rng(1)
    cases = []
    for name, digits, weighted in [("distinct scores", 12, False), ("many ties", 1, False), ("weights and ties", 2, True), ("sure and wrong", 0, False)]:
        n = 300
        p = rng.uniform(0, 1, n)
        label = (rng.uniform(0, 1, n) < p).astype(float)
        score = np.round(np.clip(p + rng.normal(0, 0.15, n), 0, 1), digits)
        weight = rng.integers(0, 5, n) / 2.0 if weighted else np.ones(n)
        cases.append({"name": name, "score": score, "label": label, "weight": weight, "want": judged(score, label, weight),
                      "reliability": reliability(score, label, weight, 10)})
    predicted, actual, weight = rng.gamma(2, 10, 100), rng.gamma(2, 10, 100), rng.integers(1, 4, 100)
    real = {"predicted": predicted, "actual": actual, "weight": weight,
            "rmse": metrics.mean_squared_error(actual, predicted, sample_weight=weight) ** 0.5,
            "mae": metrics.mean_absolute_error(actual, predicted, sample_weight=weight),
            "correlation": np.corrcoef(np.repeat(predicted, weight), np.repeat(actual, weight))[0, 1]}
    lists = []
    for _ in range(20):
        ranked, relevant = rng.permutation(30), rng.permutation(30)[: rng.integers(1, 9)]
        gain = np.isin(np.arange(30), relevant).astype(float)
        score = np.zeros(30)
        score[ranked] = np.arange(30, 0, -1)
        lists.append({"ranked": ranked, "relevant": relevant, "ndcg10": metrics.ndcg_score([gain], [score], k=10)})
    label = (rng.uniform(0, 1, 53) < 0.3).astype(float)
    write("evaluate", "sklearn", {"binary": cases, "real": real, "lists": lists, "folds": {"label": label, "k": 5, "seed": 7, "want": folds(label, 5, 7)}})


# ---- linear

def fit_logistic(x, y, weight, l2):
    m = LogisticRegression(C=1 / l2, tol=1e-12, max_iter=100000, solver="newton-cholesky")
    m.fit(x, y, sample_weight=weight)
    return m


def design(numeric, codes, levels, weight, rows=None):
    """As linear encodes: numbers standardised with mean for missing and a 0/1 mark, categories 0/1. rows: what it is learnt from."""
    rows = np.arange(len(next(iter(numeric.values())))) if rows is None else rows
    columns = []
    for v in numeric.values():
        w = weight[rows]
        known = ~np.isnan(v)
        kr = known[rows]
        mean = np.average(v[rows][kr], weights=w[kr])
        filled = np.where(known, v, mean)
        scale = np.sqrt(np.average((filled[rows] - mean) ** 2, weights=w))
        columns.append((filled - mean) / (scale if scale > 0 else 1))
        if not kr.all():
            columns.append((~known).astype(float))
    for name, c in codes.items():
        for level in range(levels[name]):
            columns.append((c == level).astype(float))
        if (c[rows] < 0).any():
            columns.append((c < 0).astype(float))
    return np.column_stack(columns)


def linear():
    rng = np.random.default_rng(2)
    n = 250
    numeric = {"a": rng.normal(5, 3, n), "b": np.exp(rng.normal(0, 2, n)), "c": rng.uniform(-1, 1, n)}
    numeric["b"][rng.uniform(0, 1, n) < 0.2] = np.nan
    codes = {"kind": rng.integers(-1, 4, n)}
    margin = 0.5 * (numeric["a"] - 5) - 0.3 * np.nan_to_num(np.log(numeric["b"]), nan=-2) + (codes["kind"] == 2)
    y = (rng.uniform(0, 1, n) < 1 / (1 + np.exp(-margin))).astype(float)
    cases = []
    for l2, weight in [(1.0, np.ones(n)), (0.01, np.ones(n)), (1.0, rng.integers(0, 4, n) / 2.0)]:
        x = design(numeric, codes, {"kind": 4}, weight)
        m = fit_logistic(x, y, weight, l2)
        cases.append({"l2": l2, "weight": weight, "intercept": m.intercept_[0], "coefficients": m.coef_[0], "probability": m.predict_proba(x)[:, 1]})
    write("linear", "sklearn", {"numeric": numeric, "codes": codes, "label": y, "cases": cases, "telco": telco()})


def telco():
    """IBM Telco, 5 folds, 3 seeds: the mean of each measure over the 15 test folds."""
    t = pd.read_csv(gzip.open(os.path.join(DATA, "telco_churn.csv.gz")))
    y = (t["Churn"] == "Yes").to_numpy(float)
    numeric = {c: pd.to_numeric(t[c], errors="coerce").to_numpy(float) for c in ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"]}
    codes, levels = {}, {}
    for c in t.columns:
        if c not in numeric and c not in ("customerID", "Churn"):
            values = sorted(t[c].unique())
            codes[c], levels[c] = t[c].map({v: i for i, v in enumerate(values)}).to_numpy(int), len(values)
    out, ones = [], np.ones(len(y))
    for seed in range(3):
        fold = folds(y, 5, seed)
        for k in range(5):
            train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            x = design(numeric, codes, levels, ones, train)
            p = fit_logistic(x[train], y[train], None, 1.0).predict_proba(x[test])[:, 1]
            out.append(judged(p, y[test], ones[test]))
    return {k: float(np.mean([o[k] for o in out])) for k in out[0]}


# ---- calibrate

def calibrate():
    rng = np.random.default_rng(3)
    cases = []
    for name, digits, weighted in [("distinct", 9, False), ("ties", 1, False), ("weights", 2, True), ("falling", 3, False)]:
        n = 200
        score = np.round(rng.normal(0, 2, n), digits)
        slope = -1 if name == "falling" else 1.3
        y = (rng.uniform(0, 1, n) < 1 / (1 + np.exp(-(slope * score - 0.4)))).astype(float)
        weight = rng.integers(1, 5, n) / 2.0 if weighted else np.ones(n)
        probe = np.linspace(score.min() - 1, score.max() + 1, 41)
        iso = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(score, y, sample_weight=weight)
        # Platt's targets, then the maximum of the likelihood: a regression on both classes with the targets as weights.
        # scikit-learn's own _sigmoid_calibration seeks the same maximum, but stops at its optimiser's default tolerance.
        yes, no = weight[y == 1].sum(), weight[y == 0].sum()
        target = np.where(y == 1, (yes + 1) / (yes + 2), 1 / (no + 2))
        platt = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000, solver="newton-cholesky")
        platt.fit(np.r_[score, score].reshape(-1, 1), np.r_[np.ones(n), np.zeros(n)], sample_weight=np.r_[weight * target, weight * (1 - target)])
        from sklearn.calibration import _sigmoid_calibration
        a, b = _sigmoid_calibration(score, y, sample_weight=weight)
        cases.append({"name": name, "score": score, "label": y, "weight": weight, "probe": probe, "isotonic": iso.predict(probe),
                      "platt": platt.predict_proba(probe.reshape(-1, 1))[:, 1], "sigmoid": 1 / (1 + np.exp(a * probe + b))})
    write("calibrate", "sklearn", cases)


# ---- lifetime

def lifetime():
    from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter
    probes = [[0, 0, 38.86], [1, 0.5, 38.86], [2, 30.43, 38.86], [7, 38.0, 38.86], [29, 37.9, 38.86], [3, 2.0, 30.0], [1, 26.9, 27.0], [120, 38.0, 39.0]]
    x, tx, age = (np.array(c, float) for c in zip(*probes))
    horizons = [1.0, 4.0, 39.0, 200.0]
    out = {"probes": probes, "horizons": horizons, "models": []}
    settings = [
        ("BG/NBD", BetaGeoFitter, ["r", "alpha", "a", "b"], [[0.243, 4.414, 0.793, 2.426], [1.7, 20.0, 2.5, 0.6]]),
        ("MBG/NBD", ModifiedBetaGeoFitter, ["r", "alpha", "a", "b"], [[0.525, 6.183, 0.891, 1.614], [1.7, 20.0, 2.5, 0.6]]),
        ("Pareto/NBD", ParetoNBDFitter, ["r", "alpha", "s", "beta"], [[0.553, 10.578, 0.606, 11.669], [0.553, 11.669, 1.7, 10.578]]),
    ]
    for name, fitter, names, all_values in settings:
        for values in all_values:
            m = fitter()
            m.params_ = pd.Series(values, index=names)
            alive = m.conditional_probability_alive(x, tx, age)
            ll = likelihood(name, m, values, x, tx, age)
            out["models"].append({
                "name": name, "params": values, "alive": np.asarray(alive), "log_likelihood": ll,
                "expected": [np.asarray(m.conditional_expected_number_of_purchases_up_to_time(t, x, tx, age)) for t in horizons],
                "population": [float(m.expected_number_of_purchases_up_to_time(t)) for t in horizons]})
    gg = GammaGammaFitter()
    gg.params_ = pd.Series([6.25, 3.74, 15.44], index=["p", "q", "v"])
    counts, means = np.array([0, 1, 2, 5, 50.0]), np.array([0, 22.35, 100.0, 7.5, 36.0])
    out["spend"] = {"params": [6.25, 3.74, 15.44], "counts": counts, "means": means,
                    "expected": np.asarray(gg.conditional_expected_average_profit(pd.Series(counts), pd.Series(means)))}
    out["cdnow"] = cdnow([(s[0], s[1]) for s in settings], GammaGammaFitter)
    write("lifetime", "lifetimes", out)


def cdnow(fitters, spend_fitter):
    """Fits to the 1/10 sample's first 39 weeks, in weeks, with Lifetimes' standard errors."""
    from lifetimes.utils import summary_data_from_transaction_data
    t = pd.read_csv(gzip.open(os.path.join(DATA, "cdnow_sample.csv.gz")), dtype={"master_id": str, "sample_id": str})
    t["date"] = pd.to_datetime(t["date"].astype(str))
    t = t[t["date"] <= "1997-09-30"].reset_index(drop=True)
    s = summary_data_from_transaction_data(t, "sample_id", "date", monetary_value_col="dollar_value", observation_period_end="1997-09-30", freq="D", freq_multiplier=7)
    fits = {}
    for name, fitter in fitters:
        m = fitter().fit(s["frequency"], s["recency"], s["T"], tol=1e-5 if fitter.__name__ == "ParetoNBDFitter" else 1e-8)
        ll = float(np.sum(likelihood(name, m, m.params_.to_numpy(), *(s[c].to_numpy(float) for c in ("frequency", "recency", "T")))))
        errors = m.standard_errors_.to_numpy() if hasattr(m, "standard_errors_") else curvature_errors(m, s)
        fits[name] = {"params": m.params_.to_numpy(), "errors": errors, "log_likelihood": ll}
    back = s[(s["frequency"] > 0) & (s["monetary_value"] > 0)]
    m = spend_fitter().fit(back["frequency"], back["monetary_value"], tol=1e-8)
    ll = -float(m._negative_log_likelihood(np.log(m.params_.to_numpy()), back["frequency"].to_numpy(float), back["monetary_value"].to_numpy(float), np.ones(len(back)), 0.0)) * len(back)
    fits["Gamma-Gamma"] = {"params": m.params_.to_numpy(), "errors": m.standard_errors_.to_numpy(), "log_likelihood": ll}
    return fits


def curvature_errors(m, s):
    """Standard errors of Pareto/NBD, which Lifetimes does not give: by second differences of its likelihood over the logarithms."""
    x, tx, age = (s[c].to_numpy(float) for c in ("frequency", "recency", "T"))
    logs, h = np.log(m.params_.to_numpy()), 1e-3
    f = lambda d: -float(np.sum(m._conditional_log_likelihood(np.exp(logs + h * d), x, tx, age)))
    unit = np.eye(4)
    hessian = [[(f(a + b) - f(a - b) - f(b - a) + f(-a - b)) / (4 * h * h) for b in unit] for a in unit]
    return np.exp(logs) * np.sqrt(np.diag(np.linalg.inv(np.array(hessian))))


def likelihood(name, m, values, x, tx, age):
    """Log-likelihood of each probe, from Lifetimes' own objective with one customer at a time."""
    one = np.ones(1)
    res = []
    for i in range(len(x)):
        a = (x[i : i + 1], tx[i : i + 1], age[i : i + 1])
        if name == "Pareto/NBD":
            res.append(float(m._conditional_log_likelihood(values, *a)[0]))
        else:
            res.append(-float(m._negative_log_likelihood(np.log(values), *a, one, 0.0)))
    return res


if __name__ == "__main__":
    for part in (evaluate, linear, calibrate, lifetime):
        part()
