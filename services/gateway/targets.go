package gateway

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// target is a service behind the gateway.
type target struct {
	name      string // as in the configuration
	addresses []string
	file      protoreflect.FileDescriptor
}

func (u Upstreams) all() []target {
	return []target{
		{"identity", u.Identity, identityv1.File_freshet_identity_v1_identity_proto},
		{"feature", u.Feature, featurev1.File_freshet_feature_v1_feature_proto},
		{"segmentation", u.Segmentation, segmentationv1.File_freshet_segmentation_v1_segmentation_proto},
		{"churn", u.Churn, churnv1.File_freshet_churn_v1_churn_proto},
		{"recommendation", u.Recommendation, recommendationv1.File_freshet_recommendation_v1_recommendation_proto},
	}
}

// rules lists a target's methods by their full names, "/package.Service/Method", and its services. A method that takes a stream is an
// error: the gateway forwards one request, and one answer or a stream of them.
func (t target) rules(u *upstream) (rules map[string]rule, services []string, err error) {
	rules = map[string]rule{}
	for i := range t.file.Services().Len() {
		s := t.file.Services().Get(i)
		services = append(services, string(s.FullName()))
		for j := range s.Methods().Len() {
			m := s.Methods().Get(j)
			if m.IsStreamingClient() {
				return nil, nil, fmt.Errorf("forward %s: it takes a stream of requests, which the gateway does not forward", m.FullName())
			}
			if rules[fmt.Sprintf("/%s/%s", s.FullName(), m.Name())], err = newRule(u, m); err != nil {
				return nil, nil, err
			}
		}
	}
	return rules, services, nil
}
