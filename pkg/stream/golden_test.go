package stream

import (
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/changelog"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

func TestGoldenCommit(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[commit]{
		Format: commitFormat, Name: "changelog-commit", Version: 1, Write: commit.encode, Read: decodeCommit,
		Examples: map[string]commit{
			"nothing": {seq: 1, inputs: map[string]broker.Place{}},
			"a batch": {seq: 300, inputs: map[string]broker.Place{"in.v1": {Offset: 70_000, Life: 9}}, outputs: []broker.Message{
				{Topic: "out.v1", Key: []byte("k"), Value: []byte("v"), Headers: broker.Headers("id", "0/1")},
				{Topic: "out.v1", Key: []byte("gone")},
			}},
		},
	})
}

func TestGoldenMeta(t *testing.T) {
	at := changelog.Commit{
		Mark: changelog.Mark{Fence: changelog.ID{1, 2}, Seq: 9, On: 70_001}, Offset: 70_009,
		Fence: changelog.Fence{ID: changelog.ID{1, 2}, Log: changelog.ID{7}, Epoch: 3, Partitions: 8},
	}
	wiretest.Golden(t, wiretest.Layout[meta]{
		Format: metaFormat, Name: "local-state-bookkeeping", Version: 1, Write: meta.encode, Read: decodeMeta,
		Examples: map[string]meta{
			"at a commit": {resume: at, reach: placeOf(at), inputs: map[string]broker.Place{"in.v1": {Offset: 70_000, Life: 9}}, savedMs: 1_781_524_800_000},
			"read in part": {resume: changelog.Commit{Offset: -1, Fence: at.Fence}, savedMs: 1, inputs: map[string]broker.Place{},
				reach: place{offset: 5, key: "Sk", mark: changelog.Mark{Fence: changelog.ID{1}, Seq: 1}}},
		},
	})
}
