package simulator

// noUser marks a node without a user id.
const noUser = int32(-1)

// graph is who is who as the sent events tell it, in the order they were sent: identifiers are nodes, an event links its own. Two user ids
// never become one; an identifier that would tie them stays where it is. It counts what a right identity service ends with.
type graph struct {
	parent []int32
	size   []int32
	user   []int32 // of a root: the person whose user id is in the component
	seen   []bool
	// customers is the number of components with a seen identifier; merges the times that two of them became one.
	customers, merges int64
}

func (g *graph) add(user int32) int32 {
	g.parent = append(g.parent, int32(len(g.parent)))
	g.size = append(g.size, 1)
	g.user = append(g.user, user)
	g.seen = append(g.seen, false)
	return int32(len(g.parent) - 1)
}

func (g *graph) root(n int32) int32 {
	for g.parent[n] != n {
		g.parent[n] = g.parent[g.parent[n]]
		n = g.parent[n]
	}
	return n
}

// link takes the identifiers of one event, at most three, the strongest first.
func (g *graph) link(nodes []int32) {
	var fresh [3]bool
	for i, n := range nodes {
		if fresh[i] = !g.seen[n]; fresh[i] {
			g.seen[n] = true
			g.customers++
		}
	}
	for i, n := range nodes[1:] {
		if !g.join(nodes[0], n) {
			continue
		}
		g.customers--
		if !fresh[0] && !fresh[i+1] {
			g.merges++
		}
		fresh[0] = fresh[0] && fresh[i+1]
	}
}

// join makes one component of two and says whether that changed anything.
func (g *graph) join(a, b int32) bool {
	a, b = g.root(a), g.root(b)
	if a == b || g.user[a] != noUser && g.user[b] != noUser {
		return false
	}
	if g.size[a] < g.size[b] {
		a, b = b, a
	}
	g.parent[b] = a
	g.size[a] += g.size[b]
	if g.user[a] == noUser {
		g.user[a] = g.user[b]
	}
	return true
}

// same says whether two identifiers name one customer.
func (g *graph) same(a, b int32) bool { return g.root(a) == g.root(b) }
