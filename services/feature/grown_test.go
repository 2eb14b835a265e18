package feature

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/tally"
)

// A service that is started again with a larger catalogue goes on with the state: what was counted stays counted, what is new is filled with what came before, and
// what was taken out is gone.
func TestACatalogueThatGrewGoesOnWithTheState(t *testing.T) {
	s := newStack(t)
	file := filepath.Join(t.TempDir(), "features.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.features = file
	write("remove: [searches, searcher]\n")
	client, stop := s.start()
	r := rand.New(rand.NewPCG(1, 2))
	s.send("ada", r, "user_id:ada")
	ask := func(name string, want int64) {
		t.Helper()
		testkit.Eventually(t, soon, func() error {
			got, err := client.GetFeatures(t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:ada"})
			if err != nil {
				return err
			}
			if n := got.GetValues()[name].GetCount(); n != want {
				return errors.New(name + " is another number")
			}
			return nil
		})
	}
	ask("events_lifetime", 1)
	stop()
	write("features: [{name: mine, description: All events., level: behaviour, aggregate: count, where: 'event != \"x\"', windows: [lifetime]}]\n")
	client, stop = s.start()
	s.send("ada", r, "user_id:ada")
	ask("events_lifetime", 2)
	ask("mine_lifetime", 2)
	stop()
}

// A record of a catalogue that is not known yet is not put aside: neither in the state nor in a handover.
func TestARecordOfAnUnknownCatalogueStopsTheTask(t *testing.T) {
	other := mediumBook.living()
	other.marks.raise(customerID{7}, numbering{}, 1)
	b := newBench(t)
	in := input{topic: topics.FeatureHandover, key: id(1), value: &featurev1.Handover{Workspace: "default",
		What: &featurev1.Handover_State{State: &featurev1.MergedState{FromCustomerId: id(2), Record: other.encode()}}}}
	value, err := proto.Marshal(in.value)
	if err != nil {
		t.Fatal(err)
	}
	tx := &memoryTx{w: b.world, task: b.world.tasks[0], kv: map[string][]byte{}, timers: map[string]int64{}}
	err = b.h.process(tx, broker.Record{Topic: in.topic.Name, Key: []byte(in.key), Value: value})
	if !errors.Is(err, tally.ErrUnknownPlan) || stream.IsPermanent(err) {
		t.Errorf("%v", err)
	}
}
