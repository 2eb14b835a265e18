package warehouse

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/services/warehouse/schema"
)

// Config is how the warehouse writes.
type Config struct {
	// Group is the consumer group. Another name reads all topics from their start.
	Group string `koanf:"group"`
	// DatabasePrefix stands before ods, dw and dm, so that deployments share a server. Letters, digits, underscore.
	DatabasePrefix string `koanf:"database_prefix"`
	// DictionaryUser is who ClickHouse itself logs in as to load its dictionaries. Empty: its default user.
	DictionaryUser string `koanf:"dictionary_user"`
	// DictionaryPassword is that user's password. It is stored in ClickHouse's dictionary definition.
	DictionaryPassword string `koanf:"dictionary_password"`
	// BlockRows is the most records in one block. 1 to 1,000,000.
	BlockRows int `koanf:"block_rows"`
	// BlockBytes is about the most bytes of records in one block. Memory is at most about four times this, plus
	// 4 MiB, for each partition that is busy. 65,536 to 268,435,456.
	BlockBytes int `koanf:"block_bytes"`
	// FlushEvery is the longest a record waits for others to share its block. Shorter is fresher and costs ClickHouse more:
	// about 10 ms of CPU for each part, however small. Alerts do not wait for it.
	// Must be below session_timeout, so that a block fits into a generation of the group. Above 0.
	FlushEvery time.Duration `koanf:"flush_every"`
	// SessionTimeout is how long a silent process keeps its partitions. 6s, the least that Kafka takes, to 5m.
	SessionTimeout time.Duration `koanf:"session_timeout"`
	// InsertTimeout is how long one attempt to insert may take; an import of years makes a part for each month. Above 0.
	InsertTimeout time.Duration `koanf:"insert_timeout"`
	// FinishWithin is how long a block in hand may take to land once the process stops or the group rebalances. What
	// has not landed by then lands with the next owner. Below session_timeout. Above 0.
	FinishWithin time.Duration `koanf:"finish_within"`
	// RetryMax is the longest pause between attempts to reach ClickHouse or Kafka. Above 0.
	RetryMax time.Duration `koanf:"retry_max"`
}

// Default suits one machine and a few partitions.
func Default() Config {
	return Config{
		Group:          "warehouse.facts",
		BlockRows:      50_000,
		BlockBytes:     16 << 20,
		FlushEvery:     time.Second,
		SessionTimeout: 10 * time.Second,
		InsertTimeout:  time.Minute,
		FinishWithin:   5 * time.Second,
		RetryMax:       5 * time.Second,
	}
}

// Validate reports every fault under its key.
func (c Config) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(c.Group != "", "group: must be set")
	check(c.BlockRows >= 1 && c.BlockRows <= 1_000_000, "block_rows: %d is not within 1 and 1000000", c.BlockRows)
	check(c.BlockBytes >= 64<<10 && c.BlockBytes <= 256<<20, "block_bytes: %d is not within 65536 and 268435456", c.BlockBytes)
	check(c.SessionTimeout >= 6*time.Second && c.SessionTimeout <= 5*time.Minute,
		"session_timeout: %s is not within 6s and 5m", c.SessionTimeout)
	check(c.FlushEvery > 0 && c.FlushEvery < c.SessionTimeout,
		"flush_every: %s must be above 0 and below session_timeout %s", c.FlushEvery, c.SessionTimeout)
	check(c.FinishWithin > 0 && c.FinishWithin < c.SessionTimeout,
		"finish_within: %s must be above 0 and below session_timeout %s", c.FinishWithin, c.SessionTimeout)
	check(c.InsertTimeout > 0, "insert_timeout: %s must be above 0", c.InsertTimeout)
	check(c.RetryMax > 0, "retry_max: %s must be above 0", c.RetryMax)
	if err := c.schemaOptions().Validate(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func (c Config) schemaOptions() schema.Options {
	return schema.Options{
		Prefix: c.DatabasePrefix, DictionaryUser: c.DictionaryUser, DictionaryPassword: c.DictionaryPassword,
	}
}
