package main

import (
	"reflect"
	"strings"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/churn"
	"github.com/freshet/freshet/services/churn/assembly"
	"github.com/freshet/freshet/services/collector"
	"github.com/freshet/freshet/services/feature"
	"github.com/freshet/freshet/services/gateway"
	"github.com/freshet/freshet/services/identity"
	recommending "github.com/freshet/freshet/services/recommendation/assembly"
	"github.com/freshet/freshet/services/segmentation"
	"github.com/freshet/freshet/services/warehouse"
	"github.com/freshet/freshet/services/watch"
)

// commonType is the configuration that every binary embeds.
const commonType = "pkg/service.Config"

// defaults holds the Default() of every configuration struct that a binary uses,
// by its Go type below the module: "pkg/broker.Config".
func defaults() map[string]any {
	out := map[string]any{}
	for _, v := range []any{
		service.Default(), broker.Default(), clickhouse.Default(), fleet.Config{},
		assembly.Default(), recommending.Default(), churn.Default(), collector.Default(), feature.Default(), gateway.Default(), identity.Default(), segmentation.Default(), warehouse.Default(), watch.Default(),
	} {
		t := reflect.TypeOf(v)
		out[strings.TrimPrefix(t.PkgPath(), module)+"."+t.Name()] = v
	}
	return out
}
