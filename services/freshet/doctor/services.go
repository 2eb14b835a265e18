package doctor

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/topics"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/freshet/backlog"
)

// patience is how long one check waits for an answer.
const patience = 5 * time.Second

const restart = "stop `freshet up` with Ctrl-C and start it again; data survive"

func kafka(ctx context.Context, p Patient) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	f := Finding{Check: "broker", State: Failed, Fix: restart}
	c, err := p.Addresses.Broker(ctx)
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	defer c.Close()
	var missing []string
	for _, t := range topics.All() {
		if _, err := c.Spans(ctx, t.Name); err != nil {
			missing = append(missing, t.Name)
		}
	}
	if len(missing) > 0 {
		f.Detail = "topics are missing or without a leader: " + strings.Join(missing, ", ")
		return f
	}
	return Finding{Check: "broker", State: OK, Detail: fmt.Sprintf("all %d topics answer", len(topics.All()))}
}

func clickHouse(ctx context.Context, p Patient) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	f := Finding{Check: "clickhouse", State: Failed, Fix: restart}
	db, err := p.Addresses.ClickHouse(ctx, p.Login)
	if err != nil {
		f.Detail, f.Fix = err.Error(), restart+"; for a ClickHouse of your own give --clickhouse-user and --clickhouse-password"
		return f
	}
	defer func() { _ = db.Close() }()
	var version string
	var events uint64
	if err := db.QueryRow(ctx, "SELECT version(), count() FROM dw.events").Scan(&version, &events); err != nil {
		f.Detail = fmt.Sprintf("cannot read dw.events: %v", err)
		return f
	}
	return Finding{Check: "clickhouse", State: OK, Detail: fmt.Sprintf("version %s holds %d events", version, events)}
}

// collector sends it a request that it must refuse: one event without a write key.
func collector(ctx context.Context, p Patient) Finding {
	f := Finding{Check: "collector", State: OK}
	resp, err := request(ctx, http.MethodPost, "http://"+p.Addresses.CollectorHTTP+"/v1/batch", `{"batch":[{}]}`)
	if err != nil {
		return Finding{Check: "collector", State: Failed, Detail: err.Error(), Fix: restart}
	}
	f.Detail = "answers, and asks for a write key"
	if resp.code != http.StatusUnauthorized {
		f.State, f.Detail = Failed, fmt.Sprintf("a request without a write key was answered %d: %.100s", resp.code, resp.body)
		f.Fix = "is it Freshet's collector that listens at " + p.Addresses.CollectorHTTP + "?"
	}
	return f
}

func api(ctx context.Context, p Patient) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	f := Finding{Check: "api", State: Failed, Fix: restart}
	c, err := p.Addresses.API(ctx)
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	defer c.Close()
	got, err := c.Segments.ListSegments(ctx, &segmentationv1.ListSegmentsRequest{})
	if err != nil {
		f.Detail = fmt.Sprintf("list the segments: %v", err)
		return f
	}
	return Finding{Check: "api", State: OK, Detail: fmt.Sprintf("%d customers in %d segments", got.GetCustomers(), len(got.GetSegments()))}
}

// ready asks the process itself.
func ready(ctx context.Context, p Patient) Finding {
	resp, err := request(ctx, http.MethodGet, "http://"+p.Addresses.Metrics+"/readyz", "")
	if err != nil {
		return Finding{Check: "ready", State: Failed, Detail: err.Error(), Fix: restart}
	}
	if resp.code != http.StatusOK {
		return Finding{Check: "ready", State: Failed, Detail: strings.TrimSpace(strings.ReplaceAll(resp.body, "\n", "; ")),
			Fix: "right after a start wait a few seconds; otherwise " + restart}
	}
	return Finding{Check: "ready", State: OK, Detail: "every part of the process is ready"}
}

// behind is the lag in records from which it is worth a word.
const behind = 10_000

func lag(ctx context.Context, p Patient) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	failed := func(err error) Finding {
		return Finding{Check: "lag", State: Failed, Detail: err.Error(), Fix: restart}
	}
	b, err := p.Addresses.Broker(ctx)
	if err != nil {
		return failed(err)
	}
	defer b.Close()
	got, err := backlog.Measure(ctx, b)
	if err != nil {
		return failed(err)
	}
	f := Finding{Check: "lag", State: OK, Detail: fmt.Sprintf("%d records wait to be worked on", got.Total)}
	if got.Total > behind {
		f.State, f.Detail = Warned, fmt.Sprintf("%d records wait, most of them before %s", got.Total, got.Worst)
		f.Fix = "after an import or a restart wait; if the number does not fall, look at the log of `freshet up`"
	}
	return f
}

type response struct {
	code int
	body string
}

func request(ctx context.Context, method, url, body string) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return response{}, fmt.Errorf("ask %s: %w", url, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return response{}, fmt.Errorf("ask %s: %w", url, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	return response{resp.StatusCode, string(b)}, err
}
