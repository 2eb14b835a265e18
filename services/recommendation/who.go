package recommendation

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// who is a visitor as far as is known.
type who struct {
	// id is the surviving customer's; empty: nobody is known.
	id   string
	view *visitor.View
	// drawn is what the variant is drawn by: the same for the same visitor, known or not.
	drawn string
	// missing says in words what was, and lacks by the metric's words.
	missing []string
	lacks   []string
}

func (w *who) lack(what, format string, args ...any) {
	w.missing = append(w.missing, fmt.Sprintf(format, args...))
	w.lacks = append(w.lacks, what)
}

// told is under which number the list is told: nobody's own where the visitor allows no profile.
func (w *who) told() string {
	if w.view != nil && w.view.Personal || w.view == nil && w.id != "" {
		return w.id
	}
	return number()
}

// number is one that nobody has, in the form of a customer id.
func number() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// who finds out who asks and what is known, within a time. An error is the caller's: what is no reference, or a call that is over.
func (s *Service) who(ctx context.Context, workspace, ref string, within time.Duration) (*who, error) {
	w := &who{}
	if ref == "" {
		w.drawn = number()
		return w, nil
	}
	typ, value, isID, err := customer.ParseRef(ref)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "id: "+err.Error())
	}
	if w.drawn = value; !isID {
		w.drawn = customer.ID(workspace, typ, value, 0) // whom an unknown identifier will become
	}
	short, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	s.identify(short, w, workspace, ref, isID, within)
	if w.id != "" {
		s.read(short, w, workspace, within)
		w.drawn = w.id
	}
	return w, ctx.Err()
}

// identify asks identity. Away, it leaves a customer id as it was given: merges are not known then.
func (s *Service) identify(ctx context.Context, w *who, workspace, ref string, isID bool, within time.Duration) {
	err := status.Error(codes.Unavailable, "there is none")
	id := ""
	if s.deps.Identity != nil {
		id, err = customer.Lookup(ctx, s.deps.Identity, workspace, ref)
	}
	switch code := status.Code(err); {
	case code == codes.OK:
		w.id = id
	case code == codes.NotFound:
		w.missing = append(w.missing, "the visitor is not known")
	case isID:
		w.id = w.drawn
		w.lack(noIdentity, "identity did not answer within %s: the customer id is taken as it is, merges are not known", within)
	default:
		w.lack(noIdentity, "identity did not answer within %s: the visitor counts as unknown", within)
	}
	if err != nil {
		s.deps.Logger.Debug("identity gave no customer", "workspace", workspace, "code", status.Code(err).String())
	}
}

// read reads what the customer did.
func (s *Service) read(ctx context.Context, w *who, workspace string, within time.Duration) {
	if s.deps.Visitors == nil {
		return
	}
	view, err := s.deps.Visitors.View(ctx, workspace, w.id)
	switch {
	case err != nil:
		w.lack(noRecord, "the visitor's record did not answer within %s: the session and the context speak", within)
		s.deps.Logger.Debug("a visitor's record was not read", "workspace", workspace, "error", err)
	case view == nil:
		w.missing = append(w.missing, "nothing is known of the visitor yet")
	default:
		w.view = view
		if view.CustomerID != "" {
			w.id = view.CustomerID
		}
	}
}

// knownMs is when the newest event was received that is known of the visitor; 0: none.
func (w *who) knownMs() int64 {
	if w.view == nil {
		return 0
	}
	return w.view.ReceivedMs
}
