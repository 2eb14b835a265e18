package service

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ComeAgain is the answer of a service that what it needs is away: UNAVAILABLE, with the time after which to ask again. It holds for
// every replica: the gateway asks no other one.
func ComeAgain(what string, after time.Duration) error {
	st := status.New(codes.Unavailable, fmt.Sprintf("%s; try again in %s", what, after))
	if detailed, err := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)}); err == nil {
		st = detailed
	}
	return st.Err()
}

// AgainAfter is the time of a ComeAgain; ok is false for any other error.
func AgainAfter(err error) (after time.Duration, ok bool) {
	st, isStatus := status.FromError(err)
	if !isStatus || st.Code() != codes.Unavailable {
		return 0, false
	}
	for _, d := range st.Details() {
		if r, is := d.(*errdetails.RetryInfo); is {
			return r.GetRetryDelay().AsDuration(), true
		}
	}
	return 0, false
}
