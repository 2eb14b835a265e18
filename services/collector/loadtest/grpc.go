package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
)

// overGRPC keeps a window of events under way on one stream.
func overGRPC(ctx context.Context, l *load, t *tally) error {
	conn, err := grpc.NewClient(l.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", l.address, err)
	}
	defer func() { _ = conn.Close() }()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(writeKey+":")))
	stream, err := collectorv1.NewCollectorServiceClient(conn).IngestStream(ctx)
	if err != nil {
		return fmt.Errorf("open a stream: %w", err)
	}
	sent := make(chan time.Time, l.window)
	done := make(chan error, 1)
	go func() { done <- readAnswers(stream, l, t, sent) }()
	text, user, id := newEvent(l.begun)
	for n, now := l.first, time.Now(); now.Before(l.until); n, now = n+1, time.Now() {
		digits(text[id:id+idDigits], n)
		digits(text[user:user+userDigits], n%100_003)
		sent <- now
		if err := stream.Send(&collectorv1.IngestStreamRequest{Event: text}); err != nil {
			break // the reason is with the answers
		}
	}
	_ = stream.CloseSend() // an error is with the answers as well
	return <-done
}

// readAnswers counts until the server has answered all and closed its side. sent are the times
// of what is under way, oldest first, since answers come in order.
func readAnswers(stream grpc.BidiStreamingClient[collectorv1.IngestStreamRequest, collectorv1.IngestStreamResponse], l *load, t *tally, sent <-chan time.Time) error {
	for {
		resp, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read an answer: %w", err)
		}
		at := <-sent
		if resp.GetStatus() == collectorv1.IngestStatus_INGEST_STATUS_ACCEPTED {
			t.add(l, at, time.Now(), 1)
		} else {
			t.failed++
		}
	}
}
