package gateway_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

type historyStream = grpc.ServerStreamingServer[featurev1.GetHistoricalFeaturesResponse]

// counted answers with three parts.
func counted(r *featurev1.GetHistoricalFeaturesRequest, out historyStream) error {
	for i := range int64(3) {
		if err := out.Send(&featurev1.GetHistoricalFeaturesResponse{Done: i + int64(len(r.GetDatesMs()))}); err != nil {
			return err
		}
	}
	return nil
}

// received reads a stream to its end.
func received(s grpc.ServerStreamingClient[featurev1.GetHistoricalFeaturesResponse]) (done []int64, err error) {
	for {
		part, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return done, nil
		}
		if err != nil {
			return done, err
		}
		done = append(done, part.GetDone())
	}
}

// A stream of answers passes through whole: parts in their order, header, trailer, and the status with which it ends.
func TestForwardsAStreamOfAnswers(t *testing.T) {
	b := (&backend{history: func(r *featurev1.GetHistoricalFeaturesRequest, out historyStream) error {
		out.SetTrailer(metadata.Pairs("x-tail", "t"))
		if err := out.SetHeader(metadata.Pairs("x-head", "h")); err != nil {
			return err
		}
		if r.GetWorkspace() == "none" {
			return status.Error(codes.InvalidArgument, "none of it")
		}
		if err := counted(r, out); err != nil || r.GetWorkspace() == "" {
			return err
		}
		return status.Error(codes.Aborted, "in the middle")
	}}).serve(t, "127.0.0.1:0")
	client := featurev1.NewFeatureServiceClient(run(t, config(b.address)).conn)
	for what, x := range map[string]struct {
		workspace string
		parts     int
		code      codes.Code
	}{"to the end": {"", 3, codes.OK}, "until it fails": {"later", 3, codes.Aborted}, "refused": {"none", 0, codes.InvalidArgument}} {
		s, err := client.GetHistoricalFeatures(t.Context(), &featurev1.GetHistoricalFeaturesRequest{Workspace: x.workspace, DatesMs: []int64{1, 2}})
		if err != nil {
			t.Fatal(err)
		}
		done, err := received(s)
		if status.Code(err) != x.code || len(done) != x.parts || x.parts > 0 && (done[0] != 2 || done[2] != 4) {
			t.Errorf("%s: got %v, %v", what, done, err)
		}
		header, err := s.Header()
		if err != nil || x.parts > 0 && len(header.Get("x-head")) != 1 || len(s.Trailer().Get("x-tail")) != 1 {
			t.Errorf("%s: header %v, trailer %v, %v", what, header, s.Trailer(), err)
		}
	}
}

// A replica that cannot be reached is passed over before the first answer, and the deadline of ordinary calls does not end a stream.
func TestAStreamPassesOverADeadReplicaAndOutlivesTheTimeout(t *testing.T) {
	release := make(chan struct{})
	alive := (&backend{history: func(r *featurev1.GetHistoricalFeaturesRequest, out historyStream) error {
		if err := out.Send(&featurev1.GetHistoricalFeaturesResponse{}); err != nil {
			return err
		}
		if _, bounded := out.Context().Deadline(); bounded {
			return status.Error(codes.Internal, "the stream has a deadline that nobody asked for")
		}
		<-release
		return counted(r, out)
	}}).serve(t, "127.0.0.1:0")
	dead := (&backend{}).serve(t, "127.0.0.1:0")
	dead.stop()
	cfg := config(dead.address, alive.address)
	cfg.Timeout = 50 * time.Millisecond
	client := featurev1.NewFeatureServiceClient(run(t, cfg).conn)
	close(release)
	for range 4 { // each turn begins with another replica
		s, err := client.GetHistoricalFeatures(t.Context(), &featurev1.GetHistoricalFeaturesRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if done, err := received(s); err != nil || len(done) != 4 {
			t.Errorf("got %v, %v", done, err)
		}
	}
}

// A caller that goes away ends the replica's work.
func TestAStreamEndsWithItsCaller(t *testing.T) {
	ended := make(chan error, 1)
	b := (&backend{history: func(_ *featurev1.GetHistoricalFeaturesRequest, out historyStream) error {
		err := out.Send(&featurev1.GetHistoricalFeaturesResponse{})
		<-out.Context().Done()
		ended <- err
		return out.Context().Err()
	}}).serve(t, "127.0.0.1:0")
	g := run(t, config(b.address))
	resp, err := http.Post(g.url+"/v1/features:history", "application/json", strings.NewReader(`{"dates_ms":["1"]}`))
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(resp.Body).ReadString('}')
	if resp.StatusCode != http.StatusOK || !strings.Contains(line, `"result"`) {
		t.Errorf("%d %s %v", resp.StatusCode, line, err)
	}
	resp.Body.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
