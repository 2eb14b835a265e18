package trainset

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// form is how a column is written.
type form uint8

const (
	formText form = iota
	formWhole
	formNumber
	formMoment
	formTruth
	formJSON
)

// column is one of the output.
type column struct {
	name string
	form form
	kind string // of the catalogue; empty for others
}

// cell is one value. An absent one is neither 0 nor "".
type cell struct {
	present bool
	n       int64  // a whole number, milliseconds of a moment, 1 or 0 of a truth
	text    string // a text, a number with its point, JSON
}

func textCell(s string) cell { return cell{present: true, text: s} }

func wholeCell(n int64) cell { return cell{present: true, n: n} }

// formOf is how a feature of a kind is written.
func formOf(kind string) form {
	switch kind {
	case "count", "age", "duration":
		return formWhole
	case "decimal":
		return formNumber
	case "moment":
		return formMoment
	case "tag":
		return formTruth
	case "list":
		return formJSON
	}
	return formText
}

// cellOf is a feature's value at a moment: an age is written as the milliseconds since, at that moment.
func cellOf(c column, v *featurev1.FeatureValue, atMs int64) cell {
	switch x := v.GetValue().(type) {
	case *featurev1.FeatureValue_Count:
		return wholeCell(x.Count)
	case *featurev1.FeatureValue_Decimal:
		return textCell(x.Decimal)
	case *featurev1.FeatureValue_MomentMs:
		if c.kind == "age" {
			return wholeCell(atMs - x.MomentMs)
		}
		return wholeCell(x.MomentMs)
	case *featurev1.FeatureValue_DurationMs:
		return wholeCell(x.DurationMs)
	case *featurev1.FeatureValue_Text:
		return textCell(x.Text)
	case *featurev1.FeatureValue_List:
		b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(x.List)
		return cell{present: err == nil, text: string(b)}
	}
	return cell{}
}

// plain is a cell as text: empty when it is absent.
func plain(f form, c cell) string {
	if !c.present {
		return ""
	}
	switch f {
	case formWhole:
		return strconv.FormatInt(c.n, 10)
	case formMoment:
		return moment(c.n)
	case formTruth:
		return strconv.FormatBool(c.n != 0)
	}
	return c.text
}

func moment(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
