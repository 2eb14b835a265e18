//go:build ignore

// recommendbench fits what package recommendation has on files that recommendpeers.py made or reads, and prints processor seconds. Run by recommend-peers.sh:
//
//	recommendbench ease FILE ITEMS L2       histories, a JSON list a line
//	recommendbench als FILE FACTORS EPOCHS
//	recommendbench sets FILE SUPPORT LENGTH OUT   baskets, a JSON list a line; the sets go to OUT
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/freshet/freshet/services/recommendation/als"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/ease"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	lists, items, err := read(args[1])
	if err != nil {
		return err
	}
	number := func(i int) float64 {
		v, fault := strconv.ParseFloat(args[i], 64)
		if fault != nil {
			err = fault
		}
		return v
	}
	a, b := number(2), number(3)
	if err != nil {
		return err
	}
	runtime.GC()
	before, began := used(), time.Now()
	var sets []associate.Set
	switch args[0] {
	case "ease":
		o := ease.Default()
		o.MaxItems, o.L2, o.Workers = int(a), b, runtime.GOMAXPROCS(0)
		_, err = ease.Fit(context.Background(), lists, items, o)
	case "als":
		o := als.Default()
		o.Factors, o.Epochs, o.Workers = int(a), int(b), runtime.GOMAXPROCS(0)
		_, err = als.Fit(context.Background(), lists, items, o)
	case "sets":
		sets, err = associate.Mine(context.Background(), lists, associate.Options{MinSupport: a, MaxLen: int(b), MaxSets: 10_000_000})
	}
	if err != nil {
		return err
	}
	fmt.Printf("{\"cpu\": %.3f, \"wall\": %.3f}\n", used()-before, time.Since(began).Seconds())
	if sets == nil {
		return nil
	}
	out, err := os.Create(args[4])
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	for _, s := range sets {
		if err := json.NewEncoder(w).Encode([]any{s.Items, s.Count}); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return out.Close()
}

func read(path string) (lists [][]int32, items int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	for d := json.NewDecoder(bufio.NewReader(f)); d.More(); {
		var list []int32
		if err := d.Decode(&list); err != nil {
			return nil, 0, err
		}
		for _, i := range list {
			items = max(items, int(i)+1)
		}
		lists = append(lists, list)
	}
	return lists, items, nil
}

// used is the processor time of this process so far.
func used() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
