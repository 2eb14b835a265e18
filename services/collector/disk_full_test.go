package collector

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/freshet/freshet/pkg/testkit"
)

// The disk under the spool is full: 503 with Retry-After and not ready; with space again events are taken, and
// what was acknowledged before and after is in Kafka.
func TestDiskFull(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("freshet-test", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("no disk to fill: mounting a tmpfs needs root: %v (TestFullSpoolIs503 and the spool's own tests need none)", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	kafka := startLasting(t)
	r := start(t, func(s *setup) { s.kafka, s.cfg.Spool.Dir = kafka.address, filepath.Join(disk, "spool") },
		onePartition, spoolAfter(100*time.Millisecond), ackWithin(500*time.Millisecond))
	t.Cleanup(func() { _ = r.stop() }) // before the disk goes
	kafka.stop()
	pad := strings.Repeat("x", 20<<10)
	var acked []string
	send := func(id string) got {
		g := r.post("/v1/track", fmt.Sprintf(`{"event":"E","userId":"42","messageId":%q,"properties":{"pad":%q}}`, id, pad))
		if g.Status == http.StatusOK {
			acked = append(acked, id)
		}
		return g
	}
	for i := range 10 {
		if g := send(fmt.Sprint("room-", i)); g.Status != http.StatusOK {
			t.Fatalf("with room: %+v", g)
		}
	}
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 4<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	for range 3 {
		if g := send("full"); g.Status != http.StatusServiceUnavailable || g.Error != "spool_full" || g.Header.Get("Retry-After") != "1" {
			t.Errorf("on a full disk: %+v", g)
		}
	}
	testkit.Eventually(t, time.Minute, func() error {
		if r.get("/readyz") == http.StatusOK {
			return errors.New("ready on a full disk without a broker")
		}
		return nil
	})
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if g := send("again"); g.Status != http.StatusOK {
		t.Errorf("with space again: %+v", g)
	}
	testkit.Eventually(t, time.Minute, r.svc.Ready)
	kafka.start()
	r.drained()
	if got := unique(r.ids()); !slices.Equal(got, acked) {
		t.Errorf("acknowledged %v, stored %v", acked, got)
	}
}
