package graph

import (
	"fmt"
	"slices"

	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// maxText is the longest identifier type or value in bytes.
const maxText = 255

// sift parts the identifiers that can be kept from those that cannot. Which values are nobody's name is the collector's to say, by the
// list of the workspace: here such a list could not change without changing what an old log means.
// A repeated one is left out without a word.
func sift(ids []Identifier) (usable []Identifier, unusable []Dropped) {
	for _, id := range ids {
		switch {
		case id.Type == "" || id.Value == "" || len(id.Type) > maxText || len(id.Value) > maxText:
			unusable = append(unusable, Dropped{Identifier: id, Reason: Blocked})
		case !slices.Contains(usable, id):
			usable = append(usable, id)
		}
	}
	return usable, unusable
}

func statementOf(op *identityv1.LogRecord) Statement {
	said := Statement{
		Workspace: op.GetWorkspace(), Identifiers: make([]Identifier, 0, len(op.GetLink())),
		Previous: op.GetAlias().GetPreviousId(), Trusted: op.GetAlias().GetTrusted(), AtMS: op.GetTiedMs(),
		ReceivedMS: op.GetReceivedMs(),
	}
	for _, id := range op.GetLink() {
		said.Identifiers = append(said.Identifiers, Identifier{Type: id.GetType(), Value: id.GetValue()})
	}
	return said
}

func readOwner(s Reader, workspace string, id Identifier) (ownerRow, bool, error) {
	var buf [128]byte
	v, ok, err := s.Get(appendIdentifierKey(buf[:0], workspace, id))
	if err != nil || !ok {
		if err != nil {
			err = fmt.Errorf("read identifier: %w", err)
		}
		return ownerRow{}, false, err
	}
	row, err := decodeOwner(v)
	return row, err == nil, err
}

// readAlias gives what a trusted alias said of a user id.
func readAlias(s Reader, workspace, previous string) (aliasRow, bool, error) {
	v, ok, err := s.Get(aliasKey(workspace, previous))
	if err != nil || !ok {
		if err != nil {
			err = fmt.Errorf("read alias: %w", err)
		}
		return aliasRow{}, false, err
	}
	row, err := decodeAlias(v)
	return row, err == nil, err
}

func readCustomer(s Reader, workspace string, id ID) (customerRow, bool, error) {
	v, ok, err := s.Get(customerKey(spaceCustomer, workspace, id))
	if err != nil || !ok {
		if err != nil {
			err = fmt.Errorf("read customer %s: %w", id, err)
		}
		return customerRow{}, false, err
	}
	row, err := decodeCustomer(v)
	return row, err == nil, err
}

// Answer is what the state says about the identifiers of one event.
type Answer struct {
	// Customer is whose event it is; the zero ID when Settled is false or no identifier is usable.
	Customer ID
	// Settled says that a log record with these identifiers would change nothing.
	// True also when none is usable.
	Settled bool
	// Dropped lists the identifiers that a rule stopped.
	Dropped []Dropped
}

// Lookup says whose event it is that says this. The common case, all identifiers
// known and of one customer, costs one Get each.
func (g Graph) Lookup(s Reader, said Statement) (Answer, error) {
	if said.Previous == "" {
		id, dropped, together, err := sameOwner(s, said.Workspace, said.Identifiers)
		if err != nil {
			return Answer{}, err
		}
		if together {
			return Answer{Customer: id, Settled: true, Dropped: dropped}, nil
		}
	}
	p, err := g.newPlan(s, said)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Settled: p.settled(), Dropped: p.dropped()}
	if a.Settled && len(p.owners) > 0 {
		a.Customer = p.owners[0].id
	}
	return a, nil
}

// sameOwner says whether all usable identifiers are known and of one customer.
func sameOwner(s Reader, workspace string, ids []Identifier) (id ID, dropped []Dropped, together bool, err error) {
	usable, dropped := sift(ids)
	for n, i := range usable {
		row, ok, err := readOwner(s, workspace, i)
		if err != nil || !ok || (n > 0 && row.id != id) {
			return id, dropped, false, err
		}
		id = row.id
	}
	return id, dropped, len(usable) > 0, nil
}

// Owner gives the customer that an identifier belongs to; false when it is unknown.
func (g Graph) Owner(s Reader, workspace string, id Identifier) (ID, bool, error) {
	row, ok, err := readOwner(s, workspace, id)
	return row.id, ok, err
}

// Linked is one identifier of a customer and the event that tied it.
type Linked struct {
	Identifier Identifier
	Provenance Provenance
}

// Customer is all that is known of one customer.
type Customer struct {
	ID ID
	// Identifiers in the order they were linked.
	Identifiers []Linked
	// Merged lists the ids that were merged into this one, in the order of their bytes.
	Merged []ID
	// Refused counts the recorded links that a guard stopped.
	Refused int
	// CreatedMS is when the earliest event was received, Unix milliseconds.
	CreatedMS int64
}

// Customer reads a customer by any id it ever had; false when the workspace has none such.
func (g Graph) Customer(s Reader, workspace string, id ID) (Customer, bool, error) {
	row, ok, err := readCustomer(s, workspace, id)
	if err == nil && ok && row.merged {
		id = row.into
		row, ok, err = readCustomer(s, workspace, id)
	}
	if err != nil || !ok {
		return Customer{}, false, err
	}
	c := Customer{ID: id, Refused: row.refused, CreatedMS: row.createdMS}
	err = s.Scan(customerKey(spaceLinked, workspace, id), nil, func(_, value []byte) (bool, error) {
		r, err := decodeLinked(value)
		c.Identifiers = append(c.Identifiers, Linked{Identifier: r.identifier, Provenance: r.provenance})
		return true, err
	})
	if err != nil {
		return Customer{}, false, fmt.Errorf("read identifiers of %s: %w", id, err)
	}
	err = s.Scan(customerKey(spaceMerged, workspace, id), nil, func(key, _ []byte) (bool, error) {
		from, err := tailID(key)
		c.Merged = append(c.Merged, from)
		return true, err
	})
	if err != nil {
		return Customer{}, false, fmt.Errorf("read merged ids of %s: %w", id, err)
	}
	return c, true, nil
}
