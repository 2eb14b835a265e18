package freshet

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	"github.com/freshet/freshet/services/simulator/send"
)

// maxLine is the longest line of NDJSON taken, in bytes: the collector's request limit.
const maxLine = 4 << 20

// sendOptions are the flags of `freshet send`.
type sendOptions struct {
	doors
	writer
	event, kind, user, anonymous, messageID, timestamp string
	properties, traits                                 []string
	history                                            bool
}

func newSend() *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use:   "send [-]",
		Short: "Send one event, or many from standard input",
		Long: `Send one event made of flags or, with "-", one event a line (NDJSON) from standard input.
Each is an item of the Segment API; one without a messageId gets one. Exit status 1 when an event was rejected.`,
		Example: `  freshet send --user 42 --event "Product Viewed" --property product_id=P1 --property price=12.50
  freshet send --type identify --user 42 --anonymous a-1 --trait email=ann@example.com
  freshet send - < events.ndjson
  freshet send --history - < last-year.ndjson`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args) },
	}
	o.doors.flag(cmd)
	o.writer.flag(cmd)
	f := cmd.Flags()
	f.StringVar(&o.kind, "type", "track", "track, identify, page, screen, group or alias")
	f.StringVar(&o.event, "event", "", "name of the event, page or screen")
	f.StringVar(&o.user, "user", "", "userId")
	f.StringVar(&o.anonymous, "anonymous", "", "anonymousId")
	f.StringArrayVar(&o.properties, "property", nil, "key=value of properties; a value that is JSON is sent as such; repeatable")
	f.StringArrayVar(&o.traits, "trait", nil, "key=value of traits; repeatable")
	f.StringVar(&o.messageID, "message-id", "", "messageId; sending it again changes nothing")
	f.StringVar(&o.timestamp, "timestamp", "", "when it happened, ISO 8601; now when absent")
	f.BoolVar(&o.history, "history", false, "send to /v1/import: any time in the past, and no alerts")
	return cmd
}

func (o *sendOptions) run(cmd *cobra.Command, args []string) error {
	var next func() ([]byte, error)
	switch {
	case len(args) == 1 && args[0] == "-":
		next = ndjson(cmd.InOrStdin())
	case len(args) == 1:
		return fmt.Errorf("%q: events come from flags, or from standard input with -", args[0])
	default:
		event, err := o.fromFlags()
		if err != nil {
			return err
		}
		next = once(event)
	}
	a, err := o.open(cmd)
	if err != nil {
		return err
	}
	if err := stack.Knock(cmd.Context(), a.CollectorHTTP); err != nil {
		return err
	}
	sender, err := send.New(cmd.Context(), send.Config{URL: "http://" + a.CollectorHTTP, WriteKey: o.key, History: o.history})
	if err != nil {
		return err
	}
	readErr := forward(sender, next)
	report, err := sender.Close()
	printReport(cmd.OutOrStdout(), report)
	if err == nil {
		err = readErr // Close gives the fault that stopped Send
	}
	if err != nil {
		return err
	}
	if report.Rejected > 0 {
		return fmt.Errorf("%d of %d events were rejected; they are in the topic events.rejected.v1 and in ods.rejected", report.Rejected, report.Sent)
	}
	return nil
}

// forward sends all that next gives, until io.EOF.
func forward(sender *send.Sender, next func() ([]byte, error)) error {
	for {
		body, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		ev, err := prepare(body)
		if err != nil {
			return err
		}
		if err := sender.Send(ev); err != nil {
			return err
		}
	}
}

// prepare finds the key that keeps a person's events in order, and gives an event without a message id one, so that a repeated request
// cannot count it twice.
func prepare(body []byte) (send.Event, error) {
	var head struct {
		MessageID   string `json:"messageId"`
		UserID      any    `json:"userId"`
		AnonymousID any    `json:"anonymousId"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		return send.Event{}, fmt.Errorf("%.80s: not an event: %w", body, err)
	}
	if head.MessageID == "" {
		rest := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(body)), "{"))
		comma := ","
		if rest == "}" {
			comma = ""
		}
		body = fmt.Appendf(nil, `{"messageId":"cli-%s"%s%s`, uuid.NewString(), comma, rest)
	}
	key := head.UserID
	if key == nil {
		key = head.AnonymousID
	}
	return send.Event{Key: fmt.Sprint(key), Body: body}, nil
}

func (o *sendOptions) fromFlags() ([]byte, error) {
	if o.user == "" && o.anonymous == "" {
		return nil, errors.New("an event needs a person: give --user or --anonymous")
	}
	if o.kind == "track" && o.event == "" {
		return nil, errors.New("a track event needs a name: give --event")
	}
	item := map[string]any{"type": o.kind}
	name := "name"
	if o.kind == "track" {
		name = "event"
	}
	for k, v := range map[string]string{name: o.event, "userId": o.user, "anonymousId": o.anonymous, "messageId": o.messageID, "timestamp": o.timestamp} {
		if v != "" {
			item[k] = v
		}
	}
	for member, list := range map[string][]string{"properties": o.properties, "traits": o.traits} {
		object, err := pairs(list)
		if err != nil {
			return nil, err
		}
		if len(object) > 0 {
			item[member] = object
		}
	}
	return json.Marshal(item)
}

func pairs(list []string) (map[string]any, error) {
	object := map[string]any{}
	for _, kv := range list {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return nil, fmt.Errorf("%q is not key=value", kv)
		}
		if json.Valid([]byte(v)) {
			object[k] = json.RawMessage(v)
		} else {
			object[k] = v
		}
	}
	return object, nil
}

func once(b []byte) func() ([]byte, error) {
	return func() ([]byte, error) {
		if b == nil {
			return nil, io.EOF
		}
		out := b
		b = nil
		return out, nil
	}
}

// ndjson gives the lines that are not empty; a line that is not JSON is an error with its number.
func ndjson(r io.Reader) func() ([]byte, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<16), maxLine)
	n := 0
	return func() ([]byte, error) {
		for lines.Scan() {
			n++
			line := strings.TrimSpace(lines.Text())
			if line == "" {
				continue
			}
			if line[0] != '{' || !json.Valid([]byte(line)) {
				return nil, fmt.Errorf("line %d is not a JSON object: %.80s", n, line)
			}
			return []byte(line), nil
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("read line %d: %w", n+1, err)
		}
		return nil, io.EOF
	}
}

// printReport shows what became of the events; a refused kind with the collector's own sentence.
func printReport(w io.Writer, r send.Report) {
	fmt.Fprintln(w, r)
	for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
		fmt.Fprintf(w, "  rejected, %s: %d (%s)\n", reason, r.Reasons[reason], terminal.Safe(r.Details[reason]))
	}
}
