package embeddedclickhouse

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/freshet/freshet/pkg/clickhouse"
)

// errPortLost means that a free port was taken before the engine could open it.
var errPortLost = errors.New("the port was taken in between")

// wait starts the child and returns when it has ended. It keeps one thread for
// itself: Linux ends the child when the thread that started it ends.
func (s *Server) wait(started chan<- error) {
	runtime.LockOSThread()
	err := s.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = s.cmd.Wait() // what it said is in the log; that it ended is in done
	_ = s.parentEnd.Close()
	_ = s.lock.Close()
	close(s.done)
}

// Stop ends the engine and returns when its process is gone: it kills the query
// that keeps the engine alive, upon which the engine closes its tables and waits
// for its clients. One that has not ended within 3 s, or before ctx ends, is killed,
// which costs nothing but the wait: every inserted block is in its file already. The
// error says that it could not even be asked. Calling Stop again does nothing.
func (s *Server) Stop(ctx context.Context) error {
	select {
	case <-s.done:
		return nil
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	if err := s.askToStop(ctx); err != nil {
		s.kill()
		return fmt.Errorf("stop embedded ClickHouse: it was killed: %w", err)
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		s.log.note("it was killed at the stop: a client kept its connection open")
		s.kill()
	}
	return nil
}

func (s *Server) askToStop(ctx context.Context) error {
	conn, err := clickhouse.Open(ctx, s.ClientConfig())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Exec(ctx, "KILL QUERY WHERE query = '"+forever+"' ASYNC"); err != nil {
		return fmt.Errorf("end the engine's last query: %w", err)
	}
	return nil
}

// kill ends the child at once and waits for it.
func (s *Server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// lostAtStart explains why the child ended before it was ready.
func (s *Server) lostAtStart() error {
	err := s.log.err()
	if err != nil && strings.Contains(err.Error(), "Address already in use") {
		return fmt.Errorf("%w: %w", errPortLost, err)
	}
	return errors.Join(errors.New("the engine's process ended at its start"), err)
}
