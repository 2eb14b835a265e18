package collector

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// mutationsVariable says how many mutated bodies TestMutatedBodies tries; `make fuzz` asks for millions.
const mutationsVariable = "FRESHET_MUTATIONS"

// tokens are what a mutation likes to put where it does not belong.
var tokens = []string{
	`{`, `}`, `[`, `]`, `,`, `:`, `"`, `\`, `\"`, `null`, `true`, `NaN`, `-Infinity`, `1e999999999`, `-0`, `0.1`, `99999999999999999999`, `""`, `{}`, `[]`, `"\ud83d"`, `"\u0000"`,
	"\x00", "\xff", "\xed\xa0\x80", "\xef\xbb\xbf", "\n", "\u2028", `,"event":"x"`, `,"userId":null`, `"batch":[`, `"context":{"traits":{"email":"a@b.c"}},`, `"messageId":"m",`, `"timestamp":"0000-00-00",`,
	`{"type":"track","event":"E","userId":"1"},`, `"products":[{"price":"1.005","quantity":-1}],`, `"sentAt":"2026-03-01T11:00:00Z",`, `[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[`,
}

// mutate changes a body in one to four places: bytes flipped, removed, repeated, or taken from another body.
func mutate(r *rand.Rand, bodies []string) []byte {
	body := []byte(bodies[r.IntN(len(bodies))])
	for range 1 + r.IntN(4) {
		if len(body) == 0 {
			return []byte(tokens[r.IntN(len(tokens))])
		}
		at := r.IntN(len(body))
		to := min(len(body), at+1+r.IntN(40))
		switch r.IntN(6) {
		case 0:
			body[at] ^= 1 << r.IntN(8)
		case 1:
			body[at] = byte(r.IntN(256))
		case 2:
			body = append(body[:at], body[to:]...)
		case 3:
			body = insert(body, at, body[at:to])
		case 4:
			body = insert(body, at, []byte(tokens[r.IntN(len(tokens))]))
		case 5:
			other := bodies[r.IntN(len(bodies))]
			if len(other) > 0 {
				from := r.IntN(len(other))
				body = insert(body, at, []byte(other[from:min(len(other), from+1+r.IntN(200))]))
			}
		}
	}
	return body
}

func insert(body []byte, at int, text []byte) []byte {
	out := make([]byte, 0, len(body)+len(text))
	return append(append(append(out, body[:at]...), text...), body[at:]...)
}

// Bodies of real clients and all bad events, changed at random: none panics, each event is accounted for once, and
// what is accepted is what encoding/json reads. Go's own fuzzing finds its way by coverage, at two thousand
// bodies a second in a package of this size; this makes up for it by number. The seed is fixed.
func TestMutatedBodies(t *testing.T) {
	total := 20_000
	if text := os.Getenv(mutationsVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", mutationsVariable, err)
		}
		total = n
	}
	s := detached(t)
	bodies := append(corpus(t), string(batchOf(3)))
	kinds := []call{{typ: eventv1.EventType_EVENT_TYPE_TRACK}, {}, {}, {history: true}, {typ: eventv1.EventType_EVENT_TYPE_IDENTIFY}}
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	events := make([]int, workers)
	for worker := range workers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(20261122, uint64(worker)))
			for n := worker; n < total; n += workers {
				body := mutate(r, bodies)
				events[worker] += try(t, s, body, kinds[r.IntN(len(kinds))])
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range events {
		sum += n
	}
	if sum < total/4 {
		t.Errorf("%d events were judged in %d bodies: hardly any body is read any more", sum, total)
	}
	t.Logf("%d bodies, %d events", total, sum)
}

// try names the body when the decoder panics.
func try(t *testing.T, s *Service, body []byte, c call) int {
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("%q: %v", body, p))
		}
	}()
	return checkBody(t, s, body, c)
}
