package catalog

// Row is values by position, as conditions look at them. A Vector is the same in bytes.
type Row struct {
	Layout *Layout
	Values []Value
}

// at is the value at a position, nil when it is absent.
func (r Row) at(i int) *Value {
	if i < 0 || i >= len(r.Values) || !r.Values[i].Present {
		return nil
	}
	return &r.Values[i]
}

// Int is the value of every kind but text and list.
func (r Row) Int(i int) (int64, bool) {
	v := r.at(i)
	if k := r.Layout.Fields[i].Kind; k == KindText || k == KindList {
		return 0, false
	}
	if v == nil {
		return 0, r.Layout.Fields[i].Zero
	}
	return v.Int, true
}

// Text is the value of a text.
func (r Row) Text(i int) (string, bool) {
	if v := r.at(i); v != nil && r.Layout.Fields[i].Kind == KindText {
		return v.Text, true
	}
	return "", false
}

// Entry is the entry of a list that has the key.
func (r Row) Entry(i int, key string) (Entry, bool) {
	if v := r.at(i); v != nil {
		for _, e := range v.List {
			if e.Key == key {
				return e, true
			}
		}
	}
	return Entry{}, false
}
