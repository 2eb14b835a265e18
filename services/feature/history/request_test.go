package history

import (
	"strings"
	"testing"
)

func TestWhatCannotBeAsked(t *testing.T) {
	for what, x := range map[string]struct {
		reader Reader
		ask    Request
		want   string
	}{
		"a database that is more than a name": {Reader{Database: "dw; DROP"}, Request{}, "is no plain name"},
		"rows and dates":                      {Reader{Database: "dw"}, Request{Rows: []Row{{}}, Dates: []int64{1}}, "ask for one of them"},
	} {
		if err := x.reader.Read(t.Context(), x.ask, nil); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: got %v, want %q", what, err, x.want)
		}
	}
}
