#!/usr/bin/env bash
# gbdt.sh [oracle|written|bench]: installs the pinned XGBoost, LightGBM and scikit-learn from the Python registry into a virtual environment
# (GBDT_VENV, or .tools/gbdt-venv; about 1 GB) and runs gbdt.py: "oracle", the default, writes pkg/gbdt/testdata/oracle anew,
# which go test ./pkg/gbdt reads without Python; "written" only what XGBoost says of written.json.gz; "bench" trains them and pkg/gbdt on the same made-up rows, one after another.
set -eu
cd "$(dirname "$0")/../.."
venv=${GBDT_VENV:-.tools/gbdt-venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check -r scripts/oracles/gbdt-requirements.txt
exec "$venv/bin/python" scripts/oracles/gbdt.py "${1:-oracle}"
