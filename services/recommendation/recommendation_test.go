package recommendation_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/services/recommendation"
)

func TestSaysWhatToUseInstead(t *testing.T) {
	_, err := (&recommendation.Service{}).Recommend(t.Context(), nil)
	if st := status.Convert(err); st.Code() != codes.Unimplemented || !strings.Contains(st.Message(), "dw.order_items") {
		t.Errorf("got %v", err)
	}
}
