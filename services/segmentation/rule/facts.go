package rule

import featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"

// field is one number of a window.
type field int

const (
	fieldEvents field = iota
	fieldOrders
	fieldQuantity
	fieldSpend
	fieldRefunds
	fieldRefund
	fieldAverageBasket
	fieldCount
)

// fieldNames are the fields as a rule names them, before "_" and the window.
var fieldNames = [fieldCount]string{"events", "orders", "quantity", "spend", "refunds", "refund", "average_basket"}

// decimal says which fields are sums in millionths: a rule writes them in units of the
// currency, or of goods, with decimals.
func (f field) decimal() bool {
	return f == fieldSpend || f == fieldRefund || f == fieldAverageBasket || f == fieldQuantity
}

// windowNames are the windows of a feature set, as docs/features.md lists them.
var windowNames = [...]string{"1h", "24h", "30d", "90d", "365d", "lifetime"}

// moment is one time that a feature set keeps.
type moment int

const (
	momentFirstSeen moment = iota
	momentLastSeen
	momentFirstOrder
	momentLastOrder
	momentCount
)

// momentNames are the moments as a rule names them, after "days_since_" or "hours_since_".
var momentNames = [momentCount]string{"first_seen", "last_seen", "first_order", "last_order"}

// Facts are a feature set laid out for the leaves: look-ups by index, no search.
type Facts struct {
	values  [len(windowNames) * int(fieldCount)]int64
	moments [momentCount]int64
	events  map[string]int64
}

// NewFacts lays out a feature set. The map of event times is shared with it, so the
// set must not change while the facts are used. A missing window counts as zeros.
func NewFacts(fs *featurev1.FeatureSet) *Facts {
	f := &Facts{events: fs.GetLastEventMs()}
	f.moments = [momentCount]int64{fs.GetFirstSeenMs(), fs.GetLastSeenMs(), fs.GetFirstOrderMs(), fs.GetLastOrderMs()}
	for _, w := range fs.GetWindows() {
		i := windowIndex(w.GetWindow())
		if i < 0 {
			continue // A window that no rule can name: a newer feature service.
		}
		copy(f.values[i*int(fieldCount):], []int64{
			w.GetEvents(), w.GetOrders(), w.GetQuantityMicros(), w.GetSpendMicros(),
			w.GetRefunds(), w.GetRefundMicros(), w.GetAverageBasketMicros(),
		})
	}
	return f
}

// windowIndex is the place of a window in windowNames, -1 when there is none.
func windowIndex(name string) int {
	for i, w := range windowNames {
		if w == name {
			return i
		}
	}
	return -1
}
