package enrich

// filed are the libraries that write a batch into a file on the device, its sentAt with it, and send that file whenever there is a network,
// days later if need be. The others write sentAt when they send: once, or anew with each repeat.
var filed = []string{"analytics-kotlin", "analytics-swift", "analytics-csharp"}

// Filed reports that the event's library keeps its batches in files, so that an old sentAt is mostly a device that had no network.
func (h *Hints) Filed() bool { return startsWith(str(h.get(h.library), maxText), filed) }
