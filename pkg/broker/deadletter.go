package broker

import "strconv"

// DeadLetter makes of a record that somebody cannot handle the message for a dead-letter topic: the same key and value, with
// headers that say where it came from (source-topic, source-partition, source-offset), who gave it up (consumer-group), of
// which class the fault is (error-class) and what it was (error), before the record's own. source-topic, source-partition and
// source-offset tell copies apart.
func DeadLetter(topic string, rec Record, group, class string, reason error) Message {
	headers := Headers(
		"source-topic", rec.Topic,
		"source-partition", strconv.Itoa(rec.Partition),
		"source-offset", strconv.FormatInt(rec.Offset, 10),
		"error-class", class,
		"error", reason.Error(),
		"consumer-group", group,
	)
	return Message{Topic: topic, Key: rec.Key, Value: rec.Value, Headers: append(headers, rec.Headers...)}
}
