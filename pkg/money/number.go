package money

import "strings"

// number reads a number in plain text by the rules of Read. marked says that a currency stands beside it: a person wrote it, or for one.
func number(text string, habit Habit, marked bool) (decimal, error) {
	at, group, err := marks(text, habit, marked)
	if err != nil {
		return decimal{}, err
	}
	whole, fraction := text, ""
	if at >= 0 {
		whole, fraction = text[:at], text[at+1:]
	}
	if group != 0 {
		if !Grouped(whole, group) {
			return decimal{}, ErrSyntax
		}
		whole = strings.ReplaceAll(whole, string(rune(group)), "")
	}
	if len(whole)+len(fraction) == 0 || !isDigits(whole) || !isDigits(fraction) {
		return decimal{}, ErrSyntax
	}
	return decimal{whole: whole, fraction: fraction}, nil
}

// marks finds the decimal mark, -1 when there is none, and the mark between groups, 0 when there is none.
func marks(text string, habit Habit, marked bool) (at int, group byte, err error) {
	for _, c := range []byte{' ', '\'', '_'} { // these part groups and nothing else
		if strings.IndexByte(text, c) >= 0 {
			group = c
		}
	}
	if at = strings.IndexByte(text, decimalMark); at >= 0 {
		if group == 0 {
			group = firstOf(text[:at])
		}
		return at, group, nil
	}
	point, comma := strings.LastIndexByte(text, '.'), strings.LastIndexByte(text, ',')
	at = max(point, comma)
	switch {
	case at < 0:
		return -1, group, nil
	case point >= 0 && comma >= 0:
		if group != 0 || strings.Count(text, text[at:at+1]) > 1 {
			return 0, 0, ErrSyntax
		}
		return at, firstOf(text[:at]), nil
	case strings.Count(text, text[at:at+1]) > 1:
		if group != 0 {
			return 0, 0, ErrSyntax
		}
		return -1, text[at], nil
	case group != 0:
		return at, group, nil // the groups are told by another mark
	}
	return single(text, at, habit, marked)
}

// firstOf is the first comma or point; 0 when there is none.
func firstOf(text string) byte {
	if i := strings.IndexAny(text, ".,"); i >= 0 {
		return text[i]
	}
	return 0
}

// single decides on the only mark in a number, at a place: it parts the decimals, or three digits from those before.
func single(text string, at int, habit Habit, marked bool) (int, byte, error) {
	mark := text[at]
	threes := len(text)-at-1 == 3 && at >= 1 && at <= 3 && text[0] != '0' // it could part groups
	digits, known := MinorDigits(habit.Currency)
	whole := threes && known && digits == 0 // nobody writes decimals that the currency has not
	switch {
	case habit.Decimal == mark:
		return at, 0, nil
	case threes && habit.Decimal != 0, whole && (marked || mark == ','):
		return -1, mark, nil
	case mark == '.' && threes && marked && !(known && digits >= 3):
		return 0, 0, ErrAmbiguous // "1.980 €" is two thousand to some
	case mark == '.', at == 0, text[0] == '0', at == len(text)-1: // no group begins with a zero, or is empty
		return at, 0, nil
	case habit.Decimal != 0:
		return 0, 0, ErrSyntax // "19,99" where the comma parts groups
	}
	return 0, 0, ErrAmbiguous
}

// Grouped says that digits are parted by a mark as people part them: three by three, or, by commas, in India's way, two by two but for the last
// three. Digits without the mark are not parted, which is fine.
func Grouped(whole string, mark byte) bool {
	first, last := strings.IndexByte(whole, mark), strings.LastIndexByte(whole, mark)
	if first < 0 {
		return true
	}
	if first < 1 || first > 3 || whole[0] == '0' || len(whole)-last-1 != 3 || !isDigits(whole[:first]) || !isDigits(whole[last+1:]) {
		return false
	}
	if first == last {
		return true
	}
	middle := whole[first+1 : last]
	for size, more := 0, true; more; {
		var group string
		group, middle, more = strings.Cut(middle, string(rune(mark)))
		if size == 0 {
			size = len(group)
		}
		if len(group) != size || !isDigits(group) || size != 3 && (size != 2 || mark != ',') || first > size {
			return false
		}
	}
	return true
}
