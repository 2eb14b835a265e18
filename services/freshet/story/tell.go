package story

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/terminal"
)

// Tell writes the story for a person; now is the moment ages are counted from.
func (s *Story) Tell(out io.Writer, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	c := s.Customer
	fmt.Fprintf(w, "Customer %s, known since %s\n", c.GetCustomerId(), stamp(c.GetCreatedAt().AsTime()))
	for _, id := range c.GetIdentifiers() {
		fmt.Fprintf(w, "  %s:%s\tlinked %s by %s\n", terminal.Safe(id.GetIdentifier().GetType()), terminal.Safe(id.GetIdentifier().GetValue()),
			stamp(id.GetLinkedAt().AsTime()), terminal.Safe(id.GetEventId()))
	}
	if n := len(c.GetMergedIds()); n > 0 {
		fmt.Fprintf(w, "  was %d customers: %v merged into this one\n", n+1, c.GetMergedIds())
	}
	s.tellSegments(w)
	s.tellFeatures(w, now)
	fmt.Fprintln(w, "\nLast events:")
	for _, e := range s.Events {
		mark := ""
		if e.History {
			mark = "history"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", stamp(e.At), terminal.Safe(e.Type), terminal.Safe(e.Name), terminal.Safe(e.Identifier), mark)
	}
	return w.Flush()
}

func (s *Story) tellSegments(w io.Writer) {
	fmt.Fprintln(w, "\nSegments:")
	if len(s.Segments) == 0 {
		fmt.Fprintln(w, "  none yet")
	}
	for _, m := range s.Segments {
		fmt.Fprintf(w, "  %s\tsince %s\n", terminal.Safe(m.GetSegment()), stamp(m.GetEnteredAt().AsTime()))
	}
}

func (s *Story) tellFeatures(w io.Writer, now time.Time) {
	f := s.Features
	if f == nil {
		fmt.Fprintln(w, "\nFeatures:\n  none yet")
		return
	}
	fmt.Fprintln(w, "\nFeatures:\n  window\tevents\torders\tunits\tspend\taverage basket\trefunds\trefunded")
	for _, win := range f.GetWindows() {
		fmt.Fprintf(w, "  %s\t%d\t%d\t%s\t%s\t%s\t%d\t%s\n", win.GetWindow(), win.GetEvents(), win.GetOrders(), money.FormatQuantity(win.GetQuantityMicros()),
			money.Format(win.GetSpendMicros()), money.Format(win.GetAverageBasketMicros()), win.GetRefunds(), money.Format(win.GetRefundMicros()))
	}
	fmt.Fprintf(w, "  first seen %s, last seen %s, last order %s\n", ago(f.GetFirstSeenMs(), now), ago(f.GetLastSeenMs(), now), ago(f.GetLastOrderMs(), now))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// ago is how long a moment in Unix milliseconds lies back; 0 is never.
func ago(ms int64, now time.Time) string {
	if ms == 0 {
		return "never"
	}
	d := now.Sub(time.UnixMilli(ms))
	if d > 48*time.Hour {
		return fmt.Sprintf("%.0f days ago", d.Hours()/24)
	}
	return d.Round(time.Second).String() + " ago"
}

// JSON writes the story as one object: customer, features, segments, events.
func (s *Story) JSON(w io.Writer) error {
	parts := map[string]any{"events": s.Events}
	var segments []json.RawMessage
	for _, m := range s.Segments {
		segments = append(segments, raw(m))
	}
	parts["customer"], parts["segments"] = raw(s.Customer), segments
	if s.Features != nil {
		parts["features"] = raw(s.Features)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(parts)
}

func raw(m proto.Message) json.RawMessage {
	b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return json.RawMessage("null") // only invalid UTF-8 fails, and gRPC has refused that
	}
	return b
}
