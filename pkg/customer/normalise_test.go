package customer_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/customer"
)

// TestOnePhoneIsOneName: each row is one number in several writings, where no region is known.
func TestOnePhoneIsOneName(t *testing.T) {
	for want, writings := range map[string][]string{
		"02079460018": {"020 7946 0018", "020-7946-0018", "(020) 7946 0018", "020.7946.0018", "020/7946/0018", "０２０　７９４６　００１８",
			"\u202a020 7946 0018\u202c", "'020 7946 0018", "tel:020-7946-0018", "Tel.: 020 7946 0018", "020\u00a07946\u00a00018", "020–7946–0018",
			"020 7946 0018 (home)", "(0)20 7946 0018"},
		"2125550142": {"(212) 555-0142", "212.555.0142", "212-555-0142", "212 555 0142", "٢١٢ ٥٥٥ ٠١٤٢", "２１２-５５５-０１４２", "۲۱۲۵۵۵۰۱۴۲", "२१२ ५५५ ०१४२"},
		"+442079470018": {"0044 20 7947 0018", "+44 20 7947 0018", "+44 (0)20 7947 0018", "0044 (0) 20 7947 0018", "00442079470018", "＋44 20 7947 0018",
			"\u200e+44 20 7947 0018", "tel:+44-20-7947-0018", "011 44 20 7947 0018", "442079470018", "++44 20 7947 0018", "+0044 20 7947 0018", "'+44 20 7947 0018", "+44 20 7947 0018\u200b", "callto:+442079470018"},
		"+46701740123":        {"'+46 70 174 0123", "+46701740123", "’+46 70-174 01 23", "+46 (0)70 174 01 23", "0046701740123", "46701740123"},
		"+493090182012":       {"tel:+493090182012", "+49 30 90182012", "TEL:+49-30-90182012", "+49 (30) 90182012", "49 30 9018 2012", "Fon: +49 30 90182012", "+49 30 90182012 Büro"},
		"+16502530000":        {"1-650-253-0000", "+1 (650) 253-0000", "1 650 253 0000", "16502530000", "+1.650.253.0000", "001 650 253 0000", "1(650)2530000"},
		"+8613800138000":      {"8613800138000", "+8613800138000", "+86 138 0013 8000", "86-138-0013-8000", "0086 138 0013 8000"},
		"+18003569377":        {"+1-800-FLOWERS", "+1 800 356 9377", "1 800 356 9377"},
		"+16502530000;ext=5":  {"+1 650 253 0000 ext. 5", "+1 650-253-0000 x5", "1-650-253-0000 x 5", "tel:+1-650-253-0000;ext=5", "+16502530000 extension 5", "+1 650 253 0000 #5"},
		"02079460018;ext=12":  {"020 7946 0018 x12", "020-7946-0018 ext 12"},
		"+390236618300":       {"+390236618300", "+39 02 3661 8300", "0039 02 36618300"},
		"+999123456":          {"+999 123 456", "+999-123-456"},
		"call me":             {"call me", "\tcall me "},
		"123":                 {"123"},
		"+":                   {"+"},
		"030 123456 / 555xxx": {"030 123456 / 555xxx"},
	} {
		for _, w := range writings {
			if got := customer.Normalise("phone", w); got != want {
				t.Errorf("%q became %q, want %q", w, got, want)
			}
		}
	}
}

