package standalone

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/embedded/dirlock"
)

// PasswordFile is the file in the data directory with the password of the user who reads ClickHouse: made once, so that
// dashboards go on after a restart. Deleting it makes a new one at the next start.
const PasswordFile = "clickhouse-password"

// keptPassword is the password in PasswordFile, made when there is none. The directory must be locked.
func keptPassword(dir string) (string, error) {
	path := filepath.Join(dir, PasswordFile)
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read ClickHouse's password: %w", err)
	}
	password := strings.TrimSpace(string(b))
	if password == "" { // also what a death in the middle of the first writing leaves
		password = rand.Text()
		if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
			return "", fmt.Errorf("keep ClickHouse's password: %w", err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil { // whoever wrote it
		return "", fmt.Errorf("keep ClickHouse's password to ourselves: %w", err)
	}
	return password, nil
}

// lockGrace is how long a start waits for the directory: the kernel takes a killed stack apart piece by piece, gigabytes of memory
// among them, and the lock is not the first to go.
const lockGrace = 5 * time.Second

func (s *Stack) lockDirectory(ctx context.Context) (*dirlock.Lock, error) {
	const name = "freshet.lock"
	lock, err := dirlock.Acquire(s.cfg.Dir, name)
	if !errors.Is(err, dirlock.ErrHeld) {
		return lock, err
	}
	s.logger.Info("another process has the directory: waiting for its end", "dir", s.cfg.Dir, "at_most", lockGrace.String())
	ctx, cancel := context.WithTimeout(ctx, lockGrace)
	defer cancel()
	return dirlock.Wait(ctx, s.cfg.Dir, name)
}
