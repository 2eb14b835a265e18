package graph

import (
	"fmt"
	"slices"

	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"

	"github.com/freshet/freshet/pkg/customer"
)

// Merge says that a customer id went out of use: one Mapping each.
type Merge struct {
	From, To ID
	// Epoch is the log offset of the operation.
	Epoch int64
}

// Result is what an operation did.
type Result struct {
	// Created says that the operation made a customer; Linked counts the identifiers
	// that were unknown before. Both are zero for a repeated operation.
	Created bool
	Linked  int
	// Merges lists every id that changed its meaning: the losers and, flattened, all
	// ids that had been merged into them.
	Merges []Merge
	// Dropped lists the identifiers that a rule stopped.
	Dropped []Dropped
}

// Apply folds one record of identity.log.v1 into the state. The offsets of
// successive calls must grow. Applying a record that says nothing new changes
// nothing. An error means that the store failed or holds bytes that Apply never
// wrote; the caller must discard the writes of this call and stop.
func (g Graph) Apply(s Store, op *identityv1.LogRecord, offset int64) (Result, error) {
	p, err := g.newPlan(s, statementOf(op))
	if err != nil {
		return Result{}, fmt.Errorf("plan log record %d: %w", offset, err)
	}
	res := Result{Dropped: p.dropped()}
	if p.settled() {
		return res, nil
	}
	w := &writer{store: s, plan: p, offset: offset, provenance: Provenance{
		EventID: op.GetEventId(), ReceivedMS: op.GetReceivedMs(),
		RawPartition: op.GetRawPartition(), RawOffset: op.GetRawOffset(),
	}}
	if err := w.write(&res); err != nil {
		return Result{}, fmt.Errorf("apply log record %d: %w", offset, err)
	}
	return res, nil
}

// writer carries out a plan.
type writer struct {
	store      Store
	plan       *plan
	offset     int64
	provenance Provenance
	survivor   owner
}

func (w *writer) write(res *Result) error {
	if len(w.plan.owners) == 0 {
		if err := w.create(); err != nil {
			return err
		}
		res.Created = true
	} else {
		w.survivor = w.plan.owners[0]
		for _, loser := range w.plan.owners[1:] {
			merges, err := w.merge(loser)
			if err != nil {
				return fmt.Errorf("merge %s into %s: %w", loser.id, w.survivor.id, err)
			}
			res.Merges = append(res.Merges, merges...)
		}
	}
	res.Linked = w.link()
	w.refuse()
	if w.plan.remember {
		w.store.Set(aliasKey(w.plan.said.Workspace, w.plan.said.Previous), aliasRow{target: w.plan.accepted[0].Identifier, provenance: w.provenance}.encode())
	}
	row := &w.survivor.row
	row.identifiers, row.merges, row.uniques = w.plan.identifiers, w.plan.merges, w.plan.uniques
	w.store.Set(customerKey(spaceCustomer, w.plan.said.Workspace, w.survivor.id), row.encode())
	return nil
}

// create names a new customer after the anchor. An id that was in use before, by a
// customer that lost the anchor, is not used again: the epoch grows.
func (w *writer) create() error {
	anchor := w.plan.accepted[0]
	for epoch := int64(0); ; epoch++ {
		id, err := ParseID(customer.ID(w.plan.said.Workspace, anchor.Type, anchor.Value, epoch))
		if err != nil {
			return err
		}
		_, taken, err := readCustomer(w.store, w.plan.said.Workspace, id)
		if err != nil {
			return err
		}
		if !taken {
			w.survivor = owner{id: id, row: customerRow{firstOffset: w.offset, createdMS: w.provenance.ReceivedMS}}
			return nil
		}
	}
}

// link writes the rows of identifiers that are new or have changed.
func (w *writer) link() (linked int) {
	workspace, id := w.plan.said.Workspace, w.survivor.id
	for _, c := range w.plan.accepted {
		if !c.touched {
			continue
		}
		row := c.row
		row.id = id
		w.store.Set(appendIdentifierKey(nil, workspace, c.Identifier), row.encode())
		if c.known {
			continue
		}
		linked++
		w.store.Set(linkedKey(workspace, id, w.offset, c.index),
			linkedRow{identifier: c.Identifier, provenance: w.provenance}.encode())
	}
	return linked
}

