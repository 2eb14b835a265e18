//go:build unix && !linux

package embeddedclickhouse

import "fmt"

// confine: only Linux has Landlock.
func confine(limits) error {
	_, err := landlock()
	return err
}

func landlock() (int, error) { return 0, fmt.Errorf("%w: only Linux can do that", errUnconfined) }

// inFirstThread: nobody is confined, so that it does not matter.
func inFirstThread() bool { return false }
