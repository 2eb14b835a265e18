package decode

import "time"

// Clock says which event times are believed, and which are mended.
type Clock struct {
	// SkewThreshold is how far a client's sentAt may be from the time of receipt: that is the network. Further ahead its clock is wrong,
	// and its event times are moved by the difference; further behind it is wrong, or the request came late: see the next two. Above 0.
	SkewThreshold time.Duration `koanf:"skew_threshold"`
	// DoubtLimit is how long a client is believed to send the same request again and again without saying so: a sentAt that is behind by
	// no more is a late delivery, which moves nothing, and by more a wrong clock, unless something else is known. Above 0.
	DoubtLimit time.Duration `koanf:"doubt_limit"`
	// LateLimit is how late a request may be that says so (X-Retry-Count), whose client keeps batches in files, or whose sender's clock was
	// right a moment ago: a sentAt that is behind by more is a wrong clock all the same. At least doubt_limit.
	LateLimit time.Duration `koanf:"late_limit"`
	// MaxAge is how old a live event may be; older ones are quarantined as too_old.
	MaxAge time.Duration `koanf:"max_age"`
	// MaxFuture is how far ahead a live event may be: it then happens at receipt; further ones are quarantined as in_future.
	MaxFuture time.Duration `koanf:"max_future"`
	// ImportLive is how long ago an event that comes to /v1/import may have happened and be live: Segment's clients for Ruby, Java and
	// Android send there what happens now. Older ones are history, and so is everything sent to /v1/import?history=true. Zero means that
	// everything sent there is history.
	ImportLive time.Duration `koanf:"import_live"`
}

// DefaultClock is for Segment's clients: their clocks, their repeats and the files they keep.
func DefaultClock() Clock {
	return Clock{
		SkewThreshold: 5 * time.Minute, DoubtLimit: 30 * time.Minute, LateLimit: 30 * 24 * time.Hour,
		MaxAge: 30 * 24 * time.Hour, MaxFuture: time.Hour, ImportLive: time.Hour,
	}
}
