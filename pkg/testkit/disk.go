package testkit

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/segmentio/kafka-go"

	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
)

// DiskKafka is an embedded broker whose log a test may harm.
type DiskKafka struct {
	// Dir is what the broker keeps.
	Dir string

	t      testing.TB
	addr   string
	broker *embeddedkafka.Broker
}

// NewDiskKafka starts a broker. It is stopped with the test.
func NewDiskKafka(t testing.TB) *DiskKafka {
	d := &DiskKafka{Dir: t.TempDir(), t: t}
	d.Start()
	t.Cleanup(d.Stop)
	return d
}

// Addr is the host:port of the broker, the same after each Start.
func (d *DiskKafka) Addr() string { return d.addr }

// Start starts the broker.
func (d *DiskKafka) Start() {
	d.t.Helper()
	b, err := embeddedkafka.Start(embeddedkafka.Config{Dir: d.Dir, Address: d.addr})
	if err != nil {
		d.t.Fatal(err)
	}
	d.broker, d.addr = b, b.Addr()
}

// Stop stops it; more than once does nothing.
func (d *DiskKafka) Stop() { d.broker.Close() }

// File is the first file of a partition.
func (d *DiskKafka) File(topic string, partition int) string {
	return filepath.Join(d.Dir, "log", "partitions", url.PathEscape(topic)+"-"+strconv.Itoa(partition), "0.dat")
}

// Forget does what a power cut does at its worst: of a partition the first batches are left, and nothing in its folder says how many there
// were. The broker must have been stopped.
func (d *DiskKafka) Forget(topic string, partition, batches int) {
	d.t.Helper()
	file := d.File(topic, partition)
	raw, err := os.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	at := 0
	for range batches {
		at += 12 + int(binary.BigEndian.Uint32(raw[at+8:]))
	}
	err = errors.Join(os.Truncate(file, int64(at)), os.Remove(filepath.Join(filepath.Dir(file), "snapshot.json")))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.t.Fatal(err)
	}
}

// DeleteTopic deletes a topic of any broker.
func DeleteTopic(t testing.TB, address, topic string) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	k := &kafka.Client{Addr: kafka.TCP(address), Transport: transport}
	res, err := k.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	if err == nil {
		err = res.Errors[topic]
	}
	if err != nil {
		t.Fatalf("delete topic %s: %v", topic, err)
	}
}
