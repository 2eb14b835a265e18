package judge

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Dump writes the set as files that other programs can read, so that they learn from and are asked the same: train.jsonl has a session or customer a line, as a
// list of items by number, oldest first; cases.jsonl a case a line; set.json the rest.
func (s *Set) Dump(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the split: %w", err)
	}
	write := func(name string, lines func(*json.Encoder) error) error {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("write the split: %w", err)
		}
		w := bufio.NewWriter(f)
		err = lines(json.NewEncoder(w))
		if fault := w.Flush(); err == nil {
			err = fault
		}
		if fault := f.Close(); err == nil {
			err = fault
		}
		if err != nil {
			return fmt.Errorf("write %s of the split: %w", name, err)
		}
		return nil
	}
	err := write("train.jsonl", func(e *json.Encoder) error {
		for i := range s.Train {
			if err := e.Encode(s.Train[i].Items); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = write("cases.jsonl", func(e *json.Encoder) error {
			for i := range s.Cases {
				c := &s.Cases[i]
				if err := e.Encode(map[string]any{"group": c.Group, "history": c.History, "relevant": c.Relevant}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	return write("set.json", func(e *json.Encoder) error {
		return e.Encode(map[string]any{"protocol": s.Protocol, "items": s.Items, "new_only": s.NewOnly})
	})
}
