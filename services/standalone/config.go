package standalone

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/services/churn/assembly"
	"github.com/freshet/freshet/services/collector"
	"github.com/freshet/freshet/services/feature"
	"github.com/freshet/freshet/services/identity"
	recommending "github.com/freshet/freshet/services/recommendation/assembly"
	"github.com/freshet/freshet/services/segmentation"
	"github.com/freshet/freshet/services/warehouse"
	"github.com/freshet/freshet/services/watch"
)

// Config is what a stack can be told. What it decides itself - addresses between its
// parts, their directories - overrides what the services' own sections say.
type Config struct {
	// Dir keeps everything the stack stores; one stack at a time owns it. Empty takes a temporary one, removed at the end.
	Dir string
	// Ephemeral takes free ports instead of Listen.
	Ephemeral bool
	// Listen says where each door is; hosts other than loopback are for the four HTTP and gRPC doors and metrics only.
	Listen stack.Addresses
	// Hosts are further names that the API, the metrics and the collector's health pages answer to when a request gives them as Host,
	// without port; "*" is any. Names of this machine are always answered: see service.AnswerTo.
	Hosts []string
	// AddressesFile is where the doors' addresses are written, as JSON, once everything is ready; it is removed at the end. Empty: nowhere.
	AddressesFile string
	// WriteKey is the key of the source "local", in the workspace "default", beside Collector.Sources. It is trusted: who reaches it is on
	// this machine. Empty: no such source.
	WriteKey string
	// APIToken is the token "local" of the reads, of every workspace and scope, beside those of Dir's tokens.yaml. At least 20 characters.
	// Empty: one is made for this run. Addresses say which.
	APIToken string
	// Partitions is how many partitions a topic gets when it is made; fixed once Dir has data. 1 to 1,000.
	// The default is the number of cores, within 2 and 8: more partitions than cores cost batches their size.
	Partitions int
	// Gaps is what to do when records were gone before they were read, because retention removed them or the data directory
	// lost them: hold stops that partition and says so, skip goes on and counts what is lost. Empty means hold.
	Gaps broker.GapPolicy
	// StateBytes is the memory of all services' state together, in bytes: one cache of what is on the disk, of which who works most has most,
	// and values in use. Each service gets its part in proportion to its own cache_bytes. Below 1 MiB a partition of a service it is that.
	// 8,388,608 or more. Zero means what the services' sections ask for, added up: 464 MiB as they come. Identity's map of identifiers and
	// its filters of event ids are not in it: their sections say how much they take.
	StateBytes int64
	// SyncWrites has the broker wait for the disk before it acknowledges, so that a power cut takes nothing
	// acknowledged. The death of the process takes nothing either way. It costs most of the throughput.
	SyncWrites bool
	// Profiles adds /debug/pprof to the metrics address.
	Profiles bool
	// Grace is how long a stop may take; what has not ended then is left behind and named. Above 0.
	Grace time.Duration
	// Telemetry says which traces are kept and where they go.
	Telemetry service.TelemetryConfig

	// Collector, Identity, Feature, Segmentation, Churn, Recommendation, Warehouse and Watch are the services' own settings. The watch tells segmentation's endpoints.
	Collector      collector.Config
	Identity       identity.Config
	Feature        feature.Config
	Segmentation   segmentation.Config
	Churn          assembly.Config
	Recommendation recommending.Config
	Warehouse      warehouse.Config
	Watch          watch.Config
}

// Default is a stack on the documented ports, without a source to send as.
func Default() Config {
	cfg := Config{
		Listen:         stack.Fixed(),
		Partitions:     min(max(2, runtime.NumCPU()), 8),
		Grace:          8 * time.Second,
		Telemetry:      service.Default().Telemetry,
		Collector:      collector.Default(),
		Identity:       identity.Default(),
		Feature:        feature.Default(),
		Segmentation:   segmentation.Default(),
		Churn:          assembly.Default(),
		Recommendation: recommending.Default(),
		Warehouse:      warehouse.Default(),
		Watch:          watch.Default(),
	}
	cfg.Collector.DrainTimeout = 3 * time.Second
	cfg.Warehouse.FinishWithin = 2 * time.Second
	cfg.Segmentation.Webhook.FinishWithin = 2 * time.Second
	return cfg
}

// leastState is the least StateBytes.
const leastState = 8 << 20

// newMemory is what the services' stores share.
func (c Config) newMemory() *localstore.Memory {
	asked := c.Identity.StateBytes() + c.Feature.CacheBytes + 5*stream.DefaultCacheBytes // the last are segmentation's, churn's and the three of recommendation
	bytes := c.StateBytes
	if bytes == 0 {
		bytes = asked
	}
	return localstore.NewMemory(bytes, asked)
}

// Validate reports every fault under its key.
func (c Config) Validate() error {
	faults := []error{service.CheckHosts("hosts", c.Hosts)}
	if c.Partitions < 1 || c.Partitions > 1000 {
		faults = append(faults, fmt.Errorf("partitions: %d is not within 1 and 1000", c.Partitions))
	}
	if err := c.Gaps.Validate(); err != nil {
		faults = append(faults, fmt.Errorf("gaps: %w", err))
	}
	if c.StateBytes != 0 && c.StateBytes < leastState {
		faults = append(faults, fmt.Errorf("state_bytes: %d is below %d", c.StateBytes, leastState))
	}
	if c.Grace <= 0 {
		faults = append(faults, fmt.Errorf("grace: %s must be above 0", c.Grace))
	}
	for name, section := range map[string]interface{ Validate() error }{
		"telemetry": c.Telemetry, "collector": c.Collector, "identity": c.Identity, "feature": c.Feature,
		"segmentation": c.Segmentation, "churn": c.Churn, "recommendation": c.Recommendation, "warehouse": c.Warehouse, "watch": c.Watch,
	} {
		if err := section.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}
