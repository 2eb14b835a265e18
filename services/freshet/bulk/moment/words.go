package moment

import "strings"

// monthNames by language: the twelve months, each with all its writings in small letters, without the dot of an abbreviation. No word means two
// months (TestNoWordMeansTwoMonths).
var monthNames = map[string]string{
	"English":    `january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct|november nov|december dec`,
	"German":     `januar jänner jän|februar feber|märz mär mrz maerz|april|mai|juni|juli|august|september|oktober okt|november|dezember dez`,
	"French":     `janvier janv|février févr fév fevrier fevr fev|mars|avril avr|mai|juin|juillet juil|août aout aoû|septembre|octobre|novembre|décembre déc`,
	"Spanish":    `enero ene|febrero|marzo|abril abr|mayo|junio|julio|agosto ago|septiembre setiembre|octubre|noviembre|diciembre dic`,
	"Italian":    `gennaio gen|febbraio|marzo|aprile|maggio mag|giugno giu|luglio lug|agosto|settembre set sett|ottobre ott|novembre|dicembre`,
	"Portuguese": `janeiro|fevereiro|março marco|abril|maio|junho|julho|agosto|setembro|outubro out|novembro|dezembro`,
	"Dutch":      `januari|februari|maart mrt|april|mei|juni|juli|augustus|september|oktober|november|december`,
	"Nordic":     `januari|februari|mars marts|april|maj|juni|juli|augusti|september|oktober|november|desember des`,
	"Polish":     `stycznia styczeń sty|lutego luty lut|marca marzec|kwietnia kwiecień kwi|maja maj|czerwca czerwiec cze|lipca lipiec lip|sierpnia sierpień sie|września wrzesień wrz|października październik paź|listopada listopad lis|grudnia grudzień gru`,
	"Turkish":    `ocak oca|şubat şub|mart|nisan nis|mayıs|haziran haz|temmuz tem|ağustos ağu|eylül eyl|ekim eki|kasım kas|aralık ara`,
	"Russian":    `января январь янв|февраля февраль фев февр|марта март мар|апреля апрель апр|мая май|июня июнь июн|июля июль июл|августа август авг|сентября сентябрь сен сент|октября октябрь окт|ноября ноябрь ноя нояб|декабря декабрь дек`,
}

// dayNames are the weekdays of the same languages, which say nothing that the date does not.
const dayNames = `monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri saturday sat sunday sun
montag mo dienstag di mittwoch mi donnerstag do freitag fr samstag sa sonnabend sonntag so
lundi lun mardi mercredi mer jeudi jeu vendredi ven samedi sam dimanche dim
lunes martes miércoles miercoles mié jueves jue viernes vie sábado sabado sáb domingo dom
lunedì martedì mar mercoledì giovedì gio venerdì sabato sab domenica
segunda-feira segunda seg terça-feira terça ter quarta-feira quarta qua quinta-feira quinta qui sexta-feira sexta sex
maandag ma dinsdag woensdag wo donderdag vrijdag vr zaterdag za zondag zo
måndag mån tisdag tis onsdag ons torsdag tor fredag fre lördag lör söndag sön mandag tirsdag lørdag søndag
poniedziałek wtorek środa czwartek piątek sobota niedziela pazartesi salı çarşamba perşembe cuma cumartesi pazar
понедельник пн вторник вт среда ср четверг чт пятница пт суббота сб воскресенье вс 星期一 星期二 星期三 星期四 星期五 星期六 星期日 周一 周二 周三 周四 周五 周六 周日 月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日`

var months = func() map[string]int {
	out := map[string]int{}
	for _, year := range monthNames {
		for i, month := range strings.Split(year, "|") {
			for _, name := range strings.Fields(month) {
				out[name] = i + 1
			}
		}
	}
	return out
}()

var weekdays = func() map[string]bool {
	out := map[string]bool{}
	for _, name := range strings.Fields(dayNames) {
		out[name] = true
	}
	return out
}()

// fillers are words between the parts of a time that mean nothing by themselves.
var fillers = map[string]bool{"at": true, "on": true, "of": true, "um": true, "uhr": true, "hs": true, "hrs": true, "uur": true, "godz": true, "часов": true, "ч": true, "de": true, "del": true, "à": true, "le": true, "den": true, "a": true, "las": true, "г": true, "kl": true, "op": true, "om": true, "alle": true, "ore": true, "às": true}

// monthOf is the month that a word names; 0 for none.
func monthOf(word string) int {
	if m := months[word]; m > 0 {
		return m
	}
	return months[strings.ToLower(word)]
}
