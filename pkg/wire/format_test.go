package wire

import (
	"errors"
	"strings"
	"testing"
)

func TestTheNumbersOfAFormat(t *testing.T) {
	cases := map[string]struct {
		format Format
		want   string // "" when it is right
	}{
		"the first layout":                         {Format{"x", 1, 1, 1}, ""},
		"a new layout is read and not written":     {Format{"x", 1, 1, 2}, ""},
		"a release later it is written":            {Format{"x", 1, 2, 2}, ""},
		"no reader is needed of what nobody has":   {Format{"x", 4, 4, 5}, ""},
		"no name":                                  {Format{"", 1, 1, 1}, "no name"},
		"zero is no layout":                        {Format{"x", 0, 1, 1}, "want 1 <= oldest"},
		"what is written must be read":             {Format{"x", 2, 1, 2}, "want 1 <= oldest"},
		"what is read by none must not be written": {Format{"x", 1, 3, 2}, "want 1 <= oldest"},
		"two new layouts at once":                  {Format{"x", 1, 1, 3}, "layout 3 is brought while 2 is not written"},
	}
	for name, c := range cases {
		err := c.format.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestOpenTakesWhatThisReleaseReads(t *testing.T) {
	f := Format{Name: "toy", Oldest: 2, Written: 2, Newest: 3}
	cases := map[string]struct {
		b    []byte
		want byte
		err  error
		says string
	}{
		"the layout that is written": {f.Begin(nil), 2, nil, ""},
		"the next one":               {[]byte{3, 9}, 3, nil, ""},
		"a newer one":                {[]byte{4, 9}, 0, ErrNewer, "toy: this state was written by a newer Freshet: layout 4, and this release reads 2 to 3. Run the newer release"},
		"an older one":               {[]byte{1, 9}, 0, ErrOlder, "layout 1, and this release reads 2 to 3. Run a release that reads both"},
		"nothing":                    {nil, 0, ErrDamaged, "toy: the bytes are damaged"},
		"no number":                  {[]byte{0, 9}, 0, ErrDamaged, "toy: the bytes are damaged"},
	}
	for name, c := range cases {
		in, v, err := f.Open(c.b)
		if v != c.want || !errors.Is(err, c.err) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: layout %d, %v", name, v, err)
		}
		if err == nil && in.Left() != len(c.b)-1 || err != nil && !in.Failed() {
			t.Errorf("%s: %d left, failed %v", name, in.Left(), in.Failed())
		}
	}
}
