package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/topics"
)

const (
	// keepVersions is how many of a model's newest versions are kept, besides those that are live or can be gone back to.
	keepVersions = 20
	// sweepEvery is how often is swept, sweepWithin how long that may take.
	sweepEvery, sweepWithin = time.Hour, 10 * time.Minute
	// keepOrphans is how old files are at least that are deleted because no version names them: a training that is at work writes younger ones.
	keepOrphans = 24 * time.Hour
	// suspectFor is how long a folder must have been seen without a version: who has just promoted a version that was forgotten at the same moment announces
	// it anew meanwhile.
	suspectFor = 30 * time.Minute
)

// sweep sweeps until ctx ends (nil). What fails is logged and tried an hour later.
func (r *Registry) sweep(ctx context.Context) error {
	for retry.Sleep(ctx, sweepEvery) == nil {
		within, cancel := context.WithTimeout(ctx, sweepWithin)
		if err := r.Sweep(within); err != nil && ctx.Err() == nil {
			r.deps.Logger.WarnContext(ctx, "what nobody needs of models could not be deleted, tried again later", "error", err)
		}
		cancel()
	}
	return nil
}

// Sweep forgets versions that are not among the newest twenty of their model, nor live, nor a previous champion; and deletes the files of versions that are
// not known, when they are a day old, were meant for this topic (see originFile), and have been unknown for half an hour: so it takes two sweeps. Run does it
// every hour. Several processes may sweep at once.
func (r *Registry) Sweep(ctx context.Context) error {
	if err := r.caughtUp(ctx); err != nil {
		return fmt.Errorf("sweep the models: %w", err)
	}
	select {
	case r.sweeping <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("sweep the models: %w", ctx.Err())
	}
	defer func() { <-r.sweeping }()
	var faults []error
	for _, w := range r.shelf.all() {
		faults = append(faults, r.prune(ctx, w))
	}
	return errors.Join(append(faults, r.orphans(ctx))...)
}

// prune forgets the versions of a model that are too many. Their files go in a later sweep.
func (r *Registry) prune(ctx context.Context, w where) error {
	b := r.shelf.of(w)
	old := tooMany(b)
	if len(old) == 0 {
		return nil
	}
	var msgs []broker.Message
	for _, id := range old {
		msgs = append(msgs, broker.Message{Topic: topics.Models.Name, Key: w.key(id)})
	}
	if err := r.producer.Produce(ctx, msgs...); err != nil {
		return fmt.Errorf("forget %d old versions of %s: %w", len(old), w, err)
	}
	r.deps.Logger.InfoContext(ctx, "old versions of a model are forgotten", "model", w.name, "versions", len(old))
	return nil
}

// tooMany are the versions of a model that need not be kept.
func tooMany(b book) []string {
	var ids []string
	for _, v := range b.versions {
		ids = append(ids, v.GetId())
	}
	slices.SortFunc(ids, func(x, y string) int { return newer(b.versions[x], b.versions[y]) })
	return slices.DeleteFunc(ids[min(len(ids), keepVersions):], b.live)
}

// live says that a version serves, is scored in the shadow, or can be gone back to.
func (b book) live(id string) bool {
	return id == b.state.GetChampion() || slices.Contains(b.state.GetPrevious(), id) || slices.Contains(b.state.GetChallengers(), id)
}

// orphans deletes the folders that no version names.
func (r *Registry) orphans(ctx context.Context) error {
	newest := map[string]time.Time{} // by folder
	err := r.bucket.files(ctx, "", func(o *blob.ListObject) {
		if folder, ok := folderOf(o.Key); ok && newest[folder].Before(o.ModTime) {
			newest[folder] = o.ModTime
		}
	})
	if err != nil {
		return err
	}
	log, err := r.deps.Broker.Log(ctx, topics.Models.Name)
	if err != nil || log == (broker.LogID{}) {
		return err // a broker that does not tell topics apart: nothing is deleted
	}
	now, suspects := r.deps.Now(), map[string]time.Time{}
	var faults []error
	for folder, at := range newest {
		if now.Sub(at) < keepOrphans || r.named(folder) {
			continue
		}
		since, before := r.suspects[folder]
		if !before {
			since = now
		}
		if suspects[folder] = since; now.Sub(since) < suspectFor {
			continue
		}
		faults = append(faults, r.deleteOrphan(ctx, folder, log))
	}
	r.suspects = suspects
	return errors.Join(faults...)
}

// deleteOrphan deletes a folder that was meant for this topic. The mark goes last, so that what is left of a delete that was cut short is deleted later.
func (r *Registry) deleteOrphan(ctx context.Context, folder string, log broker.LogID) error {
	origin, err := r.bucket.ReadAll(ctx, folder+originFile)
	if err != nil || string(origin) != log.String() {
		return nil //nolint:nilerr // without a mark it is not ours
	}
	r.deps.Logger.InfoContext(ctx, "files of a model that no version names are deleted", "folder", folder)
	return r.bucket.drop(ctx, folder, originFile)
}

// named says that a version that is known, or a state, names a folder.
func (r *Registry) named(folder string) bool {
	w, id, ok := splitKey([]byte(strings.TrimSuffix(folder, "/")))
	if !ok {
		return true // not one of ours
	}
	b := r.shelf.of(w)
	return b.versions[id] != nil || b.live(id)
}

// folderOf is the version's folder that a file is in.
func folderOf(key string) (string, bool) {
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return "", false
	}
	_, id, ok := splitKey([]byte(key[:i]))
	return key[:i+1], ok && idForm.MatchString(id)
}
