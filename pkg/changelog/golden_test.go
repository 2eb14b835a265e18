package changelog

import (
	"testing"

	"github.com/freshet/freshet/pkg/wire/wiretest"
)

func TestGoldenMark(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[Mark]{
		Format: MarkFormat, Name: "changelog-mark", Version: 1, Write: func(m Mark) []byte { return m.Append(nil) }, Read: ReadMark,
		Examples: map[string]Mark{
			"the first under a fence": {Fence: ID{1, 2, 3, 4, 5, 6, 7, 8}, Seq: 1},
			"one that builds on":      {Fence: ID{0xff}, Seq: 1 << 40, On: 70_000},
		},
	})
}

func TestGoldenFence(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[Fence]{
		Format: FenceFormat, Name: "changelog-fence", Version: 1, Write: Fence.Encode, Read: DecodeFence,
		Examples: map[string]Fence{
			"the first": {ID: ID{1}, Log: ID{1}, Epoch: 1, Partitions: 1},
			"a later":   {ID: ID{9}, Log: ID{1}, Epoch: 300, Partitions: 64},
		},
	})
}

func FuzzReadMark(f *testing.F) {
	f.Add(Mark{Fence: ID{1}, Seq: 1, On: 2}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ReadMark(b)
		if err != nil {
			return
		}
		if again, err := ReadMark(m.Append(nil)); err != nil || again != m {
			t.Fatalf("%v does not come back: %v, %v", m, again, err)
		}
	})
}
