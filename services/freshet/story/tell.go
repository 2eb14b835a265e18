package story

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/terminal"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
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
	s.tellProfile(w, now)
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

// tellProfile tells traits, tags, and the features of each level that are not zero.
func (s *Story) tellProfile(w io.Writer, now time.Time) {
	if s.Profile == nil {
		fmt.Fprintln(w, "\nProfile:\n  none yet")
		return
	}
	if len(s.Profile.GetTraits()) > 0 {
		fmt.Fprintln(w, "\nTraits:")
	}
	for _, t := range s.Profile.GetTraits() {
		fmt.Fprintf(w, "  %s\t%s\tfrom %s\t%s\n", terminal.Safe(t.GetName()), terminal.Safe(t.GetValue()), terminal.Safe(t.GetSource()), ago(t.GetToldMs(), now))
	}
	fmt.Fprintln(w, "\nTags:")
	if len(s.Profile.GetTags()) == 0 {
		fmt.Fprintln(w, "  none")
	}
	for _, t := range s.Profile.GetTags() {
		fmt.Fprintf(w, "  %s\t%s\tsince %s\t%s\n", terminal.Safe(t.GetName()), t.GetLevel(), stamp(time.UnixMilli(t.GetValue().GetSinceMs())),
			terminal.Safe(strings.Join(t.GetValue().GetBecause(), "; ")))
	}
	for _, l := range s.Profile.GetLevels() {
		fmt.Fprintf(w, "\nFeatures, %s:\n", l.GetLevel())
		for _, name := range slices.Sorted(maps.Keys(l.GetValues())) {
			if text := valueText(l.GetValues()[name], now); text != "" && name != "traits" {
				fmt.Fprintf(w, "  %s\t%s\n", terminal.Safe(name), terminal.Safe(text))
			}
		}
	}
	fmt.Fprintf(w, "\nThe profile is %d %% complete.\n", s.Profile.GetCompleteness().GetPercent())
}

// valueText writes a value for a person; zero is not worth a line.
func valueText(v *featurev1.FeatureValue, now time.Time) string {
	switch x := v.GetValue().(type) {
	case *featurev1.FeatureValue_Count:
		if x.Count != 0 {
			return fmt.Sprint(x.Count)
		}
	case *featurev1.FeatureValue_Decimal:
		if x.Decimal != "0" {
			return x.Decimal
		}
	case *featurev1.FeatureValue_MomentMs:
		return ago(x.MomentMs, now)
	case *featurev1.FeatureValue_DurationMs:
		return span(time.Duration(x.DurationMs) * time.Millisecond)
	case *featurev1.FeatureValue_Text:
		return x.Text
	case *featurev1.FeatureValue_List:
		var parts []string
		for _, e := range x.List.GetEntries() {
			parts = append(parts, e.GetKey()+" "+valueText(e.GetValue(), now))
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// ago is how long a moment in Unix milliseconds lies back; 0 is never.
func ago(ms int64, now time.Time) string {
	if ms == 0 {
		return "never"
	}
	return span(now.Sub(time.UnixMilli(ms))) + " ago"
}

// span writes a span of time.
func span(d time.Duration) string {
	if d > 48*time.Hour {
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
	return d.Round(time.Second).String()
}

// JSON writes the story as one object: customer, profile, segments, events.
func (s *Story) JSON(w io.Writer) error {
	parts := map[string]any{"events": s.Events}
	var segments []json.RawMessage
	for _, m := range s.Segments {
		segments = append(segments, raw(m))
	}
	parts["customer"], parts["segments"] = raw(s.Customer), segments
	if s.Profile != nil {
		parts["profile"] = raw(s.Profile)
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
