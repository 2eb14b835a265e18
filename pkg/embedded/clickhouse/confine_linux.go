package embeddedclickhouse

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// leastLandlock is the first version of Landlock that lets a file move between directories of the same rule
	// (Linux 5.19), without which the engine cannot drop a table.
	leastLandlock = 2

	// everyAccess is what a version of Landlock can forbid; see withVersion.
	everyAccess = unix.LANDLOCK_ACCESS_FS_EXECUTE | readAccess | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REFER |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SYM |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR |
		unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	readAccess = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	// fileAccess is what of it can be granted on a file.
	fileAccess = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// ownAccess is what the engine may do in its directory: everything but run programs and make devices.
	ownAccess = everyAccess &^ (unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR |
		unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV)

	everyPort = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP

	ruleNetPort = 2 // LANDLOCK_RULE_NET_PORT
)

// netPort is struct landlock_net_port_attr.
type netPort struct{ access, port uint64 }

// confine takes from the calling thread, and from every thread that it will start, all files but those of limits,
// and all TCP but listening on its ports. It cannot be undone. The error wraps errUnconfined where the
// kernel cannot do so; then nothing has changed.
//
// A Go process has other threads, which stay as they are. That is enough: the engine's code runs in the thread
// that loads it and in those that this one starts.
func confine(l limits) error {
	version, err := landlock()
	if err != nil {
		return err
	}
	files, ports := handled(version)
	attr := unix.LandlockRulesetAttr{Handled_access_fs: files, Handled_access_net: ports}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return fmt.Errorf("%w: make Landlock's rules: %w", errUnconfined, errno)
	}
	rules := ruleset{fd: int(fd), files: files, ports: ports}
	defer func() { _ = unix.Close(rules.fd) }()
	if err := rules.add(l); err != nil {
		return fmt.Errorf("%w: %w", errUnconfined, err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("%w: give up new privileges: %w", errUnconfined, err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("%w: put Landlock's rules into force: %w", errUnconfined, errno)
	}
	return nil
}

// landlock is the version of Landlock that the kernel has. The error says that it has none, or too old a one.
func landlock() (int, error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, fmt.Errorf("%w: the kernel has no Landlock, or it is switched off: %w", errUnconfined, errno)
	}
	if version < leastLandlock {
		return 0, fmt.Errorf("%w: the kernel's Landlock is version %d, and %d is needed (Linux 5.19)", errUnconfined, version, leastLandlock)
	}
	return int(version), nil
}

// handled is what a version of Landlock can forbid: files, TCP ports. What it does not know it would refuse.
func handled(version int) (files, ports uint64) {
	files = everyAccess
	if version < 3 {
		files &^= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version < 5 {
		files &^= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 4 {
		ports = everyPort
	}
	return files, ports
}

// ruleset is Landlock's rules before they are in force.
type ruleset struct {
	fd           int
	files, ports uint64 // what they handle
}

func (r ruleset) add(l limits) error {
	if err := r.path(l.dir, ownAccess); err != nil {
		return err
	}
	for _, path := range l.read {
		if err := r.path(path, readAccess|unix.LANDLOCK_ACCESS_FS_EXECUTE); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for _, path := range l.write {
		if err := r.path(path, unix.LANDLOCK_ACCESS_FS_READ_FILE|unix.LANDLOCK_ACCESS_FS_WRITE_FILE); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for _, port := range l.ports {
		if r.ports == 0 {
			break
		}
		rule := netPort{access: unix.LANDLOCK_ACCESS_NET_BIND_TCP, port: uint64(port)}
		if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), ruleNetPort, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
			return fmt.Errorf("allow port %d: %w", port, errno)
		}
	}
	return nil
}

// path grants access beneath path, as far as it is a directory's or a file's to grant. It leaves the file open: a rule is about what is
// there now, and the kernel makes the files of /proc anew once it has forgotten them, which it does not do to one that is open.
func (r ruleset) path(path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("allow %s: %w", path, err)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return fmt.Errorf("allow %s: %w", path, err)
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= fileAccess
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access & r.files, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("allow %s: %w", path, errno)
	}
	return nil
}

// inFirstThread says whether the calling goroutine runs in the thread that the process began with.
func inFirstThread() bool { return unix.Gettid() == os.Getpid() }
