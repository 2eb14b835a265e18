#!/usr/bin/env bash
# test-clients.sh KIND:CLIENT@VERSION...: installs the published Python, Go and Java clients of Segment and RudderStack into .tools, and Debian's nginx
# when there is none, and runs the part of the conformance suite that drives them.
set -eu
cd "$(dirname "$0")/.."
home=$PWD/.tools/languages
drivers=$PWD/services/collector/conformance/drivers
mkdir -p "$home"

need() { command -v "$1" >/dev/null || { echo "make test-clients needs $2" >&2; exit 1; }; }

# logged NAME COMMAND...: runs a command quietly, and shows what it said when it fails.
logged() {
  local name=$1; shift
  "$@" >"$home/$name.log" 2>&1 || { tail -20 "$home/$name.log" >&2; echo "$name could not be installed: the lines above are the installer's own; check that its registry is reachable." >&2; exit 1; }
}

# done_once NAME VERSION: true when this version of something is there already; finished NAME VERSION says that it is now.
done_once() { [ "$(cat "$home/$1.version" 2>/dev/null)" = "$2" ]; }
finished() { echo "$2" >"$home/$1.version"; }

python_client() { # PACKAGE VERSION
  done_once "$1" "$2" && return
  need python3 "Python 3 with venv (Debian: python3-venv)"
  [ -x "$home/python/bin/python" ] || logged python python3 -m venv "$home/python"
  echo "installing $1 $2 (once)"
  logged "$1" "$home/python/bin/pip" install --quiet --disable-pip-version-check "$1==$2"
  finished "$1" "$2"
}

# The drivers are written for Segment's clients; RudderStack's are of the same make under other names.
go_client() { # NAME MODULE VERSION
  local src=$home/$1.src sum
  sum=$3-$(cksum <"$drivers/languages.go")
  done_once "$1" "$sum" && return
  echo "building with $2 $3"
  rm -rf "$src" && mkdir -p "$src"
  sed -e 's|^//go:build ignore$||' "$drivers/languages.go" >"$src/main.go"
  [ "$1" = go-segment ] || sed -i -e "s|github.com/segmentio/analytics-go/v3|$2|" -e 's|Config{Endpoint:|Config{DataPlaneUrl:|' "$src/main.go"
  (cd "$src" && export GOWORK=off GOFLAGS=-mod=mod && logged "$1.init" go mod init client && logged "$1.get" go get "$2@$3" && logged "$1.build" go build -o "$home/$1" .)
  finished "$1" "$sum"
}

java_client() { # NAME GROUP VERSION
  local to=$home/$1 sum
  sum=$3-$(cksum <"$drivers/Driver.java")
  done_once "$1" "$sum" && return
  need mvn "Maven"
  need javac "a Java development kit, 17 or later"
  echo "installing $2 $3 (once)"
  rm -rf "$to" && mkdir -p "$to/src"
  logged "$1" mvn -q -B -ntp -f scripts/languages.pom.xml "-Dclient.group=$2" "-Dclient.version=$3" dependency:copy-dependencies "-DoutputDirectory=$to/libs"
  cp "$drivers/Driver.java" "$to/src/"
  [ "$1" = java-segment ] || sed -i -e "s|com\.segment\.analytics|$2|g" -e "s|\bAnalytics\b|RudderAnalytics|g" -e 's|\.endpoint(|.setDataPlaneUrl(|' "$to/src/Driver.java"
  logged "$1.javac" javac -proc:none -cp "$to/libs/*" -d "$to/classes" "$to/src/Driver.java"
  finished "$1" "$sum"
}

install_nginx() {
  if command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; then return; fi
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "make test-clients needs nginx: install it. (As root on Debian it is installed by itself.)" >&2
    exit 1
  fi
  echo "installing nginx (once)"
  logged apt apt-get update
  logged nginx env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nginx-light
}

for spec in "$@"; do
  name=${spec%@*} version=${spec##*@}
  case $name in
    pip:*) python_client "${name#pip:}" "$version" ;;
    go:github.com/segmentio/*) go_client go-segment "${name#go:}" "$version" ;;
    go:*) go_client go-rudder "${name#go:}" "$version" ;;
    mvn:com.segment.*) java_client java-segment "${name#mvn:}" "$version" ;;
    mvn:*) java_client java-rudder "${name#mvn:}" "$version" ;;
    *) echo "test-clients.sh: $spec is none of pip:, go:, mvn:" >&2; exit 2 ;;
  esac
done
install_nginx
FRESHET_LANGUAGES=$home exec go test -count=1 -timeout 10m -parallel 16 -run '^Test(Language|Nginx)' ./services/collector/conformance/
