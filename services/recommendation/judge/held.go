package judge

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/freshet/freshet/services/recommendation/interaction"
)

// told is how much of a held-out user is told.
const told = 0.8

// byUser holds users back whole.
func (s *Set) byUser(l *interaction.Log, test []interaction.Event, p Plan) error {
	if !(p.Share > 0 && p.Share < 1) {
		return fmt.Errorf("a share of %v judges: want above 0 and below 1", p.Share)
	}
	var train, held []interaction.Session
	for _, one := range interaction.Sessions(l.Events, l.Timed) {
		if test == nil && drawn(l.Users.Text(one.User), p.Seed) < p.Share {
			held = append(held, one)
		} else {
			train = append(train, one)
		}
	}
	if test != nil {
		held = interaction.Sessions(test, l.Timed)
	}
	s.learn(train)
	if p.Tell != nil {
		return s.byFiles(held, interaction.Sessions(p.Tell, l.Timed))
	}
	for group, one := range held {
		one = s.known(one)
		first, rest := fold(one, l.Users.Text(one.User), p)
		s.find(&first, rest, group)
	}
	return nil
}

// byFiles asks for what one file has of each user, told what the other has.
func (s *Set) byFiles(held, told []interaction.Session) error {
	tell := map[int32]interaction.Session{}
	for _, one := range told {
		tell[one.User] = one
	}
	for group, one := range held {
		first := s.known(tell[one.User])
		s.find(&first, s.known(one), group)
	}
	return nil
}

// fold parts what a held-out user touched into what is told and what is to be found, each in its order.
func fold(one interaction.Session, user string, p Plan) (first, rest interaction.Session) {
	n := len(one.Items)
	if p.Told != ToldRandom {
		most := int(told * float64(n))
		return part(one, 0, most), part(one, most, n)
	}
	by := make([]int, n)
	chance := make([]float64, n)
	for i := range by {
		by[i], chance[i] = i, drawn(user+"/"+strconv.Itoa(i), p.Seed)
	}
	slices.SortFunc(by, func(a, b int) int { return cmp.Compare(chance[a], chance[b]) })
	hidden := make([]bool, n)
	for _, i := range by[:(n+2)/5] { // a fifth, rounded
		hidden[i] = true
	}
	first.User, rest.User = one.User, one.User
	for i := range one.Items {
		to := &first
		if hidden[i] {
			to = &rest
		}
		to.Items, to.Values = append(to.Items, one.Items[i]), append(to.Values, one.Values[i])
		if one.At != nil {
			to.At = append(to.At, one.At[i])
		}
	}
	return first, rest
}

// leaveLast holds back the last touch of users: all before it is learnt from, of everybody. What others did later is learnt from too, as the papers do.
func (s *Set) leaveLast(l *interaction.Log, test []interaction.Event, p Plan) error {
	if test != nil {
		return errors.New("the last touch of each user judges: a test file is for other protocols")
	}
	if !(p.Share > 0 && p.Share <= 1) {
		return fmt.Errorf("a share of %v judges: want above 0 and at most 1", p.Share)
	}
	all := interaction.Sessions(l.Events, l.Timed)
	train, last := make([]interaction.Session, len(all)), make([]interaction.Session, len(all))
	for i, one := range all {
		n := len(one.Items)
		train[i] = one
		if n > 1 && (p.Share == 1 || drawn(l.Users.Text(one.User), p.Seed) < p.Share) {
			train[i], last[i] = part(one, 0, n-1), part(one, n-1, n)
		}
	}
	s.learn(train)
	for i := range last {
		if len(last[i].Items) > 0 {
			s.find(&s.Train[i], s.known(last[i]), i)
		}
	}
	return nil
}

func part(s interaction.Session, from, to int) interaction.Session {
	out := interaction.Session{User: s.User, Items: s.Items[from:to], Values: s.Values[from:to]}
	if s.At != nil && from < to {
		out.At = s.At[from:to]
	}
	return out
}

// drawn is a number from 0 to 1 that depends on the user and the seed only.
func drawn(user string, seed uint64) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatUint(seed, 10) + "/" + user))
	x := h.Sum64() // mixed, since FNV's high bits of alike texts are alike: splitmix64's end
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}
