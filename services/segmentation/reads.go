package segmentation

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/segmentation/tier"
)

// scanners is how many partitions are read at once for one answer.
const scanners = 8

// everywhere scans the same keys of every partition, whichever replica has it, several at once; fn is called by one goroutine at a time. limit bounds each partition.
func (s *Service) everywhere(ctx context.Context, prefix, from []byte, limit int, fn func(k, value []byte) error) error {
	n, err := s.processor.Partitions(ctx)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(scanners)
	for i := range n {
		work.Go(func() error {
			return s.states.Scan(ctx, i, prefix, from, limit, func(k, value []byte) (bool, error) {
				mu.Lock()
				defer mu.Unlock()
				return true, fn(k, value)
			})
		})
	}
	return work.Wait()
}

// sizes sums the sizes of all partitions, by workspace.
func (s *Service) sizes(ctx context.Context) (map[string]sizes, error) {
	all := map[string]sizes{}
	err := s.everywhere(ctx, []byte(prefixCount), nil, 0, func(k, value []byte) error {
		workspace, segment, err := parseCountKey(k)
		if err != nil {
			return err
		}
		n, err := decodeCount(value)
		if err != nil {
			return err
		}
		s, ok := all[workspace]
		if !ok {
			s.segments = map[string]int64{}
		}
		if segment == "" {
			s.customers += n
		} else {
			s.segments[segment] += n
		}
		all[workspace] = s
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the sizes: %w", err)
	}
	return all, nil
}

// sizesIfFirst are the sizes; ok is false when another process has partition 0, or while a partition is on its way between replicas.
func (s *Service) sizesIfFirst(ctx context.Context) (all map[string]sizes, ok bool, err error) {
	if !slices.Contains(s.processor.Owned(), 0) {
		return nil, false, nil
	}
	all, err = s.sizes(ctx)
	if _, again := service.AgainAfter(err); again {
		return nil, false, nil
	}
	return all, err == nil, err
}

// member is one customer in a segment.
type member struct {
	id      string
	version int64
	sinceMs int64
}

// members are the first of a segment's members, in the order of their ids, whose id comes
// after the given one, over all partitions.
func (s *Service) members(ctx context.Context, workspace, segment, after string, limit int) ([]member, error) {
	var all []member
	prefix := membersPrefix(workspace, segment)
	from := prefix
	if after != "" {
		from = append(slices.Clone(prefix), after+"\x00"...)
	}
	err := s.everywhere(ctx, prefix, from, limit, func(k, value []byte) error {
		m, err := decodeMember(value)
		m.id = string(bytes.TrimPrefix(k, prefix))
		all = append(all, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the members of %q: %w", segment, err)
	}
	slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.id, b.id) })
	return all[:min(len(all), limit)], nil
}

// maxHops bounds how many merges are followed from a tombstone.
const maxHops = 16

// find reads a customer's record, following merges; nil when there is none.
func (s *Service) find(ctx context.Context, id string) (string, *record, error) {
	n, err := s.processor.Partitions(ctx)
	if err != nil {
		return "", nil, err
	}
	for range maxHops {
		found, err := s.states.Get(ctx, fleet.Read{Partition: broker.PartitionFor([]byte(id), n), Key: customerKey(id)})
		if err != nil {
			return "", nil, fmt.Errorf("read customer %s: %w", id, err)
		}
		if !found[0].Found {
			return id, nil, nil
		}
		r, err := decodeRecord(found[0].Data)
		if err != nil || r.mergedInto == "" {
			return id, r, err
		}
		id = r.mergedInto
	}
	return "", nil, fmt.Errorf("customer %s: more than %d merges in a row", id, maxHops)
}

// present are the memberships that hold, the tier first, then the rules in the order of the file.
func (s *Service) present(r *record) []membership {
	var in []membership
	for _, name := range tier.Names {
		if m := r.membership(name); m != nil && m.in {
			in = append(in, *m)
		}
	}
	for _, rule := range s.book.set.Rules {
		if m := r.membership(rule.Name); m != nil && m.in {
			in = append(in, *m)
		}
	}
	return in
}
