package segmentation

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/segmentation/webhook"

	"google.golang.org/protobuf/proto"
)

// TestFromFeatureToWebhook: every entry reaches the receiver once, signed, over a restart.
func TestFromFeatureToWebhook(t *testing.T) {
	var mu sync.Mutex
	var ids []string
	key, err := (webhook.Endpoint{Secret: testSecret}).Key()
	if err != nil {
		t.Fatal(err)
	}
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seconds, _ := strconv.ParseInt(r.Header.Get(webhook.HeaderTimestamp), 10, 64)
		if want := webhook.Sign(key, r.Header.Get(webhook.HeaderID), time.Unix(seconds, 0), body); r.Header.Get(webhook.HeaderSignature) != want {
			t.Errorf("signature %q, want %q", r.Header.Get(webhook.HeaderSignature), want)
		}
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, r.Header.Get(webhook.HeaderID))
	}))
	defer hook.Close()
	w := newWorld(t, bigSpender)
	w.cfg.Endpoints = endpoint(hook.URL)
	w.begin()
	var want []string
	for i := range 40 {
		if i == 20 {
			w.begin()
		}
		w.send(spend(id(i), 500))
		want = append(want, transitionID("default", "big_spender", w.s.book.set.Rules[0].Version, id(i), 1))
	}
	testkit.Eventually(t, within, func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(ids) < len(want) {
			return fmt.Errorf("%d of %d delivered", len(ids), len(want))
		}
		return nil
	})
	slices.Sort(ids)
	slices.Sort(want)
	if !slices.Equal(ids, want) {
		t.Errorf("delivered %q\nwant %q", ids, want)
	}
}

// BenchmarkTask folds feature sets of real size (six windows, eight event names) of 5,000
// customers with the shipped rules, through Kafka and the changelog.
func BenchmarkTask(b *testing.B) {
	w := newWorld(b, "")
	w.cfg.Rules = rulesFile
	w.begin()
	const customers, batch = 5000, 20_000
	version := int64(0)
	b.ResetTimer()
	for b.Loop() {
		var msgs []broker.Message
		for i := range batch {
			if i%customers == 0 {
				version++
			}
			fs := full(i%customers, version)
			value, err := proto.Marshal(fs)
			if err != nil {
				b.Fatal(err)
			}
			msgs = append(msgs, broker.Message{Topic: topics.Features.Name, Key: []byte(fs.CustomerId), Value: value})
			w.sent[fs.CustomerId] = version
		}
		if err := w.out.Produce(b.Context(), msgs...); err != nil {
			b.Fatal(err)
		}
		w.settled()
	}
	b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "sets/s")
}

// full is a feature set of real size.
func full(n int, version int64) *featurev1.FeatureSet {
	numbers, events := map[string]int64{"last_seen": start - int64(n), "first_seen": start - dayMs, "first_order": start - hourMs, "last_order": start - hourMs}, map[string]int64{}
	for i, w := range []string{"1h", "24h", "30d", "90d", "365d", "lifetime"} {
		numbers["events_"+w], numbers["orders_"+w], numbers["quantity_"+w] = version+int64(i), version/4, version*1_000_000
		numbers["spend_"+w], numbers["average_basket_"+w] = version*19_990_000, 79_960_000
	}
	for i, name := range []string{"Product Viewed", "Product Added", "Checkout Started", "Order Completed", "page", "identify", "Ticket Opened", "Cart Viewed"} {
		events[name] = start - int64(i)*hourMs
	}
	return told(&featurev1.FeatureSet{CustomerId: id(n), Workspace: "default", Version: version, AsOfMs: start, Reason: featurev1.ChangeReason_CHANGE_REASON_EVENT}, numbers, events)
}
