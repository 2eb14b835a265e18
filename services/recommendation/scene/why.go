package scene

// Why is why an item may not be shown.
type Why uint8

// The reasons, the shop's before the visitor's.
const (
	// Allowed is for an item that may be shown.
	Allowed Why = iota + 1
	// Unknown items are in no catalogue.
	Unknown
	// Removed items were taken off.
	Removed
	// OutOfStock items are sold out.
	OutOfStock
	// OutOfTime items are not valid now.
	OutOfTime
	// ForAdults items are not for this scene.
	ForAdults
	// OtherLanguage items are for others than the scene's.
	OtherLanguage
	// Blocked items stand in the scene's block.
	Blocked
	// Filtered items do not pass the scene's filter.
	Filtered
	// NotAsked items do not pass the request's filter.
	NotAsked
	// Excluded items were excluded by the request.
	Excluded
	// OnPage items are what the page is about.
	OnPage
	// Dismissed items are not wanted by the visitor.
	Dismissed
	// Bought items were bought within the hiding time.
	Bought
	// Seen items were looked at within the hiding time.
	Seen
	// NotLooked items were not looked at any more: too many were refused before.
	NotLooked
)

var whys = [...]string{
	Allowed: "allowed", Unknown: "unknown", Removed: "removed", OutOfStock: "out_of_stock", OutOfTime: "out_of_time", ForAdults: "adult",
	OtherLanguage: "language", Blocked: "blocked", Filtered: "filtered", NotAsked: "not_asked", Excluded: "excluded", OnPage: "on_page",
	Dismissed: "dismissed", Bought: "bought", Seen: "seen", NotLooked: "not_looked",
}

// Whys is how many there are: they are 1 to Whys.
const Whys = int(NotLooked)

func (w Why) String() string {
	if int(w) < len(whys) && whys[w] != "" {
		return whys[w]
	}
	return "none"
}
