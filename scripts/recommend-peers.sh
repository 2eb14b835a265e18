#!/usr/bin/env bash
# recommend-peers.sh [figures|ease|als|sets]...: installs implicit, NumPy and mlxtend from the Python registry into a virtual environment (PEERS_VENV, or
# .tools/recommend-venv; about 500 MB) and sets them beside services/recommendation on the same data. Without an argument it does all:
#   figures  Recall@20, NDCG@10, MRR@20 of implicit's ALS, BPR and item-item models and of a NumPy EASE, on the splits of `freshet recommend evaluate`: online retail by
#            holdout and next-basket, and made-up ratings (recommendratings.py) by users; some minutes
#   ease     processor seconds of EASE for catalogues of PEERS_ITEMS (2000 4000 8000 10000) items
#   als      processor seconds of ALS, 64 factors, 10 epochs, two threads; with PEERS_LARGE a million users too, PEERS_EPOCHS epochs
#   sets     FP-growth on groceries and online retail: whether all sets are equal, and processor seconds
# Data are taken from FRESHET_DATA (the directory with online_retail.csv.gz, groceries_baskets.csv.gz, retailrocket_sessions.jsonl.gz).
set -eu
cd "$(dirname "$0")/.."
data=${FRESHET_DATA:?say in FRESHET_DATA where the data sets are}
venv=${PEERS_VENV:-.tools/recommend-venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check -r scripts/oracles/recommend-requirements.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/bench" scripts/oracles/recommendbench.go
go build -o "$work/freshet" ./services/freshet/cmd/freshet
export OPENBLAS_NUM_THREADS=${PEERS_BLAS_THREADS:-1} # implicit asks for it: its own threads do the work
"$venv/bin/python" scripts/oracles/recommendpeers.py "$data" "$work" "${@:-all}"
