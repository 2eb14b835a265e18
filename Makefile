# Freshet's one build tool. `make help` lists what it does. Everything it installs goes to .tools.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export CGO_ENABLED := 0

TOOLS := $(CURDIR)/.tools
BIN   := $(CURDIR)/bin
export PATH := $(TOOLS)/bin:$(TOOLS)/node_modules/.bin:$(PATH)

# Pinned versions: change them here and nowhere else.
CHDB_VERSION          := 26.7.3-stable.1
BUF_VERSION           := 1.75.0
GOLANGCI_VERSION      := v2.15.0
PROTOC_GEN_GO         := v1.36.12
PROTOC_GEN_GO_GRPC    := v1.6.2
GRPC_GATEWAY          := v2.32.0
HELM_VERSION          := v3.22.0
KUBECONFORM_VERSION   := v0.8.0

# The published clients that the collector is tested with, and what drives a browser.
CLIENTS := @segment/analytics-node@3.1.0 @rudderstack/rudder-sdk-node@3.0.13
BROWSER_CLIENTS := @segment/analytics-next@1.84.3 @rudderstack/analytics-js@3.34.1 playwright-core@1.65.1

# The clients in other languages, which `make test-clients` drives.
LANGUAGE_CLIENTS := pip:segment-analytics-python@2.4.0 pip:rudder-sdk-python@2.1.9 \
	go:github.com/segmentio/analytics-go/v3@v3.3.0 go:github.com/rudderlabs/analytics-go/v4@v4.2.1 \
	mvn:com.segment.analytics.java@3.5.2 mvn:com.rudderstack.sdk.java.analytics@3.0.0

MODULES  := ./proto/... ./pkg/... ./services/...
SERVICES := collector identity warehouse feature segmentation churn recommendation gateway watch
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X github.com/freshet/freshet/pkg/service.Version=$(VERSION)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

.PHONY: need
need:
	@scripts/need.sh

.PHONY: engine
engine: need ## install the embedded ClickHouse engine (npm) into .tools
	@scripts/engine.sh $(CHDB_VERSION)

.PHONY: freshet
freshet: need ## build bin/freshet, which has everything that demo and up need: no cloud's client among it
	@mkdir -p $(BIN)
	go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/freshet ./services/freshet/cmd/freshet

.PHONY: build
build: freshet ## build bin/freshet and one binary per service
	@for s in $(SERVICES); do go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/freshet-$$s ./services/$$s/cmd/freshet-$$s; done

.PHONY: demo
demo: engine freshet ## play a simulated shop through the whole stack, in some minutes
	@$(BIN)/freshet demo

.PHONY: up
up: engine freshet ## run the whole stack here; data stay in .freshet
	@$(BIN)/freshet up --dir .freshet

.PHONY: clients
clients: need ## install the Segment and RudderStack clients (npm) that the tests drive into .tools
	@scripts/clients.sh $(CLIENTS)

.PHONY: test
test: engine clients ## run every test on real engines
	FRESHET_CLIENTS=$(TOOLS) go test -timeout 20m $(MODULES)

.PHONY: test-browser
test-browser: clients ## run the browser clients in a headless Chromium (Debian's, installed when missing)
	@scripts/clients.sh $(BROWSER_CLIENTS)
	@scripts/test-browser.sh $(TOOLS)

.PHONY: test-clients
test-clients: need ## run the Python, Go and Java clients, and nginx before the collector (needs Python 3, Java 17 and Maven)
	@scripts/test-clients.sh $(LANGUAGE_CLIENTS)

.PHONY: test-kafka
test-kafka: engine ## run the broker, fault and end-to-end tests on Apache Kafka itself (needs Java 17 and Maven)
	@scripts/test-kafka.sh

.PHONY: replay
replay: engine build ## replay the whole online-retail file through an ephemeral stack and reconcile it
	@scripts/replay.sh

.PHONY: replay-kill
replay-kill: engine build ## the same while the stack is killed (kill -9) ten times at random moments
	@scripts/replay-kill.sh

.PHONY: bench
bench: engine build ## the benchmarks of docs/benchmarks.md
	@scripts/bench.sh

.PHONY: bench-collector
bench-collector: build ## the collector against a null handler, in every ack mode (QUICK=--quick for a short look)
	@scripts/bench-collector.sh $(QUICK)

.PHONY: churn-bars
churn-bars: engine build ## the churn figures of docs/churn.md on online-retail and on the simulator, beside RFM, BG/NBD and a sequence model
	@scripts/churn-bars.sh

SIMULATION := 10000000
.PHONY: simulation
simulation: engine ## hold stream, SQL and oracle against each other over ten million simulated events, for hours (SIMULATION)
	FRESHET_SIMULATION=$(SIMULATION) go test -timeout 0 -count 1 -v -run '^TestSimulation$$' ./services/feature

.PHONY: fuzz
fuzz: need ## fuzz every decoder that faces strangers, ten million executions together (FUZZ_TOTAL)
	@scripts/fuzz.sh

.PHONY: tools
tools: need
	@scripts/tools.sh golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(GOLANGCI_VERSION)
	@scripts/tools.sh protoc-gen-go google.golang.org/protobuf/cmd/protoc-gen-go $(PROTOC_GEN_GO)
	@scripts/tools.sh protoc-gen-go-grpc google.golang.org/grpc/cmd/protoc-gen-go-grpc $(PROTOC_GEN_GO_GRPC)
	@scripts/tools.sh protoc-gen-grpc-gateway github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway $(GRPC_GATEWAY)
	@scripts/tools.sh protoc-gen-openapiv2 github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv2 $(GRPC_GATEWAY)
	@scripts/tools.sh helm helm.sh/helm/v3/cmd/helm $(HELM_VERSION)
	@scripts/tools.sh kubeconform github.com/yannh/kubeconform/cmd/kubeconform $(KUBECONFORM_VERSION)
	@scripts/npm.sh @bufbuild/buf $(BUF_VERSION)

.PHONY: lint
lint: tools ## gofmt, golangci-lint, buf lint
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'gofmt -w these:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	golangci-lint run $(MODULES)
	buf lint
	buf format -d --exit-code proto

.PHONY: generate
generate: tools ## make generated code and documents anew
	buf generate
	go run ./services/docgen

.PHONY: check
check: lint build ## lint, generated files, contracts, compose and Helm
	@scripts/check-generated.sh
	@scripts/check-breaking.sh
	@scripts/check-deploy.sh

.PHONY: clean
clean: ## remove what was built; tools and data stay
	rm -rf $(BIN)
