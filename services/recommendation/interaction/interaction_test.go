package interaction

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"pgregory.net/rapid"
)

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, text string, o Options) *Log {
	t.Helper()
	l := NewLog()
	if err := l.Read(write(t, "x", text), o); err != nil {
		t.Fatal(err)
	}
	return l
}

// told writes a log in one line an event.
func told(l *Log) string {
	var b strings.Builder
	for _, e := range l.Events {
		fmt.Fprintf(&b, "%s %s %d %v\n", l.Users.Text(e.User), l.Items.Text(e.Item), e.AtMs, e.Value)
	}
	return b.String()
}

func TestFilesAreReadAsTheyAreWritten(t *testing.T) {
	for what, c := range map[string]struct {
		text string
		o    Options
		want string
	}{
		"a shop's CSV":                                        {"CustomerID,InvoiceDate,StockCode\n17850.0,2010-12-01 08:26:00,85123A\n", Options{}, "17850 85123A 1291191960000 1\n"},
		"MovieLens 20M":                                       {"userId,movieId,rating,timestamp\n1,2,3.5,1112486027\n", Options{}, "1 2 1112486027000 3.5\n"},
		"MovieLens 1M, no header, ::":                         {"1::1193::5::978300760\n1::661::3::978302109\n", Options{}, "1 1193 978300760000 5\n1 661 978302109000 3\n"},
		"MovieLens 100k, no header, tabs":                     {"196\t242\t3\t881250949\n", Options{}, "196 242 881250949000 3\n"},
		"three numbers, the last a time":                      {"5,6,1400000000\n", Options{}, "5 6 1400000000000 1\n"},
		"three numbers, the last a rating":                    {"5,6,4\n", Options{}, "5 6 0 4\n"},
		"columns that are named":                              {"a;b\nu;i\n", Options{User: "a", Item: "b"}, "u i 0 1\n"},
		"no header, columns named":                            {"x,y\n", Options{Columns: []string{"item", "user"}}, "y x 0 1\n"},
		"NDJSON":                                              {`{"session_id":"s","item_id":7,"ts":1700000000000}` + "\n", Options{}, "s 7 1700000000000 1\n"},
		"a JSON array of objects":                             {`[{"user":"u","item":"i"},` + "\n" + `{"user":"v","item":"i"}]`, Options{}, "u i 0 1\nv i 0 1\n"},
		"NDJSON of an event whose user and session are known": {`{"session_id":"s","user_id":"u","item_id":7}` + "\n", Options{}, "s 7 0 1\n"},
		"the same by users":                                   {`{"session_id":"s","user_id":"u","item_id":7}` + "\n", Options{Users: true}, "u 7 0 1\n"},
		"sessions as arrays":                                  {"[1,\"a\",1]\n\n[2]\n", Options{}, "1 1 0 1\n1 a 0 1\n1 1 0 1\n3 2 0 1\n"},
		"baskets":                                             {"whole milk, butter\n\nrolls/buns\n", Options{Shape: ShapeBaskets}, "1 whole milk 0 1\n1 butter 0 1\n3 rolls/buns 0 1\n"},
		"low and negative values left out":                    {"user,item,rating\nu,a,4\nu,b,3.5\nu,c,-1\n", Options{MinValue: 4}, "u a 0 4\n"},
		"a column that is not wanted":                         {"user,item,rating,time\nu,a,x,x\n", Options{Value: "-", Time: "-"}, "u a 0 1\n"},
	} {
		t.Run(what, func(t *testing.T) {
			l := read(t, c.text, c.o)
			if got := told(l); got != c.want || l.Bad != 0 {
				t.Errorf("%d bad %v\n%s", l.Bad, l.Faults, cmp.Diff(c.want, got))
			}
		})
	}
}

func TestPackedFilesAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	_, _ = z.Write([]byte("[1,2]\n[2,3]\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	l := NewLog()
	if err := l.Read(path, Options{}); err != nil || len(l.Events) != 4 || l.Items.Len() != 3 {
		t.Errorf("%v %v", l.Events, err)
	}
}

func TestABadRowCostsItself(t *testing.T) {
	l := read(t, "user,item,time\nu,a,5\n,b,6\nu,,7\nu,c,never\nu,d\nu,e,8\n", Options{})
	if got, want := told(l), "u a 5000 1\nu e 8000 1\n"; got != want {
		t.Error(cmp.Diff(want, got))
	}
	var lines []int64
	for _, f := range l.Faults {
		lines = append(lines, f.Line)
	}
	if l.Bad != 4 || !slices.Equal(lines, []int64{3, 4, 5, 6}) || !strings.Contains(l.Faults[2].Reason, "never") {
		t.Errorf("%d %+v", l.Bad, l.Faults)
	}
}

func TestABadLineCostsItself(t *testing.T) {
	long := "[" + strings.Repeat("1,", 1<<20) + "1]"
	l := read(t, "[1]\n[1,\n{\"a\":1}\n[null]\n[[1]]\n[1] 2\n"+long+"\n[2,3]", Options{Shape: ShapeSessions})
	if got, want := told(l), "1 1 0 1\n8 2 0 1\n8 3 0 1\n"; got != want || l.Bad != 6 || l.Faults[5].Line != 7 {
		t.Errorf("%d bad %+v\n%s", l.Bad, l.Faults, cmp.Diff(want, got))
	}
}

func TestWhatCannotBeReadIsExplained(t *testing.T) {
	for text, want := range map[string]string{
		"a,b\n1,x\n":                "no column looks like the user or session; name one of a, b",
		"user,item\n":               "no event",
		"user,item\n,x\n":           "of 1 bad rows the first is line 2: column user is empty",
		"name::item\nx::y\n":        "parted by ::",
		"user,item,rating\nu,i,x\n": `"x" is no number`,
	} {
		if err := NewLog().Read(write(t, "x", text), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for want, o := range map[string]Options{`no column "gone"; there are user, item`: {Item: "gone"}, `a file of "x"`: {Shape: "x"}, "user and item are needed": {Item: "-"}} {
		if err := NewLog().Read(write(t, "x", "user,item\nu,i\n"), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestNamesGiveBackWhatTheyTook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n Names
		var order []string
		for _, s := range rapid.SliceOf(rapid.SampledFrom([]string{"", "a", "b", "c", "ab"})).Draw(t, "texts") {
			id := n.ID(s)
			if int(id) == len(order) {
				order = append(order, s)
			}
			if found, ok := n.Find(s); order[id] != s || n.Text(id) != s || !ok || found != id || n.Len() != len(order) {
				t.Fatalf("%q has %d in %q", s, id, order)
			}
		}
	})
}

// events draws a log whose items count up, so that an item tells its place in the file.
func events(t *rapid.T) []Event {
	var out []Event
	for i := range rapid.IntRange(2, 40).Draw(t, "events") {
		out = append(out, Event{User: int32(rapid.IntRange(0, 5).Draw(t, "user")), Item: int32(i), AtMs: int64(rapid.IntRange(1, 12).Draw(t, "at")), Value: 1})
	}
	return out
}

func TestACutByTimeLearnsNothingFromLater(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := events(t)
		share := rapid.Float64Range(.01, .99).Draw(t, "share")
		at, err := CutAt(all, share)
		if err != nil {
			return // all at the first moment
		}
		before, behind := Cut(all, at)
		if len(before) == 0 || len(behind) == 0 || len(before)+len(behind) != len(all) {
			t.Fatalf("%d + %d of %d", len(before), len(behind), len(all))
		}
		for _, e := range before {
			for _, j := range behind {
				if e.AtMs >= j.AtMs {
					t.Fatalf("%v is learnt from and %v judges", e, j)
				}
			}
		}
		if float64(len(behind)) < share*float64(len(all))-1 {
			t.Fatalf("%d of %d judge, want %v of them", len(behind), len(all), share)
		}
	})
}

func TestTheLastSessionsJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		timed := rapid.Bool().Draw(t, "timed")
		all := Sessions(events(t), timed)
		first, last, err := Last(all, rapid.Float64Range(.01, .99).Draw(t, "share"))
		if err != nil {
			return
		}
		if len(first)+len(last) != len(all) || len(last) == 0 {
			t.Fatalf("%d + %d of %d", len(first), len(last), len(all))
		}
		for _, a := range first {
			for _, b := range last {
				if timed && a.End() > b.End() || !timed && a.Items[0] > b.Items[0] {
					t.Fatalf("%v is learnt from and %v judges", a, b)
				}
			}
		}
	})
}

func TestSessionsKeepEveryEventInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := events(t)
		n := 0
		for _, s := range Sessions(all, true) {
			n += len(s.Items)
			for i := range s.Items {
				if e := all[s.Items[i]]; e.User != s.User || e.AtMs != s.At[i] {
					t.Fatalf("%v is not %v", s, e)
				}
				if i > 0 && (s.At[i] < s.At[i-1] || s.At[i] == s.At[i-1] && s.Items[i] < s.Items[i-1]) {
					t.Fatalf("%v is out of order", s)
				}
			}
			back := 0
			for _, b := range Baskets(&s, 3) {
				if b.At[len(b.At)-1]-b.At[0] > 3 {
					t.Fatalf("%v is no basket", b)
				}
				back += len(b.Items)
			}
			if back != len(s.Items) {
				t.Fatalf("baskets hold %d of %d", back, len(s.Items))
			}
		}
		if n != len(all) {
			t.Fatalf("%d of %d events", n, len(all))
		}
	})
}

func TestDistinctKeepsTheLastPlace(t *testing.T) {
	if got := Distinct([]int32{1, 2, 1, 3, 3}); !slices.Equal(got, []int32{2, 1, 3}) {
		t.Error(got)
	}
}

func TestDistinctIsWhatAPlainSearchFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(rapid.SampledFrom([]int32{-7, -1, 0, 1, 2, 3, 500, mostMarked - 1, mostMarked, math.MaxInt32})).Draw(t, "items")
		var want []int32
		for i, item := range all {
			if !slices.Contains(all[i+1:], item) {
				want = append(want, item)
			}
		}
		if got := Distinct(all); !slices.Equal(got, want) {
			t.Fatalf("%v: %v, want %v", all, got, want)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"user,item\na,b\n", "[1,2]\n", "1::2::3\n", `{"user":1,"item":2}`, "[{\"user\":1}]", "\"", "::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := NewLog()
		_ = l.Read(write(t, "x", text), Options{})
		for _, e := range l.Events {
			if int(e.User) >= l.Users.Len() || int(e.Item) >= l.Items.Len() {
				t.Fatalf("%v has no name", e)
			}
		}
	})
}
