package broker

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Each runs fn for each of a member's partitions, at once, until all have returned. The first error ends the others'
// context and is returned when they have finished: return one only for what concerns all, such as ErrStaleMember. With no
// partitions it waits for ctx, since a member without any still belongs to its group.
func Each[P any](ctx context.Context, partitions []P, fn func(context.Context, P) error) error {
	if len(partitions) == 0 {
		<-ctx.Done()
		return nil
	}
	work, ctx := errgroup.WithContext(ctx)
	for _, p := range partitions {
		work.Go(func() error { return fn(ctx, p) })
	}
	return work.Wait()
}
