package als

// links are lists of numbers, one behind the other.
type links struct{ ends, list []int32 }

func (l links) len() int { return len(l.ends) }

func (l links) of(i int) []int32 {
	from := int32(0)
	if i > 0 {
		from = l.ends[i-1]
	}
	return l.list[from:l.ends[i]]
}

// linksOf has of each history the distinct items.
func linksOf(histories [][]int32, items int) links {
	all := 0
	for _, h := range histories {
		all += len(h)
	}
	l := links{make([]int32, 0, len(histories)), make([]int32, 0, all)}
	last := make([]int32, items) // the history that had an item last, counted from 1
	for u, h := range histories {
		for _, item := range h {
			if last[item] != int32(u)+1 {
				last[item] = int32(u) + 1
				l.list = append(l.list, item)
			}
		}
		l.ends = append(l.ends, int32(len(l.list)))
	}
	return l
}

// turned has of each of n numbers the lists that have it.
func (l links) turned(n int) links {
	out := links{make([]int32, n), make([]int32, len(l.list))}
	for _, j := range l.list {
		out.ends[j]++
	}
	sum := int32(0)
	for j, count := range out.ends {
		out.ends[j] = sum
		sum += count
	}
	for i := range l.len() {
		for _, j := range l.of(i) {
			out.list[out.ends[j]] = int32(i)
			out.ends[j]++
		}
	}
	return out
}
