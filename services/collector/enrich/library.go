package enrich

import "github.com/freshet/freshet/services/collector/library"

// Filed reports that the event's library keeps its batches in files, so that an old sentAt is mostly a device that had no network.
func (h *Hints) Filed() bool { return library.Files(str(h.get(h.library), maxText)) }
