package collector

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/grpc/metadata"
)

// retried says that the client tells it has sent the request before: Segment's clients leave the header out at first and count in it then.
func retried(h http.Header) bool { return count(h.Get("X-Retry-Count")) > 0 }

// retriedRPC is the same of gRPC, whose clients say so by themselves.
func retriedRPC(ctx context.Context) bool {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, v := range md.Get("grpc-previous-rpc-attempts") {
		if count(v) > 0 {
			return true
		}
	}
	return false
}

func count(text string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(text)) // 0 when it is no number
	return n
}
