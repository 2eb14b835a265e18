package clouds_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"gocloud.dev/blob"

	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// s3 is a server that speaks S3, and the URL of an empty bucket there.
func s3(t *testing.T) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("models"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	return "s3://models?region=eu-central-1&use_path_style=true&prefix=prod/&endpoint=" + server.URL
}

// begin starts a registry until the test ends.
func begin(t *testing.T, address, bucket string, now func() time.Time) *model.Registry {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := model.Open(ctx, model.Config{URL: bucket}, model.Deps{
		Broker: testkit.BrokerAt(t, address, topics.Models), Logger: slog.New(slog.DiscardHandler), Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, r.Close()); err != nil {
			t.Error(err)
		}
	})
	testkit.Eventually(t, time.Minute, r.Ready)
	return r
}

// The whole way through a server that speaks S3: put, announce, read at another replica, promote, forget, delete.
func TestTheRegistryOnS3(t *testing.T) {
	bucket, address, now := s3(t), testkit.Kafka(t), time.Now()
	clock := func() time.Time { return now }
	a, b := begin(t, address, bucket, clock), begin(t, address, bucket, clock)
	var ids []string
	for i := range 23 {
		v, err := a.Put(t.Context(), &modelv1.Version{Workspace: "a/b shop", Name: "churn_risk_60d"}, map[string][]byte{"model.bin": fmt.Append(nil, "model ", i)})
		if err != nil {
			t.Fatal(err)
		}
		ids, now = append(ids, v.GetId()), now.Add(24*time.Hour)
	}
	if _, err := a.Promote(t.Context(), "a/b shop", "churn_risk_60d", ids[0], "old, and good"); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if b.State("a/b shop", "churn_risk_60d").GetChampion() != ids[0] {
			return errors.New("the other one does not know it")
		}
		return nil
	})
	all := b.Versions("a/b shop", "churn_risk_60d")
	if data, err := b.File(t.Context(), all[22], "model.bin"); err != nil || string(data) != "model 0" {
		t.Errorf("%q, %v", data, err)
	}
	for range 3 {
		if err := a.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, time.Minute, func() error {
			if n := len(a.Versions("a/b shop", "churn_risk_60d")); n != 21 {
				return fmt.Errorf("%d versions are known", n)
			}
			return nil
		})
		now = now.Add(time.Hour)
	}
	there := folders(t, bucket)
	for i, id := range ids {
		if kept := i == 0 || i > 2; there[id] != kept {
			t.Errorf("files of version %d are there: %t, want %t", i, there[id], kept)
		}
	}
}

// folders are the ids of the versions that have files in a bucket.
func folders(t *testing.T, url string) map[string]bool {
	t.Helper()
	b, err := blob.OpenBucket(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	out := map[string]bool{}
	for list := b.List(nil); ; {
		o, err := list.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out[strings.Split(o.Key, "/")[2]] = true
	}
}
