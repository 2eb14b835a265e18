package embeddedkafka

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// compactFrom is how large a compacted partition must be before it is worth rewriting.
const compactFrom = 32 << 20

// segmentBytes is how much of a partition is given back at a time.
const segmentBytes = 32 << 20

// Names a partition's directory has while it is being replaced.
const (
	replacing = ".new"
	replaced  = ".old"
)

// tidy gives back what the topics' settings say is not to be kept, before the
// library opens the log: it drops whole old segments of topics with retention.ms and rewrites
// compacted partitions from compactFrom bytes on. A crash at any moment leaves the
// partition as it was or as it should be. dir is what the library calls its data directory.
func tidy(dir string, now time.Time, compactFrom int64) error {
	list, err := readTopics(filepath.Join(dir, "topics.json"))
	if err != nil {
		return err
	}
	for _, t := range list {
		for p := range t.Partitions {
			if err := t.tidy(t.partitionDir(dir, p), now, compactFrom); err != nil {
				return fmt.Errorf("tidy topic %s, partition %d: %w", t.Name, p, err)
			}
		}
	}
	return nil
}

// topic is what topics.json says of one.
type topic struct {
	Name       string            `json:"name"`
	Partitions int               `json:"partitions"`
	Configs    map[string]string `json:"configs"`
}

func readTopics(path string) ([]topic, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of topics: %w", err)
	}
	var list struct {
		Topics []topic `json:"topics"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("read the list of topics: %w", err)
	}
	return list.Topics, nil
}

func (t topic) partitionDir(dir string, p int) string {
	return filepath.Join(dir, "partitions", fmt.Sprintf("%s-%d", url.PathEscape(t.Name), p))
}

func (t topic) tidy(part string, now time.Time, compactFrom int64) error {
	segments, err := listSegments(part)
	if err != nil || len(segments) == 0 {
		return err
	}
	if strings.Contains(t.Configs["cleanup.policy"], "compact") {
		if size(segments) < compactFrom {
			return nil
		}
		return compact(part, segments, limits{
			cleanUntil: now.Add(-t.duration("min.compaction.lag.ms", 0)),
			tombstones: now.Add(-t.duration("delete.retention.ms", 24*time.Hour)),
		})
	}
	retention := t.duration("retention.ms", -1)
	if retention < 0 {
		return nil
	}
	return expire(segments, now.Add(-retention))
}

// duration reads a setting in milliseconds.
func (t topic) duration(name string, missing time.Duration) time.Duration {
	ms, err := strconv.ParseInt(t.Configs[name], 10, 64)
	if err != nil {
		return missing
	}
	return time.Duration(ms) * time.Millisecond
}

// expire removes leading segments whose records are all older than the limit. The last
// one stays: it holds the partition's next offset.
func expire(segments []segment, limit time.Time) error {
	for _, s := range segments[:len(segments)-1] {
		newest, err := s.newest()
		if err != nil {
			return err
		}
		if !newest.Before(limit) {
			return nil
		}
		if err := errors.Join(os.Remove(s.path), removeAny(s.index())); err != nil {
			return fmt.Errorf("remove an old segment: %w", err)
		}
	}
	return nil
}

// recoverReplaced ends replacements that a crash interrupted.
func recoverReplaced(partitions string) error {
	entries, err := os.ReadDir(partitions)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list partitions: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(partitions, e.Name())
		switch original, isOld := strings.CutSuffix(path, replaced); {
		case isOld:
			if _, err := os.Stat(original); errors.Is(err, os.ErrNotExist) {
				err = os.Rename(path, original) // the new one never took its place
				if err != nil {
					return fmt.Errorf("bring a partition back: %w", err)
				}
				continue
			}
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("remove a replaced partition: %w", err)
			}
		case strings.HasSuffix(path, replacing):
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("remove half a partition: %w", err)
			}
		}
	}
	return nil
}

func removeAny(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
