package money

// Signs is the table of signs.
func Signs() map[string]string { return signs }
