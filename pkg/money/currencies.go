package money

import "strings"

// minorDigits are the currencies in use and how many decimals each has. Source: ISO 4217, list one, as of 2026; of what is no
// longer in use, those that older files still name. Currencies without decimals of their own (gold, drawing rights) are not money here.
var minorDigits = map[string]int{}

func init() {
	for digits, codes := range map[int]string{
		0: `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
		2: `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP
			COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR
			JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK
			NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT
			TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG ZWL`,
		3: `BHD IQD JOD KWD LYD OMR TND`,
		4: `CLF UYW`,
	} {
		for _, code := range strings.Fields(codes) {
			minorDigits[code] = digits
		}
	}
}

// MinorDigits is how many decimals a currency has: 2 for EUR, 0 for JPY, 3 for KWD. It reports false for what is no code of ISO 4217 in
// capitals. Amounts are not rounded to it: a litre of fuel may cost 1.459.
func MinorDigits(code string) (int, bool) {
	digits, known := minorDigits[code]
	return digits, known
}

// signs are what people write for a currency, in capitals, and the codes it may stand for.
var signs = map[string]string{
	"$": "USD AUD CAD NZD HKD SGD TWD MXN ARS CLP COP UYU DOP BRL NAD BBD BMD BND BSD BZD FJD GYD JMD KYD LRD MOP NIO SBD SRD TTD XCD ZWG ZWL",
	"£": "GBP EGP FKP GIP LBP SDG SHP SSP SYP", "₤": "GBP EGP LBP", "¥": "JPY CNY", "元": "CNY TWD HKD MOP", "圆": "CNY", "圓": "CNY TWD HKD JPY",
	"KR": "SEK NOK DKK ISK", "RS": "INR PKR LKR NPR MUR SCR", "₨": "INR PKR LKR NPR MUR SCR", "रु": "INR NPR", "FR": "CHF XOF XAF", "LEI": "RON MDL",
	"DIN": "RSD DZD TND BHD IQD JOD KWD LYD MKD", "BS": "BOB VES", "CFA": "XOF XAF", "FCFA": "XOF XAF", "﷼": "IRR SAR QAR OMR YER",
	"US$": "USD", "U$S": "USD", "U$": "USD", "$US": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "CAN$": "CAD", "$CA": "CAD",
	"NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "SG$": "SGD", "NT$": "TWD", "R$": "BRL", "MX$": "MXN", "MEX$": "MXN", "AR$": "ARS",
	"RD$": "DOP", "TT$": "TTD", "N$": "NAD", "CLP$": "CLP", "COL$": "COP", "₱": "PHP", "₡": "CRC", "₲": "PYG",
	"€": "EUR", "EURO": "EUR", "EUROS": "EUR", "UK£": "GBP", "£STG": "GBP", "E£": "EGP", "CN¥": "CNY", "JP¥": "JPY", "RMB": "CNY", "人民币": "CNY",
	"円": "JPY", "YEN": "JPY", "원": "KRW", "₩": "KRW", "NTD": "TWD", "₹": "INR", "৳": "BDT", "රු": "LKR",
	"₽": "RUB", "РУБ": "RUB", "Р": "RUB", "₴": "UAH", "ГРН": "UAH", "₸": "KZT", "₾": "GEL", "֏": "AMD", "₼": "AZN", "ЛВ": "BGN",
	"ZŁ": "PLN", "ZL": "PLN", "KČ": "CZK", "KC": "CZK", "FT": "HUF", "SFR": "CHF", "ДИН": "RSD", "KN": "HRK",
	"₺": "TRY", "TL": "TRY", "₪": "ILS", "د.إ": "AED", "DHS": "AED", "ر.س": "SAR", "ج.م": "EGP", "د.ك": "KWD",
	"฿": "THB", "₫": "VND", "RM": "MYR", "RP": "IDR", "₭": "LAK", "₮": "MNT", "៛": "KHR",
	"R": "ZAR", "₦": "NGN", "₵": "GHS", "GH₵": "GHS", "KSH": "KES", "KSHS": "KES", "TSH": "TZS", "USH": "UGX",
	"S/": "PEN", "B/": "PAB", "Q": "GTQ",
}

// codesOf are the codes that a code or sign in capitals may stand for, blanks between them; empty for what is neither.
func codesOf(token string) string {
	if _, known := minorDigits[token]; known {
		return token
	}
	return signs[token]
}

// isCode says that codes are one code.
func isCode(codes string) bool { return len(codes) == 3 }

// Currency reads a currency's code or its sign, in any case, blanks around it allowed: "eur", "€" and "US$" are EUR, EUR and USD. It
// reports false for what is neither, and for signs of several currencies, such as "$".
func Currency(text string) (code string, known bool) {
	if codes := codesOf(token(strings.Trim(plain(text), " "))); isCode(codes) {
		return codes, true
	}
	return "", false
}

// token writes a sign or code as the tables have it.
func token(text string) string { return strings.ToUpper(strings.TrimSuffix(text, ".")) }
