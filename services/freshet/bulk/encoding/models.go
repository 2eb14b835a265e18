package encoding

import (
	"math"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// letters are how often languages that are written with an alphabet use the letters that ASCII has not, each with its weight; only their relation
// counts. The figures are rounded: what tells encodings apart is whether a letter is usual, rare or foreign, which is a factor of ten.
var letters = map[string]string{
	"German": `ü350 ä330 ö190 ß130`, "French": `é560 è90 à140 ê60 ç40 â20 î15 ô20 û12 ù12 ë8 ï8 œ5 æ1 ÿ1`, "Spanish": `ó280 í240 á200 é130 ñ90 ú50 ü5`,
	"Portuguese": `ã240 ç170 é120 á110 í90 ó60 õ50 ê50 ú40 â30 ô20 à20`, "Italian": `à250 è320 é40 ì60 ò130 ù130`, "Swedish": `ä400 ö300 å280 é10`,
	"Danish": `ø350 å380 æ260 é5`, "Finnish": `ä850 ö120 å10`, "Dutch": `ë500 é350 ï120 ü10 ö10 è10`, "Icelandic": `á150 ð170 í150 é60 ó90 ö90 ú60 þ60 æ90 ý50`,
	"Catalan": `à200 é180 è150 í120 ó170 ò80 ç60 ú30 ï15 ü5`,
	"Polish":  `ł240 ą140 ę150 ó120 ż110 ś95 ć55 ń45 ź20`, "Czech": `í190 á200 é100 ě100 ř75 č75 ž80 š70 ý80 ů40 ú20 ť3 ď3 ň10 ó3`,
	"Slovak": `á230 í150 é120 č130 ý120 š110 ž110 ľ40 ť60 ú60 ô30 ň20 ó15 ä10 ď10 ŕ2 ĺ2`, "Hungarian": `á320 é310 ö100 ó95 ő80 í50 ü60 ú25 ű15`,
	"Romanian": `ă380 î140 ţ80 ț70 ş80 ș70 â80`, "Croatian": `č280 š250 ž210 ć200 đ70`,
	"Turkish": `ı300 ş140 ü150 ğ100 ö70 ç100 İ50 â4 î2 û1`, "Lithuanian": `ė200 š190 ų170 ž120 į90 ū80 č70 ą50 ę30`, "Latvian": `ā300 ī170 ē150 š110 ņ70 ū50 ķ30 ļ50 ģ30 ž30 č20`,
	"Estonian":  `ä300 õ250 ü230 ö60 š10 ž5`,
	"Russian":   `о1097 е845 а801 и735 н670 т626 с547 р473 в454 л440 к349 м321 д298 п281 у262 я201 ы190 ь174 г170 з165 б159 ч144 й121 х97 ж94 ш73 ю64 ц48 щ36 э32 ф26 ъ4 ё10 №2`,
	"Ukrainian": `о940 а830 н680 и610 і570 в550 р470 е460 т450 с400 к350 л360 д320 у310 м300 п280 я220 з230 ь180 г160 б160 ч120 й140 х100 ж80 ю70 ш70 ї60 є60 ц60 ф30 щ30 ґ2`,
	"Bulgarian": `а1170 и900 о870 е850 т740 н690 р530 с500 в470 л350 д330 к320 п290 м260 ъ190 з210 я160 г150 б150 у140 ч130 ж70 щ60 й70 х60 ш60 ц60 ф30 ю10 ь5`,
	"Serbian":   `а1170 и980 о920 е880 н560 р500 с480 т440 ј420 у430 в370 к360 д360 л340 м360 п290 з170 г160 б140 ч90 ш80 њ70 ц70 ж60 ћ60 х50 љ50 ђ20 ф20 џ10`,
	"Greek":     `α1150 ι800 ο950 ε800 ν720 τ770 σ500 η450 ς400 ρ420 κ410 π400 υ380 λ300 μ330 ω180 δ180 γ200 θ120 χ120 φ90 β80 ξ50 ζ40 ψ20 ά200 ό200 έ150 ί250 ή130 ύ100 ώ80 ϊ5 Ά15 Έ10 Ό6`,
	"Hebrew":    `ו110 י110 ה100 ל80 א75 ר60 ב55 ת55 ש50 מ50 ד30 נ30 ק25 ע30 ח25 ם25 פ15 כ25 ט12 ג12 ז10 ס12 צ10 ן15 ף3 ך3 ץ2`,
	"Arabic":    `ا145 ل110 ي75 م60 و60 ن55 ر50 ت45 ب40 ة40 ع35 د35 س30 ه30 ف25 ك22 ق22 ح20 أ20 ج13 ش12 ص10 ط10 خ8 ض7 ى8 ث6 ذ6 إ6 ز6 غ4 ء3 ظ2 ئ3 آ2 ؤ1 ،3`,
	"Thai":      `า90 น75 ร70 อ65 ก55 เ50 ง48 ่50 ม45 ย40 ล38 ว38 ้40 ท35 ด32 ส32 ต30 ั35 ิ30 ี28 ป25 บ25 ค24 แ20 ห22 จ16 พ18 ช14 ข14 ใ12 ไ12 โ10 ะ14 ำ12 ็8 ื12 ึ6 ุ14 ู12 ผ7 ธ7 ณ6 ภ5 ศ7 ซ6 ถ6 ฐ3 ญ4 ษ4 ์14 ฟ4 ฉ2 ๆ2`,
}

// mixtures are what files of customers of several countries look like, each language with its share in percent.
var mixtures = map[string]string{
	"the west of Europe":   `German25 French22 Spanish20 Portuguese9 Italian5 Swedish6 Danish6 Finnish2 Dutch3 Icelandic1 Catalan1`,
	"the middle of Europe": `Polish30 Czech25 Hungarian20 Slovak8 Romanian7 Croatian6 German4`,
	"Turkey and the west":  `Turkish80 German10 French10`, "the Baltic": `Lithuanian35 Latvian35 Estonian20 German10`,
	"Russian and Ukrainian": `Russian70 Ukrainian30`,
}

// model is how often a language uses runes, as natural logarithms.
type model struct {
	runes   map[rune]float64
	classes func(r rune) float64 // of runes that are not in runes; nil for foreign
}

// foreign is a rune that a language does not use, and yet may stand in a name.
const foreign = -9.5

func (m *model) of(r rune) float64 {
	if p, ok := m.runes[r]; ok {
		return p
	}
	if m.classes != nil {
		return m.classes(r)
	}
	return foreign
}

// models by the name of the language or mixture.
var models = sync.OnceValue(func() map[string]*model {
	out := map[string]*model{}
	shares := map[string]map[rune]float64{}
	for name, text := range letters {
		shares[name] = parse(text)
	}
	for name, text := range mixtures {
		mixed := map[rune]float64{}
		for _, part := range strings.Fields(text) {
			at := strings.IndexAny(part, "0123456789")
			for r, p := range shares[part[:at]] {
				mixed[r] += p * float64(number(part[at:])) / 100
			}
		}
		shares[name] = mixed
	}
	for name, share := range shares {
		out[name] = alphabet(share)
	}
	out["Chinese"] = characters(simplified, level(simplifiedchinese.GBK, 0xb0, 0xd7), han)
	out["Chinese, traditional"] = characters(traditional, level(traditionalchinese.Big5, 0xa4, 0xc6), han)
	out["Japanese"] = characters(kanji, level(japanese.EUCJP, 0xb0, 0xcf), kana)
	out["Korean"] = characters(syllables, level(korean.EUCKR, 0xb0, 0xc8), hangul)
	return out
})

// written are the encodings that have nearly all letters of a language, by both their names.
var written = sync.OnceValue(func() map[[2]string]bool {
	out := map[[2]string]bool{}
	for name := range candidates {
		encoder := known[name].NewEncoder()
		for language, m := range models() {
			has, all := 0.0, 0.0
			for r, p := range m.runes {
				all += math.Exp(p)
				if _, err := encoder.String(string(r)); err == nil {
					has += math.Exp(p)
				}
			}
			out[[2]string{name, language}] = has >= 0.8*all
		}
	}
	return out
})

// writes says that an encoding has nearly all letters of a language.
func writes(name, language string) bool { return written()[[2]string{name, language}] }

func number(digits string) (n int) {
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// parse reads letters with their weights as shares of one.
func parse(text string) map[rune]float64 {
	out, sum := map[rune]float64{}, 0.0
	for _, part := range strings.Fields(text) {
		r, size := utf8.DecodeRuneInString(part)
		out[r] = float64(number(part[size:]))
		sum += out[r]
	}
	for r := range out {
		out[r] /= sum
	}
	return out
}

// alphabet is a model of letters; capitals are a fourth as frequent.
func alphabet(share map[rune]float64) *model {
	m := &model{runes: map[rune]float64{}}
	for r, p := range share {
		m.runes[r] = max(math.Log(p), foreign+1)
		if upper := unicode.ToUpper(r); upper != r && upper >= utf8.RuneSelf {
			if _, own := share[upper]; !own {
				m.runes[upper] = max(math.Log(p/4), foreign+1)
			}
		}
	}
	return m
}

// level are the runes of an encoding's rows that hold the usual characters.
func level(e encoding.Encoding, from, to byte) map[rune]bool {
	out := map[rune]bool{}
	d := e.NewDecoder()
	for row := from; row <= to; row++ {
		for cell := byte(0xa1); cell < 0xff; cell++ {
			if text, err := d.Bytes([]byte{row, cell}); err == nil {
				if r, size := utf8.DecodeRune(text); size == len(text) && r != utf8.RuneError {
					out[r] = true
				}
			}
		}
		for cell := byte(0x40); cell < 0x7f && from == 0xa4; cell++ { // Big5's other half
			if text, err := d.Bytes([]byte{row, cell}); err == nil {
				if r, size := utf8.DecodeRune(text); size == len(text) && r != utf8.RuneError {
					out[r] = true
				}
			}
		}
	}
	return out
}

// characters is a model of a language with many of them: the frequent ones by their rank, the rest by classes.
func characters(frequent string, usual map[rune]bool, classes func(r rune, usual bool) float64) *model {
	m := &model{runes: map[rune]float64{}, classes: func(r rune) float64 { return classes(r, usual[r]) }}
	rank := 0
	for _, r := range frequent {
		if _, ok := m.runes[r]; ok || r < utf8.RuneSelf {
			continue
		}
		m.runes[r] = math.Log(0.8 / (3.2 * float64(rank+30))) // Zipf's law
		rank++
	}
	return m
}

// The classes of what is not frequent: about the logarithm of a class's share of a text by the number of its characters.
func han(r rune, usual bool) float64 {
	switch {
	case usual:
		return -9.7
	case punctuation(r):
		return -6
	case unicode.Is(unicode.Han, r):
		return -14
	}
	return -18
}

func kana(r rune, usual bool) float64 {
	switch {
	case r >= 'ぁ' && r <= 'ん', r == 'ー':
		return -5.3
	case r >= 'ァ' && r <= 'ヶ':
		return -5.8
	case r >= '｡' && r <= 'ﾟ':
		return -6.5
	}
	return han(r, usual)
}

func hangul(r rune, usual bool) float64 {
	switch {
	case usual:
		return -9
	case punctuation(r):
		return -6
	case unicode.Is(unicode.Hangul, r):
		return -16
	case unicode.Is(unicode.Han, r):
		return -13
	}
	return -18
}

// punctuation is that of East Asia, and the full-width forms of ASCII.
func punctuation(r rune) bool {
	return r >= 0x3000 && r <= 0x3015 || r >= 0xff01 && r <= 0xff5e || r == '·' || r == '…' || r == '“' || r == '”' || r == '￥'
}
