// Package interaction reads who touched what and when, from a shop's tables or a published data set, and cuts it into
// what is learnt from and what judges. It is not for live events: the service reads those from its topic.
//
// Read are (docs/recommendation-evaluation.md) rows of (user or session, item[, time][, value]) as CSV, NDJSON, a JSON array or Parquet, with a header or as published sets are without
// one; one session a line as a JSON array; one basket a line as names between commas; one user a line with what he took; the forms of the Netflix Prize and of MIND. All may be packed (gzip, zip, ...).
//
// Invariants, each with its test:
//   - a row that cannot be read is a Fault with its line, and every other row is read (TestABadRowCostsItself, TestABadLineCostsItself);
//   - ids are dense from 0 in the order in which they appear, and names give them back (TestNamesGiveBackWhatTheyTook);
//   - a cut never puts an event of the judged part before one that was learnt from, by time or by order (TestACutByTimeLearnsNothingFromLater,
//     TestTheLastSessionsJudge).
package interaction

// Names turns texts into dense numbers from 0, in the order in which they appear. The zero value is empty.
type Names struct {
	at    map[string]int32
	texts []string
}

// ID gives a text's number, a new one when it was not there.
func (n *Names) ID(text string) int32 {
	if id, ok := n.at[text]; ok {
		return id
	}
	if n.at == nil {
		n.at = map[string]int32{}
	}
	id := int32(len(n.texts))
	n.at[text] = id
	n.texts = append(n.texts, text)
	return id
}

// Find gives a text's number, and false when it has none.
func (n *Names) Find(text string) (int32, bool) {
	id, ok := n.at[text]
	return id, ok
}

// Text gives a number's text.
func (n *Names) Text(id int32) string { return n.texts[id] }

// Len is how many texts there are.
func (n *Names) Len() int { return len(n.texts) }

// Event is one touch. Times are Unix milliseconds; 0 where the file has none. Value is 1 where the file has none.
type Event struct {
	User, Item int32
	AtMs       int64
	Value      float32
}

// Fault is a row that was not taken. Line is 0 where a file has no lines; Row counts from 1.
type Fault struct {
	Row, Line int64
	Reason    string
}

// Log is what a file holds.
type Log struct {
	Users, Items *Names
	// Events in the file's order.
	Events []Event
	// Timed says that the file has times. Without them order is what the file has.
	Timed bool
	// Valued says that the file has values.
	Valued bool
	// Bad is how many rows were not taken, and Faults tells the first of them.
	Bad    int64
	Faults []Fault
	// Low is how many rows were left out because their value was below Options.MinValue.
	Low int64
	// Other is how many rows were left out by Options.Only.
	Other int64
	// As tells how the last file was read: its shape, or which columns were taken for what.
	As string
	// Sessions says that the last file tells sessions or baskets and no users, and Rated that its values are ratings.
	Sessions, Rated bool
}

// NewLog is an empty log.
func NewLog() *Log { return &Log{Users: &Names{}, Items: &Names{}} }

// maxFaults is how many faults are told one by one.
const maxFaults = 20

func (l *Log) fault(row, line int64, reason string) {
	l.Bad++
	if len(l.Faults) < maxFaults {
		l.Faults = append(l.Faults, Fault{row, line, reason})
	}
}

// Session is what one user or session touched, oldest first. At is nil where there are no times.
type Session struct {
	User   int32
	Items  []int32
	Values []float32
	At     []int64
}

// End is the time of the last touch.
func (s *Session) End() int64 {
	if len(s.At) == 0 {
		return 0
	}
	return s.At[len(s.At)-1]
}
