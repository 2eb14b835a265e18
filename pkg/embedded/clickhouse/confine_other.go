//go:build unix && !linux

package embeddedclickhouse

import "fmt"

// confine: only Linux has Landlock.
func confine(limits) error { return fmt.Errorf("%w: only Linux can do that", errUnconfined) }

// inFirstThread: nobody is confined, so that it does not matter.
func inFirstThread() bool { return false }
