//go:build unix && !linux

package embeddedclickhouse

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent keeps a Ctrl-C on the terminal from the child; that it dies with
// its parent rests on the pipe alone here.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// process returns the parent and the command line of a live process.
func process(pid int) (parent int, line string, err error) {
	out, err := exec.Command("ps", "-ww", "-o", "ppid=,command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0, "", fmt.Errorf("ps of process %d: %w", pid, err)
	}
	first, rest, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if parent, err = strconv.Atoi(first); err != nil {
		return 0, "", fmt.Errorf("read parent of process %d: %w", pid, err)
	}
	return parent, rest, nil
}
