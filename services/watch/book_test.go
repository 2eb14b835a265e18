package watch

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func testConfig() Config {
	cfg := Default()
	cfg.Lines = Lines{Behaviour: 10 * time.Minute, Core: 2 * time.Hour}
	cfg.Hold, cfg.Calm, cfg.RepeatEvery, cfg.UnseenFor = time.Minute, 2*time.Minute, time.Hour, 3*time.Minute
	return cfg
}

// ago is an event received and arrived some time before now.
func ago(now time.Time, g grade, received, arrived time.Duration) waiting {
	return waiting{grade: g, received: now.Add(-received), arrived: now.Add(-arrived)}
}

func TestWhatIsLate(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m := time.Minute
	for name, c := range map[string]struct {
		stage   string
		waiting []waiting
		want    bool
		grade   grade
	}{
		"nothing waits":                        {stageFeature, nil, false, behaviour},
		"below the line":                       {stageFeature, []waiting{ago(now, behaviour, 10*m, 10*m)}, false, behaviour},
		"above the line":                       {stageFeature, []waiting{ago(now, behaviour, 10*m+1, 10*m)}, true, behaviour},
		"core has its own line":                {stageFeature, []waiting{ago(now, core, 119*m, 119*m)}, false, core},
		"core above it":                        {stageFeature, []waiting{ago(now, core, 121*m, 121*m)}, true, core},
		"late, but it came a moment ago":       {stageFeature, []waiting{ago(now, behaviour, 60*m, 59*time.Second)}, false, behaviour},
		"late, and it came a minute ago":       {stageFeature, []waiting{ago(now, behaviour, 60*m, m)}, true, behaviour},
		"a late one behind one that just came": {stageFeature, []waiting{ago(now, behaviour, 60*m, 0), ago(now, behaviour, 11*m, 11*m)}, true, behaviour},
		"another grade is late":                {stageFeature, []waiting{ago(now, core, 300*m, 300*m)}, false, behaviour},
		"no grade: the shorter line":           {stageFeature, []waiting{ago(now, unknown, 11*m, 11*m)}, true, unknown},
		"the stage has a line of its own":      {stageWarehouse, []waiting{ago(now, behaviour, 11*m, 11*m)}, false, behaviour},
		"above the stage's own line":           {stageWarehouse, []waiting{ago(now, behaviour, 31*m, 31*m)}, true, behaviour},
		"a stage's own line leaves the other":  {stageWarehouse, []waiting{ago(now, core, 121*m, 121*m)}, true, core},
		"received by a clock that runs ahead":  {stageFeature, []waiting{ago(now, behaviour, -5*m, -5*m)}, false, behaviour},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig()
			cfg.Stages = map[string]Lines{stageWarehouse: {Behaviour: 30 * m}}
			told, _ := newBook(cfg).see(now, c.stage, []grade{c.grade}, reading{waiting: c.waiting, lag: 7})
			if (len(told) == 1) != c.want {
				t.Fatalf("told %+v, want %v", told, c.want)
			}
			if c.want {
				if d := told[0].Data; d.Stage != c.stage || d.Grade != string(c.grade) || d.Cause != "late" || d.LagRecords != 7 || d.AgeSeconds <= d.LineSeconds || d.Advice == "" {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}

// TestABreachIsToldOnce follows one breach through its life.
func TestABreachIsToldOnce(t *testing.T) {
	b, now := newBook(testConfig()), time.Unix(1_800_000_000, 0)
	bad := func() reading { return reading{waiting: []waiting{ago(now, behaviour, time.Hour, time.Hour)}} }
	blind := func() reading { return reading{err: errors.New("no answer")} }
	fine := func() reading { return reading{} }
	var breach string
	for i, step := range []struct {
		after   time.Duration
		reading func() reading
		want    string
	}{
		{0, bad, "breached 0"},
		{30 * time.Second, bad, ""},
		{30 * time.Second, fine, ""},          // calm begins
		{90 * time.Second, fine, ""},          // not calm for long enough
		{10 * time.Second, bad, ""},           // it flaps: nothing is told
		{time.Minute, fine, ""},               // calm begins anew
		{3 * time.Minute, blind, ""},          // not to be seen is not fine
		{time.Hour, bad, "breached 1"},        // told again; that it was unseen is over
		{time.Second, fine, ""},               //
		{2 * time.Minute, fine, "restored 1"}, //
		{time.Hour, fine, ""},                 //
		{time.Second, bad, "breached 0"},      // another one
	} {
		now = now.Add(step.after)
		told, _ := b.see(now, stageFeature, []grade{behaviour}, step.reading())
		got := ""
		for _, n := range told {
			got += strings.TrimPrefix(n.Type, "freshness.") + " " + string(rune('0'+n.Data.Repeat))
			if breach != "" && (n.Data.BreachID == breach) != (i < 11) {
				t.Errorf("step %d: breach %s, before %s", i, n.Data.BreachID, breach)
			}
			breach = n.Data.BreachID
		}
		if got != step.want {
			t.Fatalf("step %d: told %q, want %q", i, got, step.want)
		}
	}
}

func TestWhatCannotBeSeenIsToldAfterAWhile(t *testing.T) {
	b, now := newBook(testConfig()), time.Unix(1_800_000_000, 0)
	see := func(err error) string {
		told, _ := b.see(now, stageBroker, nil, reading{err: err})
		if len(told) == 0 {
			return ""
		}
		return told[0].Type + " " + told[0].Data.Cause
	}
	gone := errors.New("connection refused")
	for i, step := range []struct {
		after time.Duration
		err   error
		want  string
	}{
		{0, gone, ""}, {2 * time.Minute, gone, ""}, {time.Second, nil, ""}, {time.Second, gone, ""}, {179 * time.Second, gone, ""},
		{time.Second, gone, "freshness.breached unseen"}, {time.Minute, gone, ""}, {time.Minute, nil, ""}, {2 * time.Minute, nil, "freshness.restored unseen"},
	} {
		now = now.Add(step.after)
		if got := see(step.err); got != step.want {
			t.Fatalf("step %d: %q, want %q", i, got, step.want)
		}
	}
}

// TestABookAgainstTheRules throws random looks at a book: breached and restored alternate for each key, nothing late is left untold, and
// nothing ends before it has been calm for long enough.
func TestABookAgainstTheRules(t *testing.T) {
	grades := []grade{behaviour, core, unknown}
	rapid.Check(t, func(t *rapid.T) {
		cfg := testConfig()
		b, now := newBook(cfg), time.Unix(1_800_000_000, 0)
		open, lastBad := map[key]string{}, map[key]time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "seconds")) * time.Second)
			var r reading
			for range rapid.IntRange(0, 3).Draw(t, "events") {
				age := time.Duration(rapid.IntRange(0, 150).Draw(t, "age")) * time.Minute
				r.waiting = append(r.waiting, ago(now, rapid.SampledFrom(grades).Draw(t, "grade"), age, min(age, time.Duration(rapid.IntRange(0, 3).Draw(t, "stood"))*time.Minute)))
			}
			if rapid.IntRange(0, 3).Draw(t, "blind") == 0 {
				r.err = errors.New("blind")
			}
			told, states := b.see(now, stageIdentity, grades, r)
			for _, n := range told {
				k := key{n.Data.Stage, grade(n.Data.Grade), cause(n.Data.Cause)}
				switch {
				case n.Type == breached && n.Data.Repeat == 0 && open[k] == "":
					open[k] = n.Data.BreachID
				case n.Type == breached && n.Data.Repeat > 0 && open[k] == n.Data.BreachID:
				case n.Type == restored && open[k] == n.Data.BreachID:
					if now.Sub(lastBad[k]) < cfg.Calm {
						t.Fatalf("%v ended %s after it was late", k, now.Sub(lastBad[k]))
					}
					delete(open, k)
				default:
					t.Fatalf("%s of %v (repeat %d) while %q is open", n.Type, k, n.Data.Repeat, open[k])
				}
			}
			for _, s := range states {
				if s.bad {
					lastBad[s.key] = now
				}
				if s.bad && open[s.key] == "" || (open[s.key] != "") != (b.open[s.key] != nil) {
					t.Fatalf("%v is late and not told, or the book does not know what was told", s.key)
				}
			}
		}
	})
}
