package stream

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// childRole is the environment variable that makes this test binary a processor of
// its own, so that it can be killed, stopped and continued from outside.
const childRole = "FRESHET_STREAM_CHILD"

func childMain(role string) int {
	addr, dir, _ := strings.Cut(role, " ")
	ctx := context.Background()
	logger := slog.New(slog.DiscardHandler)
	c, err := broker.Dial(ctx, broker.Config{Addresses: []string{addr}, Partitions: 2}, logger)
	if err != nil {
		fmt.Println("child:", err)
		return 1
	}
	cfg := testConfig(dir)
	p, err := New(cfg, Deps{Broker: c, Logger: logger, NewHandler: func(int) (Handler, error) { return sums{}, nil }})
	if err != nil {
		fmt.Println("child:", err)
		return 1
	}
	go func() {
		for p.Ready() != nil {
			time.Sleep(5 * time.Millisecond)
		}
		fmt.Println("ready")
	}()
	if err := p.Run(ctx); err != nil {
		fmt.Println("child:", err)
		return 1
	}
	return 0
}

type child struct {
	cmd *exec.Cmd
	out *bufio.Scanner
}

func startChild(t *testing.T, addr, dir string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+addr+" "+dir)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, out: bufio.NewScanner(pipe)}
	t.Cleanup(c.kill)
	return c
}

// awaitReady waits until the child owns its partitions.
func (c *child) awaitReady(t *testing.T) {
	t.Helper()
	for c.out.Scan() {
		if c.out.Text() == "ready" {
			return
		}
		t.Log(c.out.Text())
	}
	t.Fatal("the child ended before it was ready")
}

func (c *child) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// kill ends the child as kill -9 does; idempotent.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}
