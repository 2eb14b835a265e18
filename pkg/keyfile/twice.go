package keyfile

import (
	"fmt"
	"strings"
	"time"
)

// TwiceInOne are the faults of one holder's keys: ids that it has twice, each under its path in the holder.
func TwiceInOne(keys []Key) (faults []error) {
	ids := map[string]bool{}
	for i, k := range keys {
		if ids[k.ID] {
			faults = append(faults, fmt.Errorf("keys[%d].id: %q is used twice", i, k.ID))
		}
		ids[k.ID] = true
	}
	return faults
}

// Twice are the faults between the holders of a file: names and keys that two have, each under its path. list is what the file calls the list of them.
func Twice(list string, holders []Holder) (faults []error) {
	names, hashes := map[string]int{}, map[string]string{}
	for i, h := range holders {
		if first, twice := names[h.Name]; twice {
			faults = append(faults, fmt.Errorf("%s[%d].name: %q is the name of %s[%d] too", list, i, h.Name, list, first))
		} else {
			names[h.Name] = i
		}
		for j, k := range h.Keys {
			at, hash := fmt.Sprintf("%s[%d].keys[%d]", list, i, j), strings.ToLower(k.SHA256)
			if first, twice := hashes[hash]; twice && hash != "" {
				faults = append(faults, fmt.Errorf("%s.sha256: the same key as %s", at, first))
			} else {
				hashes[hash] = at
			}
		}
	}
	return faults
}

// TooManyLive are the faults of holders that have more than MaxLive live keys at a moment.
func TooManyLive(list string, holders []Holder, now time.Time) (faults []error) {
	for i, h := range holders {
		if n := Live(h.Keys, now); n > MaxLive {
			faults = append(faults, fmt.Errorf("%s[%d].keys: %d keys of %s are live, at most %d may be: revoke one", list, i, n, h.Name, MaxLive))
		}
	}
	return faults
}
