package fleet

import (
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/freshet/freshet/pkg/service"
	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
)

// largestAnswer is what is taken from another replica, in bytes: above roomBytes by one record, however large Kafka lets it be.
const largestAnswer = 64 << 20

// peers are the connections to other replicas, one each.
type peers struct {
	options []grpc.DialOption

	mu      sync.Mutex
	conns   map[string]*grpc.ClientConn
	retired map[string]bool // not named any more; closed when they are not named the next time either, since calls may be on their way
	over    bool
}

func newPeers(tracers trace.TracerProvider) *peers {
	p := &peers{conns: map[string]*grpc.ClientConn{}, retired: map[string]bool{}, options: []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestAnswer)),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: 2 * time.Second,
			Backoff: backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}}),
	}}
	if tracers != nil {
		p.options = append(p.options, grpc.WithStatsHandler(otelgrpc.NewClientHandler(
			otelgrpc.WithTracerProvider(tracers), otelgrpc.WithPropagators(service.Propagator()))))
	}
	return p
}

// at is a client of the replica at an address.
func (p *peers) at(address string) (fleetv1.FleetServiceClient, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	conn, ok := p.conns[address]
	if !ok {
		var err error
		if p.over {
			return nil, fmt.Errorf("connect to the replica at %s: this process is stopping", address)
		}
		if conn, err = grpc.NewClient("passthrough:///"+address, p.options...); err != nil {
			return nil, fmt.Errorf("connect to the replica at %s: %w", address, err)
		}
		p.conns[address] = conn
	}
	delete(p.retired, address)
	return fleetv1.NewFleetServiceClient(conn), nil
}

// keep closes connections to addresses that are not among these, nor were the last time.
func (p *peers) keep(addresses map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for address, conn := range p.conns {
		switch {
		case addresses[address]:
			delete(p.retired, address)
		case p.retired[address]:
			_ = conn.Close() // it was open
			delete(p.conns, address)
			delete(p.retired, address)
		default:
			p.retired[address] = true
		}
	}
}

// close ends all connections, for good.
func (p *peers) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	for address, conn := range p.conns {
		_ = conn.Close() // it was open
		delete(p.conns, address)
	}
}
