package intake

import (
	"strconv"
	"strings"
)

// Retried says that a client has sent a request before, by the count that it sends of its repetitions.
func Retried(count string) bool {
	n, _ := strconv.Atoi(strings.TrimSpace(count)) // 0 when it is no number
	return n > 0
}
