package watch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// stageModels is no stage: it is told like one, when the latest training of a model failed, or none made a version for too long.
const (
	stageModels       = "models"
	failed      cause = "failed"
	old         cause = "old"
)

// givenUp is for how long a model that nobody trains is told of. Behind that it counts as one that was taken out of the configuration.
const givenUp = 30 * 24 * time.Hour

// trained is what is known of one model.
type trained struct {
	name, workspace string
	champion        string
	made            time.Time    // the newest version
	failed          *modelv1.Run // the latest that failed, until one did not
}

// models follows models.v1: it reads what trainings tell, and writes nothing.
type models struct {
	broker *broker.Client
	logger *slog.Logger

	mu      sync.Mutex
	known   map[[2]string]*trained // by workspace and name
	reached bool
}

func newModels(b *broker.Client, logger *slog.Logger) *models {
	return &models{broker: b, logger: logger, known: map[[2]string]*trained{}}
}

// run follows until ctx ends. Faults that pass are waited out; one that does not is logged, and models are watched no more: the stages are all the same.
func (m *models) run(ctx context.Context) {
	log := m.broker.Follow(ctx, broker.FollowConfig{Name: "watch.models", Gaps: broker.GapRestart}, broker.Start{
		At: broker.TopicPartition{Topic: topics.Models.Name}, Place: broker.Place{Offset: broker.First},
	})
	for {
		batch, err := log.Next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				m.logger.ErrorContext(ctx, "models are watched no more", "topic", topics.Models.Name, "error", err)
			}
			return
		}
		m.take(batch)
	}
}

// take reads a batch. What cannot be read is the service's to tell.
func (m *models) take(batch broker.Batch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if batch.Break != nil {
		clear(m.known)
	}
	for _, rec := range batch.Records {
		r := &modelv1.Record{}
		if proto.Unmarshal(rec.Value, r) != nil {
			continue
		}
		switch of := r.GetOf().(type) {
		case *modelv1.Record_State:
			m.of(of.State.GetWorkspace(), of.State.GetName()).champion = of.State.GetChampion()
		case *modelv1.Record_Version:
			t := m.of(of.Version.GetWorkspace(), of.Version.GetName())
			if made := time.UnixMilli(of.Version.GetMadeMs()); made.After(t.made) {
				t.made = made
			}
		case *modelv1.Record_Run:
			if strings.HasSuffix(string(rec.Key), "/run") { // the latest; the latest that succeeded stands elsewhere
				m.of(of.Run.GetWorkspace(), of.Run.GetName()).told(of.Run)
			}
		}
	}
	m.reached = m.reached || batch.Next >= batch.End
}

func (m *models) of(workspace, name string) *trained {
	t := m.known[[2]string{workspace, name}]
	if t == nil {
		t = &trained{workspace: workspace, name: name}
		m.known[[2]string{workspace, name}] = t
	}
	return t
}

// told takes what a training says. One that is at work again has not succeeded yet.
func (t *trained) told(run *modelv1.Run) {
	switch run.GetState() {
	case modelv1.RunState_RUN_STATE_FAILED:
		t.failed = run
	case modelv1.RunState_RUN_STATE_DONE, modelv1.RunState_RUN_STATE_SKIPPED:
		t.failed = nil
	}
}

// look gives how models are: the first by name whose training failed, and the one that was trained least lately. Nothing before all was read.
func (m *models) look(now time.Time, untrained time.Duration) []state {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.reached {
		return nil
	}
	fails := state{key: key{stageModels, unknown, failed}, sure: true}
	ages := state{key: key{stageModels, unknown, old}, sure: true, line: untrained}
	all := slices.SortedFunc(maps.Values(m.known), func(a, b *trained) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.workspace, b.workspace))
	})
	for _, t := range all {
		if since := now.Sub(time.UnixMilli(t.failed.GetAtMs())); t.failed != nil && since < givenUp && !fails.bad {
			fails.bad, fails.age, fails.at = true, since, t.name
			fails.words = fmt.Sprintf("the training of %s in workspace %s failed: %.300s", t.name, t.workspace, t.failed.GetWords())
		}
		age := now.Sub(t.made)
		if t.champion == "" || age >= givenUp || age <= ages.age {
			continue
		}
		ages.age, ages.bad, ages.at = age, age > untrained, t.name
		ages.words = fmt.Sprintf("%s in workspace %s", t.name, t.workspace)
	}
	return []state{fails, ages}
}

// models gives what is to be told of models.
func (b *book) models(now time.Time, states []state) (told []Notice, all []state) {
	for _, s := range states {
		if n, ok := b.step(now, s); ok {
			told = append(told, n)
		}
	}
	return told, states
}
