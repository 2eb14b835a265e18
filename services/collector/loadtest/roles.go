package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
)

// brokerRole is the embedded broker as a process of its own. It prints its address and
// serves until its standard input ends.
func brokerRole(_ context.Context, args []string) error {
	var cfg embeddedkafka.Config
	flags := flag.NewFlagSet("broker", flag.ContinueOnError)
	flags.StringVar(&cfg.Dir, "dir", "", "where records are kept; empty for memory")
	flags.StringVar(&cfg.Address, "address", "", "host:port; empty for any")
	flags.BoolVar(&cfg.SyncWrites, "fsync", false, "every produce waits for the disk")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b, err := embeddedkafka.Start(cfg)
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Println(b.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// nullAnswer is what the collector answers to a single event.
const nullAnswer = `{"success":true,"accepted":1,"rejected":[]}` + "\n"

// nullRole is what cannot be undercut with net/http: it reads the body and answers 200.
// Its server has the collector's bounds, and its answer the collector's headers.
func nullRole(context.Context, []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // opening a listener waits for nobody
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Println(l.Addr())
	buffers := sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			b := buffers.Get().(*[]byte)
			defer buffers.Put(b)
			for {
				if _, err := r.Body.Read(*b); err != nil {
					break
				}
			}
			h := rw.Header()
			h.Set("Content-Type", "application/json")
			h.Set("Content-Length", fmt.Sprint(len(nullAnswer)))
			rw.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(rw, nullAnswer)
		}),
	}
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); _ = server.Close() }()
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}