func TestPhonesOfARegion(t *testing.T) {
	for _, test := range []struct{ region, value, want string }{
		{"GB", "020 7946 0018", "+442079460018"},
		{"GB", "020-7946-0018", "+442079460018"},
		{"GB", "+1 650 253 0000", "+16502530000"},
		{"GB", "0044 20 7946 0018", "+442079460018"},
		{"US", "(650) 253-0000", "+16502530000"},
		{"US", "650.253.0000", "+16502530000"},
		{"US", "1-800-FLOWERS", "+18003569377"},
		{"US", "650 253 0000 x9", "+16502530000;ext=9"},
		{"US", "011 44 20 7946 0018", "+442079460018"},
		{"US", "0044 20 7946 0018", "+442079460018"},
		{"DE", "030 901820", "+4930901820"},
		{"DE", "0171 1234567", "+491711234567"},
		{"DE", "030/901820", "+4930901820"},
		{"SE", "070-174 01 23", "+46701740123"},
		{"CN", "138 0013 8000", "+8613800138000"},
		{"CN", "13823456789", "+8613823456789"}, // without a region it is a number of North America
		{"RU", "8 (495) 123-45-67", "+74951234567"},
		{"IN", "098765 43210", "+919876543210"},
		{"JP", "03-1234-5678", "+81312345678"},
		{"FR", "06 12 34 56 78", "+33612345678"},
		{"IT", "02 3661 8300", "+390236618300"},
		{"BR", "(11) 96123-4567", "+5511961234567"},
		{"AU", "0412 345 678", "+61412345678"},
		{"EG", "٠١٠٠ ١٢٣ ٤٥٦٧", "+201001234567"},
		{"DE", "8613800138000", "+8613800138000"},
		{"GB", "12345", "12345"}, // nothing that Britain gives out
	} {
		if got := (customer.Habits{Region: test.region}).Normalise("phone", test.value); got != test.want {
			t.Errorf("%s: %q became %q, want %q", test.region, test.value, got, test.want)
		}
	}
}

// TestDifferentPhonesStayTwo: no two of these are one.
func TestDifferentPhonesStayTwo(t *testing.T) {
	seen := map[string]string{}
	for _, v := range []string{"020 7946 0018", "+44 20 7946 0018", "+1 650 253 0000", "+1 650 253 0000 x5", "+1 650 253 0001", "650 253 0000",
		"4930901234", "+4930901234", "(493) 090-1235", "030 901820", "+4930901820", "+39 02 3661 8300", "+39 2 3661 8300", "0412 345 678", "+61 412 345 678"} {
		got := customer.Normalise("phone", v)
		if other, twice := seen[got]; twice {
			t.Errorf("%q and %q are both %q", v, other, got)
		}
		seen[got] = v
	}
}

func TestOneAddressIsOneName(t *testing.T) {
	for want, writings := range map[string][]string{
		"ann@example.com": {"ann@example.com", " Ann@Example.COM\n", "ＡＮＮ＠ＥＸＡＭＰＬＥ．ＣＯＭ", "ann\u200b@example.com", "\ufeffann@example.com", "ann@example.com.",
			"an\u00adn@example.com", "\u202aann@example.com\u202c", "mailto:ann@example.com", "MAILTO:Ann@example.com?subject=hi", "Ann Lee <ann@example.com>", "<ann@example.com>",
			`"ann@example.com"`, "'ann@example.com'", "“ann@example.com”", "ann@example.com,", "ann@example.com;", "ann%40example.com", `"ann"@example.com`, "ann@example。com", "ａｎｎ@example.com",
			"ann@exam\u2060ple.com", "`ann@example.com`", `"Ann Lee" <ann@example.com>`, "ann@EXAMPLE.com\u00a0", "\u00a0ann@example.com"},
		"ann@xn--mnchen-3ya.de":       {"ann@münchen.de", "ann@MÜNCHEN.de", "ann@mu\u0308nchen.de", "Ann@xn--mnchen-3ya.de", "ann@XN--MNCHEN-3YA.DE", "ann@münchen.de."},
		"josé@example.com":            {"josé@example.com", "jose\u0301@example.com", "JOSÉ@EXAMPLE.COM"},
		"ann@xn--fa-hia.de":           {"ann@faß.de"}, // not fass.de: the two have different owners
		"a.n.n@example.com":           {"a.n.n@example.com"},
		"ann+news@example.com":        {"Ann+News@example.com"},
		"ann@xn--fsqu00a.xn--0zwm56d": {"ann@例子.测试", "ann@例子。测试"},
		`"john doe"@example.com`:      {`"John Doe"@Example.com`},
		"not an address":              {"Not an Address"},
		"":                            {"", " ", "\u200b"},
		"иван@xn--e1afmkfd.xn--p1ai":  {"Иван@пример.рф", "ИВАН@ПРИМЕР.РФ"},
		"o'brien@example.com":         {"O'Brien@example.com", "o'brien@example.com"},
	} {
		for _, w := range writings {
			if got := customer.Normalise("email", w); got != want {
				t.Errorf("%q became %q, want %q", w, got, want)
			}
		}
	}
}

