package rows

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// converter returns how a leaf's values are read. Decimals, integers and times are exact; a float is the shortest decimal number that
// means it.
func converter(t parquet.Type) func(parquet.Value) (Value, error) {
	if logical := t.LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.DecimalType:
			return func(v parquet.Value) (Value, error) {
				return Value{Number, shift(unscaled(v), int(l.Scale))}, nil
			}
		case *format.TimestampType:
			return func(v parquet.Value) (Value, error) { return timestamp(v.Int64(), l.Unit, l.IsAdjustedToUTC), nil }
		case *format.DateType:
			return func(v parquet.Value) (Value, error) {
				return Value{Text, time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly)}, nil
			}
		case *format.TimeType:
			return func(v parquet.Value) (Value, error) {
				n := v.Int64()
				if v.Kind() == parquet.Int32 {
					n = int64(v.Int32())
				}
				return Value{Text, instant(n, l.Unit).Format("15:04:05.999999999")}, nil
			}
		case *format.UUIDType:
			return func(v parquet.Value) (Value, error) {
				id, err := uuid.FromBytes(v.ByteArray())
				return Value{Text, id.String()}, err
			}
		case *format.JsonType:
			return func(v parquet.Value) (Value, error) {
				if !json.Valid(v.ByteArray()) {
					return Value{}, errors.New("is no JSON")
				}
				return Value{JSON, string(v.ByteArray())}, nil
			}
		case *format.IntType:
			if !l.IsSigned {
				return unsigned
			}
		}
	}
	return byKind
}

func unsigned(v parquet.Value) (Value, error) {
	if v.Kind() == parquet.Int32 {
		return Value{Number, strconv.FormatUint(uint64(v.Uint32()), 10)}, nil
	}
	return Value{Number, strconv.FormatUint(v.Uint64(), 10)}, nil
}

// byKind reads a value without a logical type. INT96 is the time of old Spark and Impala files, taken as UTC.
func byKind(v parquet.Value) (Value, error) {
	switch v.Kind() {
	case parquet.Boolean:
		return Value{Boolean, strconv.FormatBool(v.Boolean())}, nil
	case parquet.Int32:
		return Value{Number, strconv.FormatInt(int64(v.Int32()), 10)}, nil
	case parquet.Int64:
		return Value{Number, strconv.FormatInt(v.Int64(), 10)}, nil
	case parquet.Int96:
		raw := v.Int96()
		days := int64(raw[2]) - 2_440_588 // the Julian day of 1970-01-01
		at := time.Unix(days*86400, int64(uint64(raw[1])<<32|uint64(raw[0]))).UTC()
		return Value{Instant, at.Format(time.RFC3339Nano)}, nil
	case parquet.Float:
		return float(float64(v.Float()), 32), nil
	case parquet.Double:
		return float(v.Double(), 64), nil
	}
	if b := v.ByteArray(); utf8.Valid(b) {
		return Value{Text, string(b)}, nil
	}
	return Value{}, errors.New("is neither a number nor UTF-8 text")
}

func float(f float64, bits int) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{} // what pandas writes for "no value"
	}
	return Value{Number, strconv.FormatFloat(f, 'f', -1, bits)}
}

func unscaled(v parquet.Value) *big.Int {
	switch v.Kind() {
	case parquet.Int32:
		return big.NewInt(int64(v.Int32()))
	case parquet.Int64:
		return big.NewInt(v.Int64())
	}
	b := v.ByteArray() // two's complement, the highest byte first
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// shift writes n / 10^scale with all its digits.
func shift(n *big.Int, scale int) string {
	if scale <= 0 {
		return n.String()
	}
	sign, digits := "", n.String()
	if n.Sign() < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func timestamp(n int64, unit format.TimeUnit, utc bool) Value {
	at := instant(n, unit)
	if utc {
		return Value{Instant, at.Format(time.RFC3339Nano)}
	}
	return Value{Text, at.Format("2006-01-02T15:04:05.999999999")}
}

func instant(n int64, unit format.TimeUnit) time.Time {
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		return time.UnixMilli(n).UTC()
	case *format.MicroSeconds:
		return time.UnixMicro(n).UTC()
	}
	return time.Unix(0, n).UTC()
}
