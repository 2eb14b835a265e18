package recommendation

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// Visitors knows what visitors did.
type Visitors interface {
	// View is what is known of a customer; nil: nothing.
	View(ctx context.Context, workspace, customerID string) (*visitor.View, error)
}

// Board has the models of a workspace as they serve now.
type Board interface {
	// Version of the trained ones; empty: there are none.
	Version() string
	// KnownMs is when the newest touch was received that they know, Unix milliseconds; 0: none.
	KnownMs() int64
	// Source finds one by its name; nil: there is none.
	Source(name string) ask.Source
}

// Loop follows what becomes of lists.
type Loop interface {
	scene.Draw
	// NewRequest names a list.
	NewRequest(workspace, customerID string, nowMs int64) string
	// Answered takes a list that was given. It does not wait.
	Answered(*recommendationv1.Answer)
}

// Items changes and reads the catalogue.
type Items interface {
	Upsert(context.Context, *recommendationv1.UpsertItemsRequest) (*recommendationv1.UpsertItemsResponse, error)
	Get(context.Context, *recommendationv1.GetItemRequest) (*recommendationv1.GetItemResponse, error)
}

// Outcomes takes what became of lists, and reports it.
type Outcomes interface {
	Feedback(context.Context, *recommendationv1.RecordFeedbackRequest) (*recommendationv1.RecordFeedbackResponse, error)
	Report(context.Context, *recommendationv1.GetReportRequest) (*recommendationv1.GetReportResponse, error)
}

// Admin answers for what is done to models.
type Admin interface {
	ListModels(context.Context, *recommendationv1.ListModelsRequest) (*recommendationv1.ListModelsResponse, error)
	Train(*recommendationv1.TrainRequest, grpc.ServerStreamingServer[recommendationv1.TrainResponse]) error
	Evaluate(context.Context, *recommendationv1.EvaluateRequest) (*recommendationv1.EvaluateResponse, error)
	Promote(context.Context, *recommendationv1.PromoteRequest) (*recommendationv1.PromoteResponse, error)
	Rollback(context.Context, *recommendationv1.RollbackRequest) (*recommendationv1.RollbackResponse, error)
}

// Deps are what the process gives. Each may be nil: then it is missing, and what needs it says so.
type Deps struct {
	Logger  *slog.Logger
	Metrics prometheus.Registerer
	// Identity says who a visitor is; without it nobody is known.
	Identity identityv1.IdentityServiceClient
	Visitors Visitors
	// Shelf has the items of a workspace; never nil what it gives.
	Shelf func(workspace string) *catalogue.Shelf
	// Board has the models of a workspace; never nil what it gives.
	Board func(workspace string) Board
	// Source finds what no board has, by its name: needs, content. nil: there is none.
	Source func(workspace, name string) ask.Source
	// Ranker of a workspace; nil: sources are blended by their weights.
	Ranker func(workspace string) scene.Ranker
	// Similar compares items of a workspace by what they are.
	Similar func(workspace string) scene.Similar
	// HideUntil is until when an item that was bought then is hidden, by its own time to be bought again; 0: not known.
	HideUntil func(workspace string, item int32, boughtMs int64) int64
	// Cycle is after how many milliseconds people buy an item again; 0: not known.
	Cycle func(workspace string, item int32) int64
	// Rules are the association rules of a workspace, by the shelf's numbers, and of how many baskets they are.
	Rules func(workspace string) (rules []associate.Rule, baskets int)
	Loop  Loop
	// Assign gives the place of a visitor's variant in shares. nil: all have the first.
	Assign func(salt, workspace, customerID string, shares []float64) int
	// ParseFilter reads conditions over items. nil: there are none.
	ParseFilter scene.ParseFilter
	Items       Items
	Outcomes    Outcomes
	Admin       Admin
	Now         func() time.Time
	// Seed of what is drawn for one list. nil: by chance.
	Seed func() uint64
}
