package table

import (
	"math"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	a := Column{Name: "a", Values: []float64{1, math.NaN()}}
	for name, c := range map[string]struct {
		columns []Column
		want    string
	}{
		"numbers and categories, with missing ones": {[]Column{a, {Name: "b", Codes: []int32{0, -1}, Categories: []string{"x"}}}, ""},
		"infinities are values":                     {[]Column{{Name: "a", Values: []float64{math.Inf(1), math.Inf(-1)}}}, ""},
		"nothing":                                   {nil, "no columns"},
		"two of one name":                           {[]Column{a, a}, `two columns are named "a"`},
		"neither kind":                              {[]Column{{Name: "a"}}, "either Values or Codes"},
		"both kinds":                                {[]Column{{Name: "a", Values: []float64{1, 2}, Codes: []int32{0, 0}}}, "either Values or Codes"},
		"too short":                                 {[]Column{{Name: "a", Values: []float64{1}}}, "has 1 rows and the label 2"},
		"numbers with names of codes":               {[]Column{{Name: "a", Values: []float64{1, 2}, Categories: []string{"x"}}}, "no Categories"},
		"a category twice":                          {[]Column{{Name: "a", Codes: []int32{0, 1}, Categories: []string{"x", "x"}}}, `"x" is there twice`},
		"a code beyond its list":                    {[]Column{{Name: "a", Codes: []int32{0, 1}, Categories: []string{"x"}}}, "row 1 has code 1: want -1 (missing) to 0"},
		"a code below missing":                      {[]Column{{Name: "a", Codes: []int32{0, -2}, Categories: []string{"x"}}}, "row 1 has code -2"},
	} {
		err := Check(c.columns, 2)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAt(t *testing.T) {
	numbers, codes := Column{Values: []float64{7, math.NaN()}}, Column{Codes: []int32{3, -1}}
	if numbers.At(0) != 7 || !math.IsNaN(numbers.At(1)) || codes.At(0) != 3 || !math.IsNaN(codes.At(1)) {
		t.Error(numbers.At(0), numbers.At(1), codes.At(0), codes.At(1))
	}
}
