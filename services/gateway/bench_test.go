package gateway_test

import (
	"io"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// The price of the gateway: the same call straight to the service, through the
// gRPC proxy, and as HTTP/JSON; client, gateway and service share the machine.
func BenchmarkGetCustomer(b *testing.B) {
	back := (&backend{getCustomer: echo}).serve(b, "127.0.0.1:0")
	g := run(b, config(back.address))
	direct, err := grpc.NewClient(back.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	defer direct.Close()
	for name, conn := range map[string]*grpc.ClientConn{"direct": direct, "grpc": g.conn} {
		b.Run(name, func(b *testing.B) {
			client := identityv1.NewIdentityServiceClient(conn)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := client.GetCustomer(b.Context(), &identityv1.GetCustomerRequest{Id: "user_id:42"}); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
	b.Run("http", func(b *testing.B) {
		transport := &http.Transport{MaxIdleConnsPerHost: 16}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				resp, err := client.Get(g.url + "/v1/customers/user_id:42/identity")
				if err != nil {
					b.Error(err)
					continue
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	})
}
