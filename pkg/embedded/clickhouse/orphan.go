package embeddedclickhouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/freshet/freshet/pkg/embedded/dirlock"
)

// orphanGrace is how long a child of a dead parent may take to notice.
const orphanGrace = 3 * time.Second

// owner is who holds a data directory, written beside it.
type owner struct {
	Pid    int `json:"pid"`
	Parent int `json:"parent"`
}

func ownerPath(dir string) string { return filepath.Join(dir, "owner.json") }

func writeOwner(dir string, pid int) error {
	b, err := json.Marshal(owner{Pid: pid, Parent: os.Getpid()})
	if err != nil {
		return fmt.Errorf("encode owner: %w", err)
	}
	if err := os.WriteFile(ownerPath(dir), b, 0o600); err != nil {
		return fmt.Errorf("write owner: %w", err)
	}
	return nil
}

// ownDirectory locks dir. A child whose parent is dead is given a moment to
// notice, then ended; a child whose parent lives is left alone and is an error.
func ownDirectory(ctx context.Context, dir string) (*dirlock.Lock, error) {
	const name = "clickhouse.lock"
	wait := func() (*dirlock.Lock, error) {
		short, cancel := context.WithTimeout(ctx, orphanGrace)
		defer cancel()
		return dirlock.Wait(short, dir, name)
	}
	lock, err := wait()
	if !errors.Is(err, dirlock.ErrHeld) {
		return lock, err
	}
	if orphanErr := endOrphan(dir); orphanErr != nil {
		return nil, errors.Join(err, orphanErr)
	}
	return wait() // the lock goes with the last thread of the orphan
}

// endOrphan kills the engine that dir's owner file names, where its command line
// says that it is one of ours and its parent is no longer the one that started it.
func endOrphan(dir string) error {
	b, err := os.ReadFile(ownerPath(dir))
	if err != nil {
		return fmt.Errorf("find who holds %s: %w", dir, err)
	}
	var o owner
	if err := json.Unmarshal(b, &o); err != nil {
		return fmt.Errorf("read who holds %s: %w", dir, err)
	}
	parent, line, err := process(o.Pid)
	if err != nil {
		return fmt.Errorf("look at process %d, which holds %s: %w", o.Pid, dir, err)
	}
	if !strings.Contains(line, childArgument) || !strings.Contains(line, dir) {
		return fmt.Errorf("process %d is not an engine on %s", o.Pid, dir)
	}
	if parent == o.Parent {
		return fmt.Errorf("process %d, started by process %d, still runs", o.Pid, o.Parent)
	}
	if err := syscall.Kill(o.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end orphan %d: %w", o.Pid, err)
	}
	return nil
}
