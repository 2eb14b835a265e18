package packed

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/wire"
)

var format = wire.Format{Name: "a thing", Oldest: 1, Written: 1, Newest: 1}

func file() []byte { return Seal(AppendShort(AppendFloat(Begin(format, 0), 2.5), -1)) }

func open(data []byte) error {
	in, err := Open(format, data)
	if err != nil {
		return err
	}
	if Float(&in) != 2.5 || Short(&in) != -1 {
		return errors.New("other numbers")
	}
	return Done(format, &in)
}

func TestEveryDamagedBitIsRefused(t *testing.T) {
	good := file()
	if err := open(good); err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(good) {
		bad := slices.Clone(good)
		if bad[i/8] ^= 1 << (i % 8); open(bad) == nil {
			t.Errorf("bit %d is changed, and nobody notices", i)
		}
	}
	for n := range good {
		if open(good[:n]) == nil {
			t.Errorf("%d bytes are taken for the whole", n)
		}
	}
	if open(append(good, 0)) == nil {
		t.Error("a byte too many is taken")
	}
}

func TestAForeignFileIsToldApart(t *testing.T) {
	newer := format
	newer.Newest, newer.Written = 2, 2
	if _, err := Open(format, Seal(Begin(newer, 0))); !errors.Is(err, wire.ErrNewer) || !strings.Contains(err.Error(), "newer release") {
		t.Errorf("a newer layout: %v", err)
	}
	other := wire.Format{Name: "another", Oldest: 1, Written: 1, Newest: 1}
	if _, err := Open(format, Seal(Begin(other, 0))); err == nil || !strings.Contains(err.Error(), `"another"`) {
		t.Errorf("another thing: %v", err)
	}
	if got := (Places{3, None, 0}).Size(); got != 4 {
		t.Errorf("size %d", got)
	}
}
