package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/keyfile"
	accessv1 "github.com/freshet/freshet/proto/gen/freshet/access/v1"
)

const (
	// lookEvery is how often the file is looked at. With standsStill it is below a second.
	lookEvery = 750 * time.Millisecond
	// standsStill is how long a changed file must stand still before it is read, standsAtMost how long it is waited for.
	standsStill, standsAtMost = 200 * time.Millisecond, 2 * time.Second
)

// Options say where tokens come from.
type Options struct {
	// File is the tokens file. Empty: none.
	File string
	// MayBeMissing takes a File that is not there for one without tokens, until it comes.
	MayBeMissing bool
	// Inline are tokens beside those of the file.
	Inline []Inline
	// Logger says what became of a changed file.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Tokens are who may read, at every moment. Safe for concurrent use.
type Tokens struct {
	o     Options
	files keyfile.Watch
	ring  atomic.Pointer[keyring]
}

// Load reads the tokens. Without a file and without inline ones there are none, and everything is refused: whoever wants no tokens does
// not ask them.
func Load(o Options) (*Tokens, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	t := &Tokens{o: o}
	return t, t.reload()
}

func (t *Tokens) reload() error {
	ring := keyring{}
	if t.o.File != "" {
		f, err := t.read()
		if err != nil {
			return err
		}
		if err := ring.addFile(f); err != nil {
			return fmt.Errorf("load the tokens of %s: %w", t.o.File, err)
		}
	}
	if err := ring.addInline(t.o.Inline); err != nil {
		return fmt.Errorf("load the tokens: %w", err)
	}
	t.ring.Store(&ring)
	return nil
}

// read reads the file, after noting how it is.
func (t *Tokens) read() (File, error) {
	t.files.Note(t.o.File)
	data, err := keyfile.Read(t.o.File)
	first := t.ring.Load() == nil
	if errors.Is(err, fs.ErrNotExist) && t.o.MayBeMissing && first {
		return File{}, nil
	}
	if err != nil {
		return File{}, fmt.Errorf("read the tokens file: %w: make one with `freshet token add NAME --scope profiles --file FILE`", err)
	}
	if !first && len(bytes.TrimSpace(data)) == 0 { // whoever writes a file in place empties it first
		return File{}, fmt.Errorf("the tokens file %s is empty: to have no tokens, write `tokens: []`", t.o.File)
	}
	return Parse(data, t.o.File, t.o.Now())
}

// Run takes up changes of the file until ctx ends. A faulty file is logged once, and looked at again when it changes.
func (t *Tokens) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if !t.files.Changed() {
			continue
		}
		if !t.files.Settle(ctx, standsStill, standsAtMost) {
			return nil
		}
		if err := t.reload(); err != nil {
			t.o.Logger.Error("the tokens changed and cannot be used: those before them stay", "error", err)
			continue
		}
		t.o.Logger.Info("the tokens changed and are in use", "keys", len(*t.ring.Load()))
	}
}

// Check says whether an Authorization header allows a scope in a workspace; empty means "default". The error is a *Refusal.
func (t *Tokens) Check(authorization string, scope accessv1.Scope, workspace string) error {
	g, err := t.ring.Load().check(authorization, scope, t.o.Now())
	if err != nil {
		return err
	}
	if workspace = customer.Workspace(workspace); g.workspace != EveryWorkspace && g.workspace != workspace {
		return &Refusal{ReasonWorkspace, fmt.Sprintf("the token %s is for the workspace %s, not for %.64q", g.name, g.workspace, workspace)}
	}
	return nil
}

// Know says whether an Authorization header holds a token that works, whatever it may do: for before a request is read. The error is a *Refusal.
func (t *Tokens) Know(authorization string) error {
	_, err := t.ring.Load().find(authorization, t.o.Now())
	return err
}

// Admit says whether an Authorization header allows to watch the process: the scope admin, which only tokens of every
// workspace have. The error is a *Refusal.
func (t *Tokens) Admit(authorization string) error {
	_, err := t.ring.Load().check(authorization, accessv1.Scope_SCOPE_ADMIN, t.o.Now())
	return err
}
