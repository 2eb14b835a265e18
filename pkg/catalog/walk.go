package catalog

import "github.com/freshet/freshet/pkg/wire"

// Walk calls f with every number and text that is there, in the order of positions, in one pass: what Int and Text give one by one. text is a view of v's bytes; lists are
// stepped over. It says false where v is read by another layout than l, or is damaged: f then saw nothing, or not all (TestAWalkSeesWhatIsThere).
func (v Vector) Walk(l *Layout, f func(position int, n int64, text []byte)) bool {
	if v.onto != nil || v.layout != l {
		return false
	}
	c := wire.Read(v.raw)
	for start := 0; c.Left() > 0; start += groupOf {
		mask, in := nextGroup(&c)
		group := wire.Read(in)
		for i := start; mask != 0; i, mask = i+1, mask>>1 {
			switch {
			case mask&1 == 0:
				continue
			case i >= len(l.Fields):
				return false
			}
			switch k := l.Fields[i].Kind; k {
			case KindText:
				if text := group.Bytes(); !group.Failed() {
					f(i, 0, text)
				}
			case KindList:
				group.Bytes()
			default:
				if n := group.Varint(); !group.Failed() {
					f(i, n, nil)
				}
			}
		}
		if group.Done() != nil {
			return false
		}
	}
	return !c.Failed()
}
