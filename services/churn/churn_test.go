package churn_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/services/churn"
)

func TestSaysWhatToUseInstead(t *testing.T) {
	_, err := (&churn.Service{}).GetChurnScore(t.Context(), nil)
	if st := status.Convert(err); st.Code() != codes.Unimplemented || !strings.Contains(st.Message(), "churn_risk") {
		t.Errorf("got %v", err)
	}
}
