package bulk

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/ledger"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// Follows says whether the files of a mapping can be followed, and whether their rows are events only together.
func Follows(mappingFile string) (grouped bool, err error) {
	spec, err := load(mappingFile)
	if err != nil {
		return false, err
	}
	if len(spec.MessageID) == 0 {
		return false, fmt.Errorf("%s has no message_id: --follow needs it, to know what was sent before; docs/import.md says how to choose one", mappingFile)
	}
	return len(spec.GroupBy) > 0, nil
}

// identity is what makes this the same import as another: the file's content, or the path of a file that is followed.
func (i *Import) identity(s Settings) (string, error) {
	if s.Follow == "" {
		return i.File.Sum()
	}
	path, err := filepath.Abs(s.Follow)
	if err != nil {
		return "", fmt.Errorf("find the file: %w", err)
	}
	return "follow " + path, nil
}

// goOn begins an import of a file that is followed: at the place up to which it was read, when all that is before it is as it was; else at its
// beginning. The hash that it returns has come up to there; nil for a file that is packed, which is read from its beginning each time.
func (i *Import) goOn(l *ledger.Ledger, s Settings) (*file.Prefix, error) {
	place, prefix := l.Place, i.File.Prefix()
	if place != nil {
		sum, err := prefix.Sum(place.Offset)
		if err != nil {
			return nil, err
		}
		if sum == place.Sum && rows.Resume(i.reader, i.File, rows.Place{Offset: place.Offset, Rows: place.Rows, Lines: place.Lines}) {
			if info, err := os.Stat(l.Rejects); err != nil || info.Size() < place.RejectBytes {
				place.RejectBytes = 0 // there are none, or somebody took them away
			}
			l.RestartAt(place, time.Now())
			return prefix, nil
		}
	}
	if place != nil || s.Replaced {
		s.Note(s.Follow + " was replaced, cut or changed: it is read from its beginning, and what is new of it is sent")
		l.Rejects = ""
	}
	l.Restart(time.Now())
	if i.File.Packed() {
		return nil, nil //nolint:nilnil // no hash is no error
	}
	return i.File.Prefix(), nil
}
