package segmentation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/services/segmentation/tier"
)

// views are the committed states of every partition, or ErrNotOwner when another process
// has one of them: an answer over some of the customers would be a wrong one.
func (s *Service) views(ctx context.Context) ([]stream.View, error) {
	n, err := s.processor.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	var all []stream.View
	for i := range n {
		v, err := s.processor.View(i)
		if err != nil {
			return nil, fmt.Errorf("partition %d of %d: %w", i, n, err)
		}
		all = append(all, v)
	}
	return all, nil
}

// sizesOf sums the sizes of the given partitions, by workspace.
func sizesOf(views []stream.View) (map[string]sizes, error) {
	all := map[string]sizes{}
	for _, v := range views {
		err := v.Scan([]byte(prefixCount), nil, func(k, value []byte) (bool, error) {
			workspace, segment, err := parseCountKey(k)
			if err != nil {
				return false, err
			}
			n, err := decodeCount(value)
			if err != nil {
				return false, err
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
			return true, nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the sizes: %w", err)
		}
	}
	return all, nil
}

// ownSizes are the sizes in the partitions of this process; ok is false when it does not
// have partition 0.
func (s *Service) ownSizes() (all map[string]sizes, ok bool, err error) {
	var views []stream.View
	for _, i := range s.processor.Owned() {
		v, err := s.processor.View(i)
		if errors.Is(err, stream.ErrNotOwner) {
			continue // Went away just now.
		}
		if err != nil {
			return nil, false, err
		}
		ok = ok || i == 0
		views = append(views, v)
	}
	if !ok {
		return nil, false, nil
	}
	all, err = sizesOf(views)
	if errors.Is(err, stream.ErrNotOwner) {
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
// after the given one, over all views.
func members(views []stream.View, workspace, segment, after string, limit int) ([]member, error) {
	var all []member
	prefix := membersPrefix(workspace, segment)
	from := prefix
	if after != "" {
		from = append(slices.Clone(prefix), after+"\x00"...)
	}
	for _, v := range views {
		n := 0
		err := v.Scan(prefix, from, func(k, value []byte) (bool, error) {
			m, err := decodeMember(value)
			if err != nil {
				return false, err
			}
			m.id = string(bytes.TrimPrefix(k, prefix))
			all = append(all, m)
			n++
			return n < limit, nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the members of %q: %w", segment, err)
		}
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
		v, err := s.processor.View(broker.PartitionFor([]byte(id), n))
		if err != nil {
			return "", nil, fmt.Errorf("customer %s: %w", id, err)
		}
		data, ok, err := v.Get(customerKey(id))
		if err != nil {
			return "", nil, fmt.Errorf("read customer %s: %w", id, err)
		}
		if !ok {
			return id, nil, nil
		}
		r, err := decodeRecord(data)
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
