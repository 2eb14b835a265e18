package customer_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

func TestParseRef(t *testing.T) {
	id := customer.ID("default", "user_id", "42", 0)
	tests := map[string]struct {
		ref, typ, value string
		isID            bool
		fault           string
	}{
		"a customer id":                                 {ref: id, value: id, isID: true},
		"a customer id in capitals":                     {ref: strings.ToUpper(id), value: id, isID: true},
		"an identifier":                                 {ref: "user_id:42", typ: "user_id", value: "42"},
		"a value with colons":                           {ref: "urn:isbn:123", typ: "urn", value: "isbn:123"},
		"a value with slash and %":                      {ref: "user_id:a/b%2F", typ: "user_id", value: "a/b%2F"},
		"normalised as when it came in":                 {ref: "email: Ann@Example.com ", typ: "email", value: "ann@example.com"},
		"an id of a user that looks like a customer id": {ref: "user_id:" + id, typ: "user_id", value: id},
		"no colon":                                      {ref: "42", fault: `"42" is no customer: give a customer id (32 hexadecimal digits) or type:value, such as user_id:42`},
		"empty":                                         {ref: "", fault: `"" is no customer`},
		"no type":                                       {ref: ":42", fault: `"" is no identifier type`},
		"a type in capitals":                            {ref: "UserId:42", fault: `"UserId" is no identifier type`},
		"no value":                                      {ref: "user_id: ", fault: `"user_id:" names nobody`},
		"a long value":                                  {ref: "user_id:" + strings.Repeat("x", 256), fault: "the value of user_id has 256 bytes"},
		"invalid UTF-8":                                 {ref: "user_id:\xff", fault: "the value is not valid UTF-8"},
		"a long nonsense":                               {ref: strings.Repeat("x", 9999), fault: strings.Repeat("x", 80) + `..." is no customer`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			typ, value, isID, err := customer.ParseRef(test.ref)
			if (err != nil) != (test.fault != "") || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Fatalf("failed with %v, want %q", err, test.fault)
			}
			if typ != test.typ || value != test.value || isID != test.isID {
				t.Errorf("got %q %q %t", typ, value, isID)
			}
		})
	}
}

// directory is an identity service that knows one customer.
type directory struct {
	identityv1.UnimplementedIdentityServiceServer
	alive, merged string
}

func (d *directory) Resolve(_ context.Context, r *identityv1.ResolveRequest) (*identityv1.ResolveResponse, error) {
	switch r.GetIdentifiers()[0].GetValue() {
	case "42":
		return &identityv1.ResolveResponse{CustomerId: d.alive}, nil
	case "down":
		return nil, status.Error(codes.Unavailable, "not owner: restoring")
	}
	return nil, status.Error(codes.NotFound, "nobody")
}

func (d *directory) GetCustomer(_ context.Context, r *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
	if r.GetId() != d.alive && r.GetId() != d.merged {
		return nil, status.Error(codes.NotFound, "nobody")
	}
	return &identityv1.GetCustomerResponse{Customer: &identityv1.Customer{CustomerId: d.alive}}, nil
}

func TestLookup(t *testing.T) {
	d := &directory{alive: customer.ID("default", "user_id", "42", 0), merged: customer.ID("default", "anonymous_id", "a", 0)}
	client := serve(t, d)
	tests := map[string]struct {
		ref  string
		want string
		code codes.Code
		text string
	}{
		"an identifier":             {ref: "user_id:42", want: d.alive},
		"an id":                     {ref: d.alive, want: d.alive},
		"an id that was merged":     {ref: d.merged, want: d.alive},
		"an unknown id":             {ref: strings.Repeat("0", 32), code: codes.NotFound, text: `no customer is known as "00000000000000000000000000000000" in workspace "default"`},
		"an unknown identifier":     {ref: "user_id:43", code: codes.NotFound, text: `no customer is known as "user_id:43" in workspace "default"`},
		"no reference":              {ref: "42", code: codes.InvalidArgument, text: `"42" is no customer: give a customer id (32 hexadecimal digits) or type:value, such as user_id:42`},
		"identity cannot answer it": {ref: "user_id:down", code: codes.Unavailable, text: `ask identity for "user_id:down": not owner: restoring`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := customer.Lookup(t.Context(), client, "", test.ref)
			if got != test.want || status.Code(err) != test.code || err != nil && status.Convert(err).Message() != test.text {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func serve(t *testing.T, d identityv1.IdentityServiceServer) identityv1.IdentityServiceClient {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	identityv1.RegisterIdentityServiceServer(server, d)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return identityv1.NewIdentityServiceClient(conn)
}
