package freshet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
)

// A shop's export that holds what was given back in a column beside the order, and holds more of it a week later, comes to the right sums, with the
// draft's own mapping: 10, then 25, is 25. Also when the older file comes again, and when nothing is remembered of what was sent.
func TestRefundsInAColumnComeToTheRightSums(t *testing.T) {
	addresses, dir := up(t), t.TempDir()
	export, err := os.ReadFile("bulk/known/testdata/shopify-orders.csv")
	if err != nil {
		t.Fatal(err)
	}
	week := func(n int, refunded string) string {
		text := strings.NewReplacer("USD", "GBP", "25.00,,0.00,Pickup", "80.00,,0.00,Pickup", "Payments,4.00,Mugs", "Payments,"+refunded+",Mugs", "unfulfilled", fmt.Sprint("seen in week ", n)).Replace(string(export))
		path := filepath.Join(dir, fmt.Sprintf("week-%d.csv", n))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first, second := week(1, "10.00"), week(2, "25.00")
	mapping := write(t, "map.yaml", must(t, "import", first, "--infer"))
	imports := func(path, ledger, accepted string) {
		t.Helper()
		out := must(t, "import", path, "--map", mapping, "--addresses-file", addresses, "--ledger", filepath.Join(dir, ledger))
		if err := contains(out, "6 rows read: "+accepted+" events accepted, 0 rows rejected"); err != nil {
			t.Error(err)
		}
	}
	sums := func(refunds, back string) {
		t.Helper()
		testkit.Eventually(t, 30*time.Second, func() error {
			_, out, fault := run(t, "", "features", "get", "email:bo@example.com", "spend_lifetime", "refunds_lifetime", "refund_lifetime", "--addresses-file", addresses)
			return contains(cells(out)+" "+fault, "spend_lifetime 80 ", "refunds_lifetime "+refunds+" ", "refund_lifetime "+back+" ")
		})
	}
	imports(first, "ledger", "5")
	sums("1", "10")
	imports(second, "ledger", "1")
	sums("2", "25")
	imports(week(3, "25.00"), "ledger", "0")
	imports(first, "another ledger", "5")
	imports(second, "a third ledger", "5")
	settled(t, addresses)
	sums("2", "25")
}
