package packed

import "github.com/freshet/freshet/pkg/wire"

// None is the number of an item that this process has no room for: what a file says of it is left out.
const None int32 = -1

// Places gives each item of a bundle, by its place in the bundle's list, the number that it has in this process, or None. No two have the same number.
type Places []int32

// Same are places in which n items have the numbers of the file.
func Same(n int) Places {
	p := make(Places, n)
	for i := range p {
		p[i] = int32(i)
	}
	return p
}

// Size is how long a list by number is that has a place for all of them.
func (p Places) Size() int {
	most := None
	for _, n := range p {
		most = max(most, n)
	}
	return int(most) + 1
}

// Item takes an item, and gives its number or None. One that is not in the list is a fault.
func (p Places) Item(in *wire.Cursor) int32 {
	at := in.Uvarint()
	if at >= uint64(len(p)) {
		in.Fail()
		return None
	}
	return p[at]
}
