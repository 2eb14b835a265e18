package feature

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/testkit"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// history reads a stream whole: rows by the place of what they answer.
func (s *stack) history(client featurev1.FeatureServiceClient, req *featurev1.GetHistoricalFeaturesRequest) (columns []string, rows map[int32][]*featurev1.HistoricalFeatures, err error) {
	in, err := client.GetHistoricalFeatures(s.t.Context(), req)
	if err != nil {
		return nil, nil, err
	}
	rows = map[int32][]*featurev1.HistoricalFeatures{}
	done := 0
	for {
		part, err := in.Recv()
		if errors.Is(err, io.EOF) {
			return columns, rows, nil
		}
		if err != nil {
			return nil, nil, err
		}
		for _, c := range part.GetColumns() {
			columns = append(columns, c.GetName())
		}
		for _, r := range part.GetRows() {
			rows[r.GetRow()] = append(rows[r.GetRow()], r)
		}
		if done += len(part.GetRows()); int64(done) != part.GetDone() {
			return nil, nil, fmt.Errorf("%d rows came, and %d are told to be done", done, part.GetDone())
		}
	}
}

// remembers checks that, once all has arrived, both modes say of now what as_of says, in rows and in a snapshot; of before everything nothing; and that
// nobody is somebody who did nothing.
func (s *stack) remembers(client featurev1.FeatureServiceClient, people []string) {
	s.t.Helper()
	now := time.Now()
	var ids []*featurev1.HistoricalRow
	for _, p := range append(people, "nobody") {
		ids = append(ids, &featurev1.HistoricalRow{Id: "user_id:" + p, AtMs: now.UnixMilli()}, &featurev1.HistoricalRow{Id: "user_id:" + p, AtMs: now.Add(-30 * 24 * time.Hour * 365).UnixMilli()})
	}
	for _, mode := range []featurev1.HistoryMode{featurev1.HistoryMode_HISTORY_MODE_KNOWN, featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME} {
		testkit.Eventually(s.t, soon, func() error {
			columns, rows, err := s.history(client, &featurev1.GetHistoricalFeaturesRequest{Rows: ids, Mode: mode})
			if err != nil {
				return err
			}
			_, all, err := s.history(client, &featurev1.GetHistoricalFeaturesRequest{DatesMs: []int64{now.UnixMilli()}, Mode: mode})
			if err != nil {
				return err
			}
			if len(all[0]) != len(people) {
				return fmt.Errorf("the snapshot has %d customers, want %d", len(all[0]), len(people))
			}
			for i, p := range people {
				want, err := client.GetFeatures(s.t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:" + p, AsOf: timestamppb.New(now)})
				if err != nil {
					return err
				}
				if err := equal(want, columns, rows[int32(2*i)]); err != nil {
					return fmt.Errorf("%s of %s: %w", mode, p, err)
				}
				if before := rows[int32(2*i+1)]; len(before) != 1 || before[0].GetSeen() {
					return fmt.Errorf("%s was seen before everything: %v", p, before)
				}
			}
			if nobody := rows[int32(2*len(people))]; len(nobody) != 1 || nobody[0].GetSeen() {
				return fmt.Errorf("nobody is somebody: %v", nobody)
			}
			return nil
		})
	}
}

// equal holds one row against an answer with as_of.
func equal(want *featurev1.GetFeaturesResponse, columns []string, rows []*featurev1.HistoricalFeatures) error {
	if len(rows) != 1 || !rows[0].GetSeen() || rows[0].GetCustomerId() != want.GetCustomerId() || len(rows[0].GetValues()) != len(columns) {
		return fmt.Errorf("got %d rows, %v; want one of %s", len(rows), rows, want.GetCustomerId())
	}
	for i, name := range columns {
		got, expected := rows[0].GetValues()[i], want.GetValues()[name]
		if _, isTag := want.GetTags()[name]; isTag {
			expected = &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: 1}}
		}
		if expected == nil && got.GetValue() != nil && got.GetCount() == 0 {
			continue // a tag that does not hold
		}
		if expected == nil {
			expected = &featurev1.FeatureValue{}
		}
		if !proto.Equal(got, expected) {
			return fmt.Errorf("%s is %v, want %v", name, got, expected)
		}
	}
	return nil
}

// refusesHistories checks what cannot be asked.
func (s *stack) refusesHistories(client featurev1.FeatureServiceClient) {
	s.t.Helper()
	row := &featurev1.HistoricalRow{Id: "user_id:ada", AtMs: 1}
	for want, req := range map[string]*featurev1.GetHistoricalFeaturesRequest{
		"ask for either":          {},
		"there are 1 of them":     {Rows: []*featurev1.HistoricalRow{row}, DatesMs: []int64{1}},
		"at most 1000":            {DatesMs: make([]int64, 1001)},
		"rows[1]: ":               {Rows: []*featurev1.HistoricalRow{row, {Id: "user_id:ada", AtMs: time.Now().Add(time.Hour).UnixMilli()}}},
		"dates_ms[0]: ":           {DatesMs: []int64{-1 << 62}},
		"no feature or tag":       {DatesMs: []int64{1}, Names: []string{"nothing"}},
		"mode: 9":                 {DatesMs: []int64{1}, Mode: 9},
		"rows[0]: ":               {Rows: []*featurev1.HistoricalRow{{Id: "what is this", AtMs: 1}}},
		"at most 100000 are allo": {Rows: make([]*featurev1.HistoricalRow, 100_001)},
	} {
		if _, _, err := s.history(client, req); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), want) {
			s.t.Errorf("want %q, got %v", want, err)
		}
	}
}
