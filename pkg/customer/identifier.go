package customer

import "cmp"

// The identifier types that have a meaning of their own; any other lower snake
// case name is allowed too.
const (
	TypeUserID      = "user_id"
	TypeEmail       = "email"
	TypePhone       = "phone"
	TypeAnonymousID = "anonymous_id"
)

// CompareTypes orders identifier types by how far they are trusted to name a
// person: user_id, email, phone, the others in alphabetical order, anonymous_id
// last. Negative when a is trusted more.
func CompareTypes(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

func rank(typ string) int {
	switch typ {
	case TypeUserID:
		return 0
	case TypeEmail:
		return 1
	case TypePhone:
		return 2
	case TypeAnonymousID:
		return 4
	}
	return 3
}
