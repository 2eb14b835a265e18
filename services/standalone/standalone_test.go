package standalone

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

func TestMain(m *testing.M) {
	embeddedclickhouse.MaybeChild()
	if dir := os.Getenv(childDirVariable); dir != "" {
		runChild(dir)
	}
	testkit.Main(m)
}

const rules = `
endpoints:
  - name: shop
    events: entered
segments:
  - name: big_basket
    description: spent 150 or more within a day
    when: spend_24h >= 150
    alert: shop
`

// TestOneEventAllTheWay follows an order from an HTTP request to every place it must reach.
func TestOneEventAllTheWay(t *testing.T) {
	alerts := make(chan map[string]any, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var alert map[string]any
		if body, err := io.ReadAll(r.Body); err == nil && json.Unmarshal(body, &alert) == nil {
			alerts <- alert
		}
	}))
	defer hook.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "doors", "addresses.json")
	r := start(t, func(c *Config) {
		c.Dir, c.AddressesFile = filepath.Join(dir, "data"), file
		c.Segmentation.Rules = filepath.Join(dir, "rules.yaml")
		if err := os.WriteFile(c.Segmentation.Rules, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes, ok"))
		c.Segmentation.Endpoints = map[string]webhook.Endpoint{"shop": {URL: hook.URL, Secret: secret}}
	})
	checkAddressesFile(t, file, r.addr)

	r.send("/v1/batch",
		event("m1", "identify", "42", map[string]any{"anonymousId": "laptop", "traits": map[string]any{"email": "ada@example.com"}}),
		event("m2", "track", "42", map[string]any{"event": "Product Viewed", "properties": map[string]any{"product_id": "p1"}}),
		order("m3", "42", 180),
		event("m4", "track", "", map[string]any{"event": "no one"}), // no id at all: quarantined
	)
	r.send("/v1/batch", order("m3", "42", 180)) // a client's retry

	r.rows("SELECT count() FROM dw.events", 3)
	r.rows("SELECT count() FROM dw.orders", 1)
	r.rows("SELECT count() FROM dw.order_items", 1)
	customer := r.customer("user_id:42")
	r.rows("SELECT count() FROM dw.events WHERE customer_id = '"+customer+"'", 3)
	r.get("/v1/customers/email:ada@example.com/features", contains(`"spend_24h":{"decimal":"180"}`))
	r.get("/v1/customers/"+customer+"/segments", contains(`big_basket`))
	r.get("/v1/segments/big_basket/members", contains(customer))
	select {
	case alert := <-alerts:
		err := errors.Join(contains(customer)(alert), contains("big_basket")(alert), contains(`"identifiers":[{"type":"user_id","value":"42"}`)(alert),
			contains(`"identifiers_complete":true`)(alert))
		if err != nil || contains("ada@example.com")(alert) == nil { // who it is about, and no address, which nobody asked for
			t.Errorf("alert %v: %v", alert, err)
		}
	case <-time.After(soon):
		t.Error("no alert came")
	}
	r.stop()
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the addresses file is still there: %v", err)
	}
}
