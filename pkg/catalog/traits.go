package catalog

import (
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/catalog/expr"
)

// Told is one trait as an event told it.
type Told struct{ Name, Text string }

// After says whether k replaces o, the same trait told before: it is later; at one time the larger text stands, then the larger source.
func (k Keyed) After(o Keyed) bool {
	if k.AtMs != o.AtMs {
		return k.AtMs > o.AtMs
	}
	if c := strings.Compare(k.Text, o.Text); c != 0 {
		return c > 0
	}
	return k.Source > o.Source
}

// TellTrait notes a trait in a list in the order of Later, which holds a name at most once and at most MaxTraits of them.
func TellTrait(list []Keyed, x Keyed) []Keyed {
	if i := slices.IndexFunc(list, func(k Keyed) bool { return k.Key == x.Key }); i >= 0 {
		if !x.After(list[i]) {
			return list
		}
		list = slices.Delete(list, i, i+1)
	}
	return KeepLatest(list, x, MaxTraits)
}

// KeepLatest puts x, whose key is not in it, into a list in the order of Later and of at most n.
func KeepLatest(list []Keyed, x Keyed, n int) []Keyed {
	at, _ := slices.BinarySearchFunc(list, x, Later)
	if at == n {
		return list
	}
	list = slices.Insert(list, at, x)
	return list[:min(len(list), n)]
}

// personal are the traits that name a person or say where to reach them, without case, spaces, points, hyphens and underscores.
var personal = []string{"address", "birthday", "birthdate", "dateofbirth", "dob", "email", "emailaddress", "firstname", "fullname", "givenname", "idcard",
	"lastname", "familyname", "middlename", "mobile", "mobilephone", "name", "nickname", "passport", "phone", "phonenumber", "postalcode", "ssn",
	"street", "surname", "taxid", "username", "wechat", "openid", "unionid", "zip", "zipcode"}

// PersonalTrait says whether a trait names a person: it stays in the profile and goes nowhere else, and the profile masks it.
func PersonalTrait(name string) bool {
	plain := strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	_, found := slices.BinarySearch(sortedPersonal, plain)
	return found
}

var sortedPersonal = slices.Sorted(slices.Values(personal))

// TraitsOf reads the traits of an identify call: those that are a text of 1 to MaxKeyBytes bytes, a number below 2^53 that is whole, or a truth value,
// as package expr reads a member as a text; names of the same length. Of a name that stands twice the first counts.
func TraitsOf(json []byte) []Told {
	var out []Told
	expr.EachText(json, func(name, text string) {
		if name != "" && len(name) <= MaxKeyBytes {
			out = append(out, Told{Name: name, Text: text})
		}
	})
	return out
}