func TestThePlusGoesOnlyWhenAsked(t *testing.T) {
	drop := customer.Habits{DropPlus: true}
	for in, want := range map[string]string{
		"ann+news@example.com": "ann@example.com", "ann+a+b@example.com": "ann@example.com", "+ann@example.com": "+ann@example.com",
		"ann@example.com": "ann@example.com", "ann@ex+ample.com": "ann@ex+ample.com", "ann.lee+x@example.com": "ann.lee@example.com",
	} {
		if got := drop.Normalise("email", in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestOtherTypesAreOnlyTrimmed(t *testing.T) {
	for in, want := range map[string]string{" Ann ": "Ann", "+44 20 7946 0018": "+44 20 7946 0018", "ANN@EXAMPLE.COM": "ANN@EXAMPLE.COM"} {
		for _, typ := range []string{"user_id", "device_id", "anonymous_id"} {
			if got := customer.Normalise(typ, in); got != want {
				t.Errorf("%s %q became %q", typ, in, got)
			}
		}
	}
}

func TestALongValueIsOnlyTrimmed(t *testing.T) {
	long := strings.Repeat("<", 1000) + "A@B.C" + strings.Repeat(">", 1000)
	for _, typ := range []string{"email", "phone", "user_id"} {
		if got := customer.Normalise(typ, " "+long+"\n"); got != long {
			t.Errorf("%s became %.20q...", typ, got)
		}
	}
}

// A stored value is found by itself, whatever habits it was read with.
func FuzzNormaliseTwiceChangesNothing(f *testing.F) {
	for _, seed := range []string{"+44 20 7946 0018", " A@B.c ", "+1-800-FLOWERS", "+٤٤ ٢٠ ٧٩٤٦ ٠٠١٨", "\xff+1", "+390236618300", "++1 650 253 0000",
		"tel:+1;ext=5", "020 7946 0018 x12", "Ann <a@b>", "mailto:<mailto:a@b>", "a@b..", "\"\"@b", "İ@İ.com", "00 00 44 20", "'\"'1", "a@xn--", "A\u030a@x", "12345x6x7", "<a>,;>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, h := range []customer.Habits{{}, {Region: "GB", DropPlus: true}, {Region: "US"}, {Region: "IT"}} {
			for _, typ := range []string{"user_id", "email", "phone"} {
				once := h.Normalise(typ, value)
				if twice := h.Normalise(typ, once); twice != once {
					t.Errorf("%+v %s %q became %q and then %q", h, typ, value, once, twice)
				}
				if again := customer.Normalise(typ, once); again != once {
					t.Errorf("%+v %s %q became %q, which a look-up takes for %q", h, typ, value, once, again)
				}
			}
		}
	})
}

// Blanks, brackets and marks between the digits never matter.
func TestOnlyDigitsMatterInANumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[1-9][0-9]{6,9}`).Draw(t, "digits")
		marks := rapid.SampledFrom([]string{"", " ", "-", ".", "/", "\u00a0", "\u200e", ") ", "–"})
		written := digits[:1]
		for _, d := range digits[1:] {
			written += marks.Draw(t, "mark") + string(d)
		}
		if got, want := customer.Normalise("phone", written), customer.Normalise("phone", digits); got != want {
			t.Fatalf("%q is %q, %q is %q", written, got, digits, want)
		}
	})
}
