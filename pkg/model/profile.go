package model

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ProfileFile is the name of a version's file that holds its Profile.
const ProfileFile = "profile.json"

// profileLayout is the number of the form below. See docs/state-formats.md.
const profileLayout = 1

// Profile is what the rows of training looked like, column by column, and what the model said of them: that with which live values are compared.
type Profile struct {
	// Layout is the number of the file's form.
	Layout int `json:"layout"`
	// Columns are the model's inputs.
	Columns []Bins `json:"columns"`
	// Scores are what the model said of rows that it had not trained on.
	Scores Bins `json:"scores"`
}

// NewProfile is empty. The scores are those of rows that the model has not trained on: of its own rows it is too sure.
func NewProfile(scores []float64) *Profile {
	return &Profile{Layout: profileLayout, Scores: NumberBins("", scores)}
}

// Number adds a column of numbers; missing is NaN.
func (p *Profile) Number(name string, values []float64) {
	p.Columns = append(p.Columns, NumberBins(name, values))
}

// Category adds a column of text; missing is empty.
func (p *Profile) Category(name string, values []string) {
	p.Columns = append(p.Columns, CategoryBins(name, values))
}

// Encode writes the file.
func (p *Profile) Encode() ([]byte, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode a profile of %d columns: %w", len(p.Columns), err)
	}
	return data, nil
}

// DecodeProfile reads the file. What is not ours is an error that says so.
func DecodeProfile(data []byte) (*Profile, error) {
	p := &Profile{}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("decode %s: %w", ProfileFile, err)
	}
	if p.Layout != profileLayout {
		return nil, fmt.Errorf("decode %s: it has layout %d, and this release reads %d: train anew", ProfileFile, p.Layout, profileLayout)
	}
	if p.Scores.Category {
		return nil, fmt.Errorf("decode %s: the scores are no numbers", ProfileFile)
	}
	for _, b := range append([]Bins{p.Scores}, p.Columns...) {
		if err := b.check(); err != nil {
			return nil, fmt.Errorf("decode %s: %w", ProfileFile, err)
		}
	}
	return p, nil
}
