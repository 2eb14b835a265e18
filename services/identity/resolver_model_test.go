package identity

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
)

// modelDisks is how many folders resolvers keep their copies in.
const modelDisks = 3

// resolverModel is a log on a real broker, which may lose its tail or be made anew, writers that sleep, and resolvers that come and go.
type resolverModel struct {
	*diskLog
	rt       *rapid.T
	dirs     [modelDisks]string
	running  [modelDisks]*replica
	clients  [modelDisks]*broker.Client
	foreign  string           // the folder of a resolver of another cluster
	written  []broker.Message // all that was ever put into a log of this life or another
	batches  int              // in the log
	readings int64            // how often a copy was thrown away
}

func (m *resolverModel) open(i int) {
	if m.running[i] == nil {
		m.running[i] = m.run(m.clients[i], m.dirs[i])
	}
}

func (m *resolverModel) close(i int) {
	if r := m.running[i]; r != nil {
		m.readings += max(0, r.anew())
		r.stop()
		m.running[i] = nil
	}
}

// put makes a folder the copy of another one.
func (m *resolverModel) put(from string, to int) {
	m.close(to)
	err := os.RemoveAll(m.dirs[to])
	if err == nil {
		err = os.CopyFS(m.dirs[to], os.DirFS(from))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.rt.Fatal(err)
	}
}

// land appends a batch.
func (m *resolverModel) land(msg broker.Message) {
	m.append(msg)
	m.written = append(m.written, msg)
	m.batches++
}

// agree waits until every resolver that runs has what the log gives to somebody who reads it from its beginning.
func (m *resolverModel) agree() {
	want := m.oracle()
	for _, r := range m.running {
		if r != nil {
			r.wants(want)
		}
	}
}

var (
	modelNames = []string{"user_id:1", "user_id:2", "email:m", "email:n", "anonymous_id:a", "anonymous_id:b", "anonymous_id:c", "device_id:d"}
	modelLine  = rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(modelNames), 1, 3, rapid.ID[string]).Draw(t, "names"), " ")
	})
)

// TestACopyIsWhatTheLogGives: whatever the log, its writers and the folders go through, all resolvers end with the map of a fresh one that reads the
// log from its beginning.
func TestACopyIsWhatTheLogGives(t *testing.T) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		t.Fatal(err)
	}
	l, other := newDiskLog(t), newDiskLog(t)
	other.write(firstLinks...)
	other.write(modelNames...)
	foreign := t.TempDir()
	r := other.run(other.client, foreign)
	r.wants(other.oracle())
	r.stop()
	var clients [modelDisks]*broker.Client
	for i := range clients {
		clients[i] = l.dial(broker.GapHold)
	}
	var readings int64
	rapid.Check(t, func(rt *rapid.T) {
		m := &resolverModel{diskLog: l, rt: rt, clients: clients, foreign: foreign}
		for i := range m.dirs {
			m.dirs[i] = t.TempDir()
		}
		defer func() {
			for i := range m.dirs {
				m.close(i)
			}
			readings += m.readings
		}()
		l.anew()
		disk := func() int { return rapid.IntRange(0, modelDisks-1).Draw(rt, "disk") }
		rt.Repeat(map[string]func(*rapid.T){
			"write":  func(rt *rapid.T) { m.land(encoded(t, l.link(modelLine.Draw(rt, "line")))) },
			"write2": func(rt *rapid.T) { m.land(encoded(t, l.link(modelLine.Draw(rt, "line")))) },
			"an append lands late": func(rt *rapid.T) {
				if len(m.written) == 0 {
					rt.Skip("nothing was written")
				}
				m.land(rapid.SampledFrom(m.written).Draw(rt, "message"))
			},
			"cut": func(rt *rapid.T) {
				if m.batches == 0 {
					rt.Skip("nothing to lose")
				}
				m.batches = rapid.IntRange(max(0, m.batches-4), m.batches-1).Draw(rt, "left")
				l.cut(m.batches)
			},
			"anew":    func(*rapid.T) { l.anew(); m.batches = 0 },
			"open":    func(*rapid.T) { m.open(disk()) },
			"close":   func(*rapid.T) { m.close(disk()) },
			"wipe":    func(*rapid.T) { i := disk(); m.close(i); _ = os.RemoveAll(m.dirs[i]) },
			"backup":  func(*rapid.T) { i, j := disk(), disk(); m.close(i); m.close(j); m.move(i, j) },
			"foreign": func(*rapid.T) { m.put(foreign, disk()) },
			"agree":   func(*rapid.T) { m.agree() },
		})
		for i := range m.dirs {
			m.open(i)
		}
		m.agree()
	})
	if readings == 0 {
		t.Error("no copy was ever thrown away: the test tests nothing")
	}
}

// move puts what one disk had onto another.
func (m *resolverModel) move(from, to int) {
	if from != to {
		m.put(m.dirs[from], to)
	}
}
