package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

const (
	// mostPrevious is how many champions can be gone back to, mostChallengers how many versions are scored in the champion's shadow.
	mostPrevious, mostChallengers = 10, 3
)

var (
	// ErrUnknown says that there is no such version, or that it was deleted.
	ErrUnknown = errors.New("there is no such version")
	// ErrUnfit says that a version may not serve. See modelv1.Version.unfit.
	ErrUnfit = errors.New("the version may not serve")
	// ErrNoPrevious says that no champion was there before this one.
	ErrNoPrevious = errors.New("there is no champion to go back to")
)

// Promote makes a version the champion. It returns when this process knows: another's does within a second. Where it is the champion already nothing changes.
// The files are read before, so that what cannot be loaded is never live. why is written down; say who as well.
func (r *Registry) Promote(ctx context.Context, workspace, name, id, why string) (*modelv1.State, error) {
	w := where{workspace, name}
	state, err := r.change(ctx, w, func(now *modelv1.State) (*modelv1.State, *modelv1.Version, error) {
		if id != "" && now.GetChampion() == id {
			return now, nil, nil
		}
		v, err := r.mayServe(ctx, w, id)
		return promoted(now, id), v, err
	}, why)
	if err != nil {
		return nil, fmt.Errorf("promote version %s of %s: %w", id, w, err)
	}
	return state, nil
}

// Rollback makes the champion before this one the champion again; the present one is not kept to go back to. Whoever asks at the same time asks for the
// same: the champion is gone back from once. why is written down.
func (r *Registry) Rollback(ctx context.Context, workspace, name, why string) (*modelv1.State, error) {
	w := where{workspace, name}
	if err := r.caughtUp(ctx); err != nil {
		return nil, fmt.Errorf("roll %s back: %w", w, err)
	}
	bad := r.shelf.of(w).state.GetChampion()
	state, err := r.change(ctx, w, func(now *modelv1.State) (*modelv1.State, *modelv1.Version, error) {
		if now.GetChampion() != bad {
			return now, nil, nil
		}
		if len(now.GetPrevious()) == 0 {
			return nil, nil, fmt.Errorf("%w: promote a version by its id", ErrNoPrevious)
		}
		next := rolledBack(now)
		v, err := r.mayServe(ctx, w, next.GetChampion())
		return next, v, err
	}, why)
	if err != nil {
		return nil, fmt.Errorf("roll %s back: %w", w, err)
	}
	return state, nil
}

// Shadow makes a version a challenger: it is scored beside the champion and told to nobody. Of four, the oldest goes. why is written down.
func (r *Registry) Shadow(ctx context.Context, workspace, name, id, why string) (*modelv1.State, error) {
	w := where{workspace, name}
	state, err := r.change(ctx, w, func(now *modelv1.State) (*modelv1.State, *modelv1.Version, error) {
		if id != "" && (now.GetChampion() == id || slices.Contains(now.GetChallengers(), id)) {
			return now, nil, nil
		}
		v, err := r.whole(ctx, w, id)
		return shadowed(now, id), v, err
	}, why)
	if err != nil {
		return nil, fmt.Errorf("shadow version %s of %s: %w", id, w, err)
	}
	return state, nil
}

// mayServe is a version whose files are whole and that may serve.
func (r *Registry) mayServe(ctx context.Context, w where, id string) (*modelv1.Version, error) {
	v, err := r.whole(ctx, w, id)
	if err == nil && v.GetUnfit() != "" {
		err = fmt.Errorf("%w: %s", ErrUnfit, v.GetUnfit())
	}
	return v, err
}

// change writes the state that next makes of the present one, until what was written holds, or did before somebody went on from it. next is asked again when
// somebody else's state holds instead. Where it gives the present state there is nothing to do. It gives the version that it makes live as well.
func (r *Registry) change(ctx context.Context, w where, next func(*modelv1.State) (*modelv1.State, *modelv1.Version, error), why string) (*modelv1.State, error) {
	if err := errors.Join(w.check(), r.caughtUp(ctx)); err != nil {
		return nil, err
	}
	var held *modelv1.State
	err := insist(ctx, func() error {
		for mine := (*modelv1.State)(nil); ; {
			b := r.shelf.of(w)
			now := b.state
			if mine != nil && proto.Equal(now, mine) {
				now = b.rival(mine)
			}
			state, v, err := next(now)
			if err != nil {
				return err
			}
			if held = state; state == now {
				return nil
			}
			state.Workspace, state.Name, state.Why = w.workspace, w.name, why
			state.Seq, state.SinceMs = now.GetSeq()+1, r.deps.Now().UnixMilli()
			if done, err := r.hold(ctx, w, state, v); err != nil || done && r.shelf.of(w).rival(state) == nil {
				return err
			}
			mine = state
		}
	})
	if err != nil {
		return nil, err
	}
	return proto.CloneOf(held), nil
}

// hold writes a state, and says whether it held. The version that it makes live is announced once more where somebody forgot it at the same moment.
func (r *Registry) hold(ctx context.Context, w where, state *modelv1.State, v *modelv1.Version) (bool, error) {
	there := func(b book) bool { return b.held(state) || later(b.state, state) }
	if err := r.write(ctx, w, there, map[string]*modelv1.Record{"": {Of: &modelv1.Record_State{State: state}}}); err != nil {
		return false, err
	}
	b := r.shelf.of(w)
	if !b.held(state) || b.versions[v.GetId()] != nil {
		return b.held(state), nil
	}
	known := func(b book) bool { return b.versions[v.GetId()] != nil }
	return true, r.write(ctx, w, known, map[string]*modelv1.Record{v.GetId(): {Of: &modelv1.Record_Version{Version: v}}})
}

// promoted is the state after one in which a version becomes the champion.
func promoted(now *modelv1.State, id string) *modelv1.State {
	next := &modelv1.State{Champion: id, Challengers: without(now.GetChallengers(), id)}
	next.Previous = without(now.GetPrevious(), id)
	if was := now.GetChampion(); was != "" {
		next.Previous = append([]string{was}, next.Previous...)
	}
	next.Previous = next.Previous[:min(len(next.Previous), mostPrevious)]
	return next
}

// rolledBack is the state after one in which the latest of the previous champions is it again.
func rolledBack(now *modelv1.State) *modelv1.State {
	id := now.GetPrevious()[0]
	return &modelv1.State{Champion: id, Previous: slices.Clone(now.GetPrevious()[1:]), Challengers: without(now.GetChallengers(), id)}
}

// shadowed is the state after one with one challenger more.
func shadowed(now *modelv1.State, id string) *modelv1.State {
	all := append([]string{id}, without(now.GetChallengers(), id)...)
	return &modelv1.State{Champion: now.GetChampion(), Previous: slices.Clone(now.GetPrevious()), Challengers: all[:min(len(all), mostChallengers)]}
}

func without(ids []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(other string) bool { return other == id })
}
