// Package encoding knows the encodings of texts by the names people give them, and finds the one of a file by the evidence of the whole of it.
// It is not for languages, or for what a file holds.
//
// How it guesses: a text without a mark that is UTF-8 but for a few lines is UTF-8, and these lines are bad rows. Else each encoding is held
// against the cells that are not ASCII: what cannot be decoded speaks against it, and what can is weighed by how languages use their letters
// (models.go) and by what letters stand beside (weigh.go). The best is named; where another is close, the finding is not sure and names it
// (TestGuess, TestAGuessIsNeverSureAndWrong).
package encoding

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// known are the encodings by their names in mappings.
var known = map[string]encoding.Encoding{
	"utf-8": nil, "utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16be":  unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"macintosh": charmap.Macintosh, "x-mac-cyrillic": charmap.MacintoshCyrillic,
	"iso-8859-1": charmap.ISO8859_1, "iso-8859-2": charmap.ISO8859_2, "iso-8859-3": charmap.ISO8859_3, "iso-8859-4": charmap.ISO8859_4,
	"iso-8859-5": charmap.ISO8859_5, "iso-8859-6": charmap.ISO8859_6, "iso-8859-7": charmap.ISO8859_7, "iso-8859-8": charmap.ISO8859_8,
	"iso-8859-9": charmap.ISO8859_9, "iso-8859-10": charmap.ISO8859_10, "iso-8859-13": charmap.ISO8859_13, "iso-8859-14": charmap.ISO8859_14,
	"iso-8859-15": charmap.ISO8859_15, "iso-8859-16": charmap.ISO8859_16,
	"windows-874": charmap.Windows874, "windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1252": charmap.Windows1252,
	"windows-1253": charmap.Windows1253, "windows-1254": charmap.Windows1254, "windows-1255": charmap.Windows1255, "windows-1256": charmap.Windows1256,
	"windows-1257": charmap.Windows1257, "windows-1258": charmap.Windows1258,
	"koi8-r": charmap.KOI8R, "koi8-u": charmap.KOI8U,
	"cp437": charmap.CodePage437, "cp850": charmap.CodePage850, "cp852": charmap.CodePage852, "cp855": charmap.CodePage855, "cp858": charmap.CodePage858,
	"cp860": charmap.CodePage860, "cp862": charmap.CodePage862, "cp863": charmap.CodePage863, "cp865": charmap.CodePage865, "cp866": charmap.CodePage866,
	"shift_jis": japanese.ShiftJIS, "euc-jp": japanese.EUCJP, "iso-2022-jp": japanese.ISO2022JP,
	"euc-kr": korean.EUCKR, "big5": traditionalchinese.Big5, "gbk": simplifiedchinese.GBK, "gb18030": simplifiedchinese.GB18030, "hz-gb-2312": simplifiedchinese.HZGB2312,
}

// aliases are other names, without blanks, underscores and dashes, as plain writes them.
var aliases = map[string]string{
	"": "utf-8", "utf8sig": "utf-8", "utf8bom": "utf-8", "u8": "utf-8", "unicode": "utf-16", "ucs2": "utf-16", "utf16": "utf-16", "utf16le": "utf-16le", "utf16be": "utf-16be",
	"ascii": "utf-8", "usascii": "utf-8",
	"mac": "macintosh", "macroman": "macintosh", "xmacroman": "macintosh", "applemacintosh": "macintosh", "macintoshroman": "macintosh",
	"maccyrillic": "x-mac-cyrillic", "macukrainian": "x-mac-cyrillic", "xmacukrainian": "x-mac-cyrillic",
	"latin1": "iso-8859-1", "latin2": "iso-8859-2", "latin3": "iso-8859-3", "latin4": "iso-8859-4", "latin5": "iso-8859-9", "latin6": "iso-8859-10",
	"latin7": "iso-8859-13", "latin8": "iso-8859-14", "latin9": "iso-8859-15", "latin10": "iso-8859-16", "l1": "iso-8859-1", "cyrillic": "iso-8859-5", "greek": "iso-8859-7",
	"hebrew": "iso-8859-8", "arabic": "iso-8859-6", "iso885911": "windows-874", "tis620": "windows-874", "thai": "windows-874",
	"ansi": "windows-1252", "koi8": "koi8-r", "koi8ru": "koi8-u", "dos": "cp437", "oem": "cp437", "oemus": "cp437", "alt": "cp866",
	"sjis": "shift_jis", "mskanji": "shift_jis", "windows31j": "shift_jis", "cp932": "shift_jis", "cp943": "shift_jis", "ms932": "shift_jis", "xsjis": "shift_jis", "csshiftjis": "shift_jis",
	"eucjp": "euc-jp", "ujis": "euc-jp", "xeucjp": "euc-jp", "iso2022jp": "iso-2022-jp", "jis": "iso-2022-jp",
	"euckr": "euc-kr", "cp949": "euc-kr", "uhc": "euc-kr", "ms949": "euc-kr", "ksc5601": "euc-kr", "ksc56011987": "euc-kr", "ksx1001": "euc-kr", "windows949": "euc-kr", "korean": "euc-kr",
	"cp950": "big5", "big5hkscs": "big5", "ms950": "big5", "windows950": "big5", "big5tw": "big5", "cnbig5": "big5",
	"gb2312": "gbk", "gb231280": "gbk", "cp936": "gbk", "ms936": "gbk", "windows936": "gbk", "euccn": "gbk", "chinese": "gbk", "xgbk": "gbk", "cp54936": "gb18030", "gb180302000": "gb18030", "hz": "hz-gb-2312",
}

// byPlain finds known's names by their plain writing.
var byPlain = func() map[string]string {
	out := map[string]string{}
	for name := range known {
		out[plain(name)] = name
	}
	for alias, name := range aliases {
		out[alias] = name
	}
	for _, page := range []string{"874", "1250", "1251", "1252", "1253", "1254", "1255", "1256", "1257", "1258"} {
		out["cp"+page], out["ansi"+page], out["win"+page], out["xcp"+page] = "windows-"+page, "windows-"+page, "windows-"+page, "windows-"+page
	}
	for _, page := range []string{"437", "850", "852", "855", "858", "860", "862", "863", "865", "866"} {
		out["ibm"+page], out["oem"+page], out["dos"+page], out[page] = "cp"+page, "cp"+page, "cp"+page, "cp"+page
	}
	return out
}()

// plain writes a name in small letters and digits.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}

// Decoder finds an encoding by a name in any case: those of the WHATWG standard, of Python, of Windows' code pages and of old Macs. canonical is
// its name in mappings. UTF-8 is nil with the canonical name "utf-8".
func Decoder(name string) (e encoding.Encoding, canonical string, err error) {
	if canonical, ok := byPlain[plain(name)]; ok && (strings.TrimSpace(name) == "" || plain(name) != "") {
		return known[canonical], canonical, nil
	}
	if e, err := htmlindex.Get(name); err == nil {
		if canonical, err := htmlindex.Name(e); err == nil && canonical != "replacement" && canonical != "x-user-defined" {
			return e, canonical, nil
		}
	}
	return nil, "", fmt.Errorf("%q is none of utf-8, utf-16, windows-1252 (and 1250 to 1258), macintosh, iso-8859-1 (to 16), koi8-r, cp437, cp850, cp852, cp866, shift_jis, "+
		"euc-jp, euc-kr, big5, gb18030 and their usual names", name)
}
