package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
)

// refreshGap is the least time between two look-ups of an upstream that failing
// calls ask for.
const refreshGap = 500 * time.Millisecond

// largestAnswer is what the gateway takes from an upstream, in bytes: the largest
// limit a service can be configured with.
const largestAnswer = 256 << 20

// upstream is one service and the replicas its addresses resolve to. Each replica
// has a connection of its own, so that one can be passed over.
type upstream struct {
	target
	lookup  func(ctx context.Context, host string) ([]string, error)
	options []grpc.DialOption

	looking sync.Mutex // held while looking up: not under mu, a slow name server must not hold up calls
	looked  time.Time  // when that was last done; guarded by looking

	mu       sync.Mutex
	replicas []*replica // in the order of their addresses
	retired  []*replica // gone from the names, closed at the next look-up
	turn     int        // whom to ask first next time
	fault    error      // what the last look-up said
}

type replica struct {
	address string // "ip:port"
	conn    *grpc.ClientConn
}

func newUpstream(t target, options ...grpc.DialOption) *upstream {
	return &upstream{target: t, lookup: net.DefaultResolver.LookupHost, options: append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestAnswer)),
		// The default waits up to two minutes before it tries again: too long for a replica that restarts.
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: 2 * time.Second,
			Backoff: backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second}}),
	}, options...)}
}

// order returns the replicas in the order to ask them, each time beginning with
// the next. It looks the names up when none is known.
func (u *upstream) order(ctx context.Context) ([]*replica, error) {
	replicas, err := u.known()
	if len(replicas) == 0 {
		u.refresh(ctx, refreshGap)
		replicas, err = u.known()
	}
	return replicas, err
}

func (u *upstream) known() ([]*replica, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.replicas) == 0 {
		return nil, cmp.Or(u.fault, errors.New("its names were not looked up yet"))
	}
	u.turn = (u.turn + 1) % len(u.replicas)
	return slices.Concat(u.replicas[u.turn:], u.replicas[:u.turn]), nil
}

// refresh looks the names up again unless that was done within gap.
func (u *upstream) refresh(ctx context.Context, gap time.Duration) {
	u.looking.Lock()
	defer u.looking.Unlock()
	if time.Since(u.looked) < gap {
		return
	}
	found, err := u.resolve(ctx)
	if err != nil && ctx.Err() != nil {
		return // the caller went away: that says nothing of the names
	}
	u.looked = time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.fault = err
	if len(found) > 0 { // a name server that is down does not take replicas away
		u.fault = errors.Join(err, u.replace(found))
	}
}

// resolve turns the configured addresses into those of replicas, sorted. Names
// that do not resolve are left out; the error names them.
func (u *upstream) resolve(ctx context.Context) ([]string, error) {
	var found []string
	var faults []error
	for _, address := range u.addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if host == "" {
			host = "localhost"
		}
		ips, err := u.lookup(ctx, host)
		if err != nil {
			faults = append(faults, fmt.Errorf("look up %s: %w", host, err))
		}
		for _, ip := range ips {
			found = append(found, net.JoinHostPort(ip, port))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), errors.Join(faults...)
}

// replace makes found the replicas. Connections to those that stay are kept; the
// others are closed at the next look-up, since calls may be on their way.
func (u *upstream) replace(found []string) error {
	faults := []error{u.closeRetired()}
	old := map[string]*replica{}
	for _, r := range u.replicas {
		old[r.address] = r
	}
	var now []*replica
	for _, address := range found {
		if r := old[address]; r != nil {
			now = append(now, r)
			delete(old, address)
			continue
		}
		conn, err := grpc.NewClient("passthrough:///"+address, u.options...)
		if err != nil {
			faults = append(faults, fmt.Errorf("connect to %s: %w", address, err))
			continue
		}
		now = append(now, &replica{address: address, conn: conn})
	}
	for _, r := range old {
		u.retired = append(u.retired, r)
	}
	u.replicas = now
	return errors.Join(faults...)
}

func (u *upstream) closeRetired() error {
	var faults []error
	for _, r := range u.retired {
		faults = append(faults, r.conn.Close())
	}
	u.retired = nil
	return errors.Join(faults...)
}

func (u *upstream) close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.retired = append(u.retired, u.replicas...)
	u.replicas = nil
	return u.closeRetired()
}

func (u *upstream) String() string {
	return u.name + " (" + strings.Join(u.addresses, ", ") + ")"
}
