package moment

import "strings"

// MonthsOf are the months that each word means.
func MonthsOf() map[string]map[int]bool {
	out := map[string]map[int]bool{}
	for _, year := range monthNames {
		for i, month := range strings.Split(year, "|") {
			for _, name := range strings.Fields(month) {
				if out[name] == nil {
					out[name] = map[int]bool{}
				}
				out[name][i+1] = true
			}
		}
	}
	return out
}
