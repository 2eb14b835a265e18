package wire

import "encoding/binary"

// AppendText appends s with its length before it, so that ("a", "bc") and ("ab", "c") differ.
func AppendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// AppendBytes appends v with its length before it; nil and empty are the same.
func AppendBytes(b, v []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// AppendNullable appends 0 for nil, which Kafka tells from empty, else the length plus one and v.
func AppendNullable(b, v []byte) []byte {
	if v == nil {
		return append(b, 0)
	}
	return append(binary.AppendUvarint(b, uint64(len(v))+1), v...)
}