// refuse records the links that were stopped and the identifiers that were retired.
func (w *writer) refuse() {
	for _, r := range w.plan.refused {
		if r.touched { // retired by this operation; it stays where it is
			w.store.Set(appendIdentifierKey(nil, w.plan.said.Workspace, r.Identifier), r.row.encode())
		}
		if !r.record {
			continue
		}
		w.store.Set(refusedKey(w.plan.said.Workspace, w.survivor.id, r.Identifier), encodeRefused(r.reason, w.provenance))
		w.survivor.row.refused++
	}
}

// merge moves everything of the loser to the survivor.
func (w *writer) merge(loser owner) ([]Merge, error) {
	if err := w.moveLinked(loser.id); err != nil {
		return nil, err
	}
	gone, err := w.moveMerged(loser.id)
	if err != nil {
		return nil, err
	}
	if err := w.forgetRefused(loser.id); err != nil {
		return nil, err
	}
	row := &w.survivor.row
	row.createdMS = min(row.createdMS, loser.row.createdMS)
	gone = append(gone, loser.id)
	merges := make([]Merge, 0, len(gone))
	for _, from := range gone {
		w.store.Set(customerKey(spaceCustomer, w.plan.said.Workspace, from),
			customerRow{merged: true, into: w.survivor.id, since: w.offset}.encode())
		w.store.Set(mergedKey(w.plan.said.Workspace, w.survivor.id, from), encodeMerged(w.offset))
		merges = append(merges, Merge{From: from, To: w.survivor.id, Epoch: w.offset})
	}
	return merges, nil
}

// entry is a row read before it is moved: Scan must not run beside writes.
type entry struct {
	key, value []byte
}

func (w *writer) collect(prefix []byte) (rows []entry, err error) {
	err = w.store.Scan(prefix, nil, func(key, value []byte) (bool, error) {
		rows = append(rows, entry{key: slices.Clone(key), value: slices.Clone(value)})
		return true, nil
	})
	return rows, err
}

// moveLinked re-points the loser's identifiers and moves their rows.
func (w *writer) moveLinked(loser ID) error {
	workspace := w.plan.said.Workspace
	prefix := customerKey(spaceLinked, workspace, loser)
	rows, err := w.collect(prefix)
	if err != nil {
		return err
	}
	target := customerKey(spaceLinked, workspace, w.survivor.id)
	for _, r := range rows {
		linked, err := decodeLinked(r.value)
		if err != nil {
			return err
		}
		own, _, err := readOwner(w.store, workspace, linked.identifier)
		if err != nil {
			return err
		}
		own.id = w.survivor.id
		w.store.Set(appendIdentifierKey(nil, workspace, linked.identifier), own.encode())
		w.store.Delete(r.key)
		w.store.Set(append(slices.Clone(target), r.key[len(prefix):]...), r.value)
	}
	return nil
}

// moveMerged takes the ids that were merged into the loser earlier.
func (w *writer) moveMerged(loser ID) ([]ID, error) {
	rows, err := w.collect(customerKey(spaceMerged, w.plan.said.Workspace, loser))
	if err != nil {
		return nil, err
	}
	ids := make([]ID, 0, len(rows)+1)
	for _, r := range rows {
		id, err := tailID(r.key)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
		w.store.Delete(r.key)
	}
	return ids, nil
}

// forgetRefused drops the loser's refused links: what still is a conflict will be
// refused again, and recorded, under the survivor's name.
func (w *writer) forgetRefused(loser ID) error {
	rows, err := w.collect(customerKey(spaceRefused, w.plan.said.Workspace, loser))
	if err != nil {
		return err
	}
	for _, r := range rows {
		w.store.Delete(r.key)
	}
	return nil
}
