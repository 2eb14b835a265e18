// Package candidate is the one small interface behind which every recommendation model stands: asked with what a visitor
// touched, it proposes items with scores and a reason. It knows no model, no catalogue and no rules of a shop.
//
// Items are dense numbers from 0, which package interaction gives: models index arrays by them.
//
// Invariants, each with its test:
//   - a list is sorted by score, higher first, and equal scores by item: the same question gives the same list
//     (TestBestKeepsWhatSortingWould);
//   - no item is there twice, none that Query.Skip refuses, none with a score of 0 or less (TestBoardAddsUp).
package candidate

// Kind says which thought led to a candidate. It is a closed set: a reason in words is made of it elsewhere.
type Kind uint8

const (
	// Popular items are what most take: no taste was asked.
	Popular Kind = iota + 1
	// Again items are what the visitor took before.
	Again
	// Session items came next in sessions that resemble this one.
	Session
	// Neighbour items are taken by those who took Reason.Because.
	Neighbour
	// Taste items follow from all that the visitor ever took.
	Taste
	// Rule items follow from an association rule.
	Rule
	// AlsoViewed items are looked at by those who look at Reason.Because.
	AlsoViewed
	// AlsoBought items are bought by those who buy Reason.Because.
	AlsoBought
	// Together items are in one basket with Reason.Because.
	Together
	// Alike items are taken by visitors who resemble this one.
	Alike
	// Content items are described as Reason.Because is.
	Content
	// Trending items are taken more now than they were.
	Trending
	// Due items are used up by now: the visitor buys them again and again.
	Due
	// Browsed items were looked at often and never bought.
	Browsed
	// CartLeft items lie in a cart that was left.
	CartLeft
	// BrandLoyal items are of a brand that the visitor is loyal to.
	BrandLoyal
	// Seasonal items are what is given at this time of the year.
	Seasonal
	// Arrived items are new in a category that the visitor favours.
	Arrived
	// Dropped items were looked at and cost less now.
	Dropped
	// Accessory items go with Reason.Because, which was bought.
	Accessory
	// Listed items stand in the scene's own list.
	Listed
	// Pinned items were put there by the shop.
	Pinned
)

var kinds = [...]string{
	Popular: "popular", Again: "again", Session: "session", Neighbour: "neighbour", Taste: "taste", Rule: "rule", AlsoViewed: "also_viewed",
	AlsoBought: "also_bought", Together: "bought_together", Alike: "alike", Content: "content", Trending: "trending", Due: "due", Browsed: "browsed",
	CartLeft: "cart_left", BrandLoyal: "brand", Seasonal: "season", Arrived: "arrived", Dropped: "price_dropped", Accessory: "accessory", Listed: "listed", Pinned: "pinned",
}

// Kinds is how many there are: they are 1 to Kinds.
const Kinds = int(Pinned)

func (k Kind) String() string {
	if int(k) < len(kinds) && kinds[k] != "" {
		return kinds[k]
	}
	return "unknown"
}

// Nothing is Reason.Because where no item of the visitor's led to the candidate.
const Nothing int32 = -1

// Reason is why an item is proposed.
type Reason struct {
	Kind Kind
	// Because is the item of the visitor's history that gave most of the score; Nothing where none did.
	Because int32
	// Share of the score that Because gave, 0 to 1.
	Share float32
}

// Candidate is an item that a model proposes. Scores of one answer can be compared with each other, not with those of another model.
type Candidate struct {
	Item   int32
	Score  float64
	Reason Reason
}

// Query is what a model is asked with.
type Query struct {
	// History is what the visitor touched, oldest first; an item may be there several times. Models of sessions want the session alone.
	History []int32
	// Values says how much each of History counts, such as a rating or a quantity. Nil means 1 each.
	Values []float32
	// Times are when History was touched, in Unix milliseconds. Nil where that is not known.
	Times []int64
	// AtMs is the time of the question, in Unix milliseconds, for models whose knowledge fades. Zero means the newest time that the model has seen.
	AtMs int64
	// K is how many candidates are wanted at most. Zero or less gives none.
	K int
	// Skip refuses items: taken before, out of stock, blocked. Nil refuses none.
	Skip func(item int32) bool
}

// Value of the i-th of History.
func (q *Query) Value(i int) float64 {
	if q.Values == nil {
		return 1
	}
	return float64(q.Values[i])
}

// Refused says whether Skip refuses an item.
func (q *Query) Refused(item int32) bool { return q.Skip != nil && q.Skip(item) }

// Source is a model. Many goroutines may ask at once.
type Source interface {
	// Candidates appends at most q.K candidates to dst, best first. An item of the history that the model does not know is passed over.
	Candidates(dst []Candidate, q *Query) []Candidate
}
