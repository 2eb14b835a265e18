package customer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

var typeName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// ParseRef reads how a request names a customer: a customer id, or "type:value"
// such as "user_id:42", where the value may hold further colons. It returns the
// type and the normalised value, or, with isID, the id as value and no type.
// The error says what a reference looks like.
func ParseRef(ref string) (typ, value string, isID bool, err error) {
	ref = strings.TrimSpace(ref)
	if id := strings.ToLower(ref); IsID(id) {
		return "", id, true, nil
	}
	typ, value, found := strings.Cut(ref, ":")
	if !found {
		return "", "", false, fmt.Errorf(`%q is no customer: give a customer id (32 hexadecimal digits) or type:value, such as user_id:42`, clip(ref))
	}
	if !typeName.MatchString(typ) {
		return "", "", false, fmt.Errorf("%q is no identifier type: use lower case letters, digits and _, such as user_id", clip(typ))
	}
	value = Normalise(typ, value)
	switch {
	case value == "":
		return "", "", false, fmt.Errorf("%q names nobody: the value after the colon is empty", clip(ref))
	case len(value) > 255:
		return "", "", false, fmt.Errorf("the value of %s has %d bytes, more than the 255 an identifier can have", typ, len(value))
	case !utf8.ValidString(value):
		return "", "", false, errors.New("the value is not valid UTF-8")
	}
	return typ, value, false, nil
}

// clip keeps error texts short, whatever was sent.
func clip(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:80], "") + "..."
}

// Lookup asks identity for the surviving id of the customer that ref names. The
// error is a gRPC status: INVALID_ARGUMENT for what is no reference, NOT_FOUND for
// an unknown customer, otherwise identity's own code.
func Lookup(ctx context.Context, identity identityv1.IdentityServiceClient, workspace, ref string) (string, error) {
	typ, value, isID, err := ParseRef(ref)
	if err != nil {
		return "", status.Error(codes.InvalidArgument, err.Error())
	}
	var id string
	if isID {
		var answer *identityv1.GetCustomerResponse
		answer, err = identity.GetCustomer(ctx, &identityv1.GetCustomerRequest{Workspace: workspace, Id: value})
		id = answer.GetCustomer().GetCustomerId()
	} else {
		var answer *identityv1.ResolveResponse
		answer, err = identity.Resolve(ctx, &identityv1.ResolveRequest{
			Workspace: workspace, Identifiers: []*eventv1.Identifier{{Type: typ, Value: value}}})
		id = answer.GetCustomerId()
	}
	switch code := status.Code(err); code {
	case codes.OK:
		return id, nil
	case codes.NotFound:
		return "", status.Errorf(code, "no customer is known as %q in workspace %q", clip(ref), Workspace(workspace))
	default:
		return "", status.Errorf(code, "ask identity for %q: %s", clip(ref), status.Convert(err).Message())
	}
}
