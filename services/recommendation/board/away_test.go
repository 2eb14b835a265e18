package board

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/freshet/freshet/pkg/model"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// away is a registry whose bucket may be gone, and which is not ready while hide is held.
type away struct {
	*model.Registry
	gone atomic.Bool
	hide sync.Mutex
}

func (a *away) Ready() error {
	if !a.hide.TryLock() {
		return errors.New("not read yet")
	}
	a.hide.Unlock()
	return a.Registry.Ready()
}

func (a *away) File(ctx context.Context, v *modelv1.Version, name string) ([]byte, error) {
	if a.gone.Load() {
		return nil, errors.New("the bucket is away")
	}
	return a.Registry.File(ctx, v, name)
}
