package embeddedclickhouse

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent has the kernel kill the child when its parent dies, and keeps a
// Ctrl-C on the terminal from reaching it: the parent ends it in order.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// process returns the parent and the command line of a live process; a zombie is not alive.
func process(pid int) (parent int, line string, err error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return 0, "", err
	}
	// pid (name) state parent ...: the name may hold anything, so count from its last bracket.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 || fields[0] == "Z" {
		return 0, "", fmt.Errorf("process %d has ended", pid)
	}
	if parent, err = strconv.Atoi(fields[1]); err != nil {
		return 0, "", fmt.Errorf("read parent of process %d: %w", pid, err)
	}
	raw, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return 0, "", err
	}
	return parent, string(bytes.ReplaceAll(raw, []byte{0}, []byte{' '})), nil
}
