package loop

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/customer"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/experiment"
)

// control is the variant that others are compared with.
const control = "control"

// dimensions are what a report can be by, and their columns.
var dimensions = map[string]string{"scene": "scene", "variant": "variant", "model": "model_version", "source": "source", "position": "toString(position)"}

// span is what a report is of.
type span struct {
	workspace, scene string
	from, to         time.Time
	by               []string
}

// asked checks a request.
func (s *Service) asked(req *recommendationv1.GetReportRequest) (w span, err error) {
	now := s.now()
	w = span{workspace: customer.Workspace(req.GetWorkspace()), scene: req.GetScene(), from: now.Add(-30 * 24 * time.Hour), to: now}
	if req.GetFromMs() != 0 {
		w.from = time.UnixMilli(req.GetFromMs())
	}
	if req.GetToMs() != 0 {
		w.to = time.UnixMilli(req.GetToMs())
	}
	if !w.from.Before(w.to) {
		return w, status.Error(codes.InvalidArgument, "from_ms: it is not before to_ms, or now")
	}
	by := req.GetBy()
	if by == "" {
		by = "scene,variant"
	}
	for _, name := range strings.Split(by, ",") {
		name = strings.TrimSpace(name)
		if dimensions[name] == "" || slices.Contains(w.by, name) {
			return w, status.Errorf(codes.InvalidArgument, "by: %q is not one of scene, variant, model, source, position, or there twice", clip(name))
		}
		w.by = append(w.by, name)
	}
	return w, nil
}

// Report is the body of GetReport.
func (s *Service) Report(ctx context.Context, req *recommendationv1.GetReportRequest) (*recommendationv1.GetReportResponse, error) {
	w, err := s.asked(req)
	if err != nil {
		return nil, err
	}
	if s.deps.ClickHouse == nil {
		return nil, status.Error(codes.FailedPrecondition, "reports are counted in ClickHouse, and none is configured: set clickhouse.address for the recommendation service")
	}
	out := &recommendationv1.GetReportResponse{}
	if out.Rows, err = s.rows(ctx, w); err == nil {
		out.Comparisons, err = s.comparisons(ctx, w)
	}
	switch {
	case ctx.Err() != nil:
		return nil, status.FromContextError(ctx.Err()).Err()
	case err != nil && clickhouse.Away(err):
		return nil, status.Error(codes.Unavailable, "ClickHouse is away or too busy: ask again in a moment")
	case err != nil:
		return nil, err
	}
	return out, nil
}

// comparisons compares the variants of each scene that has a control.
func (s *Service) comparisons(ctx context.Context, w span) (list []*recommendationv1.Comparison, err error) {
	scenes, err := s.trials(ctx, w)
	if err != nil {
		return nil, err
	}
	for _, x := range scenes {
		base, ok := x.variants[control]
		if !ok {
			continue
		}
		mismatch := s.mismatch(w.workspace, x)
		for _, name := range x.names {
			if name == control {
				continue
			}
			for _, f := range []experiment.Figure{experiment.Click, experiment.Conversion, experiment.Revenue} {
				list = append(list, comparison(x.scene, name, f, base[f], x.variants[name][f], mismatch))
			}
		}
	}
	return list, nil
}

// mismatch says in words that visitors are not shared out as the scene wants; empty where they are, or where nobody knows how they should be.
func (s *Service) mismatch(workspace string, x *trial) string {
	if s.deps.Shares == nil {
		return ""
	}
	names, shares := s.deps.Shares(workspace, x.scene)
	visitors, any := make([]int64, len(names)), int64(0)
	for i, n := range names {
		visitors[i] = x.variants[n][experiment.Click].Visitors
		any += visitors[i]
	}
	if any == 0 {
		return ""
	}
	return experiment.Mismatch(names, visitors, shares)
}

// comparison writes a verdict down. Where nothing can be said yet, low and high are both 0, and the words say so.
func comparison(scene, variant string, f experiment.Figure, base, arm experiment.Arm, mismatch string) *recommendationv1.Comparison {
	v := experiment.Compare(base, arm)
	c := &recommendationv1.Comparison{
		Scene: scene, Variant: variant, Figure: string(f), Control: v.Control, Value: v.Value, Difference: v.Difference, Uplift: v.Uplift,
		PValue: v.P, Mismatch: mismatch, Words: experiment.Words(variant, f, v),
	}
	if !v.Early {
		c.Low, c.High = v.Low, v.High
	}
	if mismatch != "" {
		c.Words = "do not go by this: " + mismatch
	}
	return c
}
