package embeddedclickhouse

import (
	"fmt"

	"github.com/ebitengine/purego"
	"golang.org/x/sys/unix"
)

// standOnTerminal makes a pseudo-terminal this process's standard input.
//
// The engine ends its whole process on an exception that no client connection
// handled - a wrong password, an unknown database, a client that vanished - unless
// it believes that a person sits in front of it (ClickHouse's programs/local sets
// KillingErrorHandler when it is not interactive, and without a terminal it never is).
//
// What it would read after its queries is already typed: exit.
func standOnTerminal() error {
	var (
		openpt   func(flags int32) int32
		grantpt  func(fd int32) int32
		unlockpt func(fd int32) int32
		ptsname  func(fd int32) string
	)
	for name, function := range map[string]any{
		"posix_openpt": &openpt, "grantpt": &grantpt, "unlockpt": &unlockpt, "ptsname": &ptsname,
	} {
		if _, err := purego.Dlsym(purego.RTLD_DEFAULT, name); err != nil {
			return fmt.Errorf("find %s: %w", name, err)
		}
		purego.RegisterLibFunc(function, purego.RTLD_DEFAULT, name)
	}
	master := openpt(unix.O_RDWR | unix.O_NOCTTY) // stays open: without it the other end is no terminal
	if master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 {
		return fmt.Errorf("make a pseudo-terminal failed (fd %d)", master)
	}
	name := ptsname(master)
	slave, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return fmt.Errorf("open pseudo-terminal %s: %w", name, err)
	}
	if err := unix.Dup2(slave, 0); err != nil {
		return fmt.Errorf("make %s the standard input: %w", name, err)
	}
	_ = unix.Close(slave)
	if _, err := unix.Write(int(master), []byte("exit\n")); err != nil {
		return fmt.Errorf("type into %s: %w", name, err)
	}
	return nil
}
