package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a child that serves.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	// addresses are where it listens, by what it calls them: "http", "grpc", "admin"; "" for the only one.
	addresses map[string]string
}

// startRole starts this binary again in another role, and waits for its address.
func startRole(ctx context.Context, role string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this binary: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, append([]string{role}, args...)...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the %s: %w", role, err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	p := &process{cmd: cmd, stdin: stdin, addresses: map[string]string{"": strings.TrimSpace(line)}}
	if err != nil {
		return nil, fmt.Errorf("the %s said no address: %w", role, p.end(err))
	}
	return p, nil
}

// end stops the process and keeps the first error.
func (p *process) end(first error) error {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); first == nil && err != nil && p.cmd.ProcessState.ExitCode() > 0 {
		return fmt.Errorf("end %s: %w", filepath.Base(p.cmd.Path), err)
	}
	return first
}

// kill ends the process at once, as a power cut does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	_ = p.stdin.Close()
}

// collectorConfig is a collector with nothing but a source, before a broker: the broker's address,
// the spool's directory, the write key.
const collectorConfig = `
http_address: 127.0.0.1:0
grpc: {address: "127.0.0.1:0"}
admin: {address: "127.0.0.1:0", profiles: true}
broker: {addresses: [%q]}
spool: {dir: %q, max_bytes: 8589934592}
sources: [{name: web, workspace: default, write_key: %q}]
`

// startCollector starts the real binary and learns from its log where it listens.
func startCollector(ctx context.Context, binary, dir, broker string) (*process, error) {
	file := filepath.Join(dir, "collector.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, collectorConfig, broker, filepath.Join(dir, "spool"), writeKey), 0o600); err != nil {
		return nil, fmt.Errorf("write the collector's configuration: %w", err)
	}
	cmd := exec.CommandContext(ctx, binary, "-config", file)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the collector: %w", err)
	}
	p := &process{cmd: cmd, stdin: io.NopCloser(nil), addresses: map[string]string{}}
	lines := bufio.NewScanner(stderr)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
		var entry struct{ HTTP, GRPC, Admin, Msg string }
		if json.Unmarshal(lines.Bytes(), &entry) != nil {
			continue
		}
		for name, address := range map[string]string{"http": entry.HTTP, "grpc": entry.GRPC, "admin": entry.Admin} {
			if address != "" {
				p.addresses[name] = address
			}
		}
		if len(p.addresses) == 3 {
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			return p, nil
		}
	}
	return nil, fmt.Errorf("the collector did not start: %w\n%s", p.end(nil), strings.Join(said, "\n"))
}

// cpu is the user and system time of the process so far, in seconds.
func (p *process) cpu() float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // clock ticks: 100 a second on every Linux
}

// resident is what the process has in memory now, in MiB.
func (p *process) resident() float64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseFloat(strings.Fields(string(statm))[1], 64)
	return pages * float64(os.Getpagesize()) / (1 << 20)
}

// generate runs the generator as a process of its own.
func generate(ctx context.Context, address string, s scenario, seconds time.Duration, first int64) (outcome, error) {
	self, err := os.Executable()
	if err != nil {
		return outcome{}, fmt.Errorf("find this binary: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "generate", "-address", address, "-connections", strconv.Itoa(s.connections), "-batch", strconv.Itoa(s.batch),
		"-grpc="+strconv.FormatBool(s.grpc), "-time", seconds.String(), "-first", strconv.FormatInt(first, 10))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return outcome{}, fmt.Errorf("generate: %w", err)
	}
	var o outcome
	if err := json.Unmarshal(out, &o); err != nil {
		return outcome{}, fmt.Errorf("read the generator's outcome: %w", err)
	}
	return o, nil
}
