package collector

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
)

// childDirVariable turns this test binary into a broker on the directory it names, at the address that
// childAddressVariable names.
const childDirVariable, childAddressVariable = "FRESHET_TEST_BROKER_DIR", "FRESHET_TEST_BROKER_ADDRESS"

func TestMain(m *testing.M) {
	dir := os.Getenv(childDirVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	b, err := embeddedkafka.Start(embeddedkafka.Config{Dir: dir, Address: os.Getenv(childAddressVariable)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(b.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test that started us ends
	os.Exit(1)
}

// outage is a broker of its own process that a test can kill and start again on the same data and port.
type outage struct {
	t       testing.TB
	address string
	dir     string
	cmd     *exec.Cmd
	stdin   io.Closer
}

// scriptVariable names scripts/kafka.sh where FRESHET_TEST_KAFKA is the broker that it runs.
const scriptVariable = "FRESHET_KAFKA_SCRIPT"

// startOutage gives a running broker: Apache Kafka when scriptVariable is set, else the embedded one.
func startOutage(t testing.TB) *outage {
	t.Helper()
	o := &outage{t: t, dir: t.TempDir()}
	o.start()
	t.Cleanup(o.kill)
	return o
}

// start starts the broker, again after a kill.
func (o *outage) start() {
	o.t.Helper()
	o.cmd = exec.Command(os.Args[0])
	o.cmd.Env = append(os.Environ(), childDirVariable+"="+o.dir, childAddressVariable+"="+o.address)
	o.cmd.Stderr = os.Stderr
	stdin, err := o.cmd.StdinPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	stdout, err := o.cmd.StdoutPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.stdin = stdin
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		o.t.Fatalf("broker process: %v", err)
	}
	o.address = strings.TrimSpace(line)
}

// kill ends the broker with SIGKILL.
func (o *outage) kill() {
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait()
	_ = o.stdin.Close()
}
