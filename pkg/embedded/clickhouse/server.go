// Package embeddedclickhouse runs the real ClickHouse engine, libchdb, as a child
// process of this one: for a laptop, a demo and every test. The child is this same
// executable, started again; it dies with its parent, however the parent dies. It is
// not for production: one node, listening on loopback only.
//
// An inserted block outlives the death of both processes; a power cut of the
// machine may take the last seconds.
package embeddedclickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/embedded/dirlock"
)

const (
	// readyWithin bounds a start; loading the tables of a big directory takes longest.
	readyWithin = time.Minute
	// stopWithin is how long a stopping engine may take before it is killed.
	stopWithin = 3 * time.Second
	// freePortTries is how often a start begins again when somebody took the free
	// port between the moment it was found and the moment the engine opened it.
	freePortTries = 3
)

// Config says where the engine listens and what it keeps.
type Config struct {
	// Dir is where the tables are kept. It must be set; one engine at a time owns it.
	Dir string
	// NativeAddress is the loopback host:port of the native protocol; port 0, or an
	// empty address, takes a free port. Only 127.0.0.1 and localhost are accepted.
	NativeAddress string
	// HTTPAddress is the same for the HTTP protocol.
	HTTPAddress string
	// Password of User.
	Password string
	// ReaderPassword is the password of Reader. Empty means that there is no such user.
	ReaderPassword string
	// Readable are the databases whose tables Reader may read, beside the system tables that drivers look into. They need not be there yet.
	Readable []string
	// Logger receives the engine's complaints. Nil means silence.
	Logger *slog.Logger

	unconfined bool // tests only: leave out confine
}

// Server is a running engine. It is safe for concurrent use.
type Server struct {
	cfg          Config
	native, http int // ports
	cmd          *exec.Cmd
	parentEnd    io.Closer // the pipe's write end: closing it ends the child
	lock         *dirlock.Lock
	log          *tail
	done         chan struct{} // closed when the child has ended
}

// Start starts the engine on cfg.Dir and returns when it answers queries. A child
// that an earlier process left behind on cfg.Dir is waited for, then ended. The
// caller must Stop the Server; ctx bounds the start only.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Dir == "" {
		return nil, errors.New("start embedded ClickHouse: no data directory")
	}
	// ClickHouse writes the path into its metadata, so that it must not depend on where we stand.
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start embedded ClickHouse: %w", err)
	}
	cfg.Dir = dir
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for try := 1; ; try++ {
		s, err := start(ctx, cfg)
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, errPortLost) || try == freePortTries {
			return nil, fmt.Errorf("start embedded ClickHouse: %w", err)
		}
	}
}

func start(ctx context.Context, cfg Config) (_ *Server, err error) {
	s := &Server{cfg: cfg, log: &tail{to: cfg.Logger}, done: make(chan struct{})}
	if s.native, s.http, err = takePorts(ctx, cfg.NativeAddress, cfg.HTTPAddress); err != nil {
		return nil, err
	}
	if s.lock, err = ownDirectory(ctx, cfg.Dir); err != nil {
		return nil, err
	}
	if err := s.spawn(); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	if err = writeOwner(cfg.Dir, s.Pid()); err == nil {
		err = s.ready(ctx)
	}
	if err != nil {
		s.kill()
		return nil, err
	}
	return s, nil
}

// spawn starts the child and the goroutine that waits for its end.
func (s *Server) spawn() error {
	config, err := writeConfig(s.cfg)
	if err != nil {
		return err
	}
	if s.cmd, err = command(s.cfg, config, s.native, s.http); err != nil {
		return err
	}
	childEnd, parentEnd, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe to the engine: %w", err)
	}
	s.parentEnd = parentEnd
	s.cmd.ExtraFiles = []*os.File{childEnd, s.lock.File()} // fd 3 and 4: see parentPipe, lockFile
	s.cmd.Stderr = s.log                                   // its standard output is small talk
	s.cmd.SysProcAttr = dieWithParent()
	started := make(chan error, 1)
	go s.wait(started)
	err = <-started
	_ = childEnd.Close()
	if err != nil {
		return errors.Join(fmt.Errorf("start the engine's process: %w", err), parentEnd.Close())
	}
	return nil
}

// ready polls until the engine answers on the native port, ends, or ctx ends.
func (s *Server) ready(ctx context.Context) error {
	for {
		err := s.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return s.lostAtStart()
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("the engine did not become ready: %w", ctx.Err()), err, s.log.err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answers asks for the data directory, because another server may listen on a port we lost.
func (s *Server) answers(ctx context.Context) error {
	conn, err := clickhouse.Open(ctx, s.ClientConfig())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	var path string
	if err := conn.QueryRow(ctx, "SELECT value FROM system.server_settings WHERE name = 'path'").Scan(&path); err != nil {
		return fmt.Errorf("ask the engine for its directory: %w", err)
	}
	if filepath.Clean(path) != filepath.Join(s.cfg.Dir, "data") {
		return fmt.Errorf("another ClickHouse listens on %s", s.Native())
	}
	return nil
}

// Native is the host:port of the native protocol.
func (s *Server) Native() string { return loopback(s.native) }

// HTTP is the host:port of the HTTP protocol.
func (s *Server) HTTP() string { return loopback(s.http) }

// ClientConfig is how User connects to this server.
func (s *Server) ClientConfig() clickhouse.Config {
	c := clickhouse.Default()
	c.Address, c.User, c.Password = s.Native(), User, s.cfg.Password
	return c
}

// Pid is the child's process id.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Done is closed when the child has ended, asked or not.
func (s *Server) Done() <-chan struct{} { return s.done }

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
