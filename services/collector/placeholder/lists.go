package placeholder

import "strings"

func set(text string) map[string]bool {
	out := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		for _, v := range strings.Split(line, "|") {
			if v = fold(v); v != "" {
				out[v] = true
			}
		}
	}
	return out
}

// void are the words that alone make a longer value nobody's: "user_null", "customer-undefined".
var void = set(`null|undefined|none|nil|nan|unknown|missing|unset|void|anonymous|unbekannt|inconnu|desconocido|invalid|empty|na|n/a|notset|not|no|kein|keine|sin`)

// fillers are words that mean nothing beside one of void.
var fillers = set(`is|the|a|set|provided|available|applicable|specified|defined|found|logged|in|authenticated|known|assigned|given|yet|value|
entered|signed|registered|present|selected|login|data|info|identified|loggedin|angegeben|gesetzt|especificado|definido`)

// words are what stands for nobody, in lower case; without separators where they have more than one part.
var words = union(void0, tries, variables)

// void0 are words for "nobody" and "nothing", in the languages whose exports we have met, and what people type to get past a form.
//
//nolint:misspell // as they are sent
var void0 = set(`null|undefined|none|nil|nan|na|n/a|nul|nulo|nulle|unknown|unkown|unknow|uknown|unk|missing|missingvalue|unset|void|blank|empty|emptystring|
nobody|noone|nothing|noname|novalue|noid|nouser|nouserid|nocustomer|nodata|nologin|notset|notavailable|notapplicable|notprovided|notspecified|
notdefined|notfound|notloggedin|notauthenticated|notassigned|notknown|notidentified|notyetset|notregistered|unspecified|unidentified|unauthenticated|
unassigned|unregistered|unnamed|untitled|unavailable|undisclosed|loggedout|signedout|anonymous|anonymoususer|anonym|anonymus|anon|anonuser|anonimo|anónimo|anonyme|
anonimowy|annonymous|anonymos|guest|guestuser|visitor|gast|invitado|invité|invite|ospite|visitante|gosc|gość|гость|访客|遊客|游客|ゲスト|손님|
defaultuser|defaultstring|defaultvalue|dummyuser|placeholder|testuser|demouser|tbd|tba|todo|fixme|
invalid|invalidid|error|exception|deleted|deleteduser|removed|redacted|hidden|private|masked|confidential|systemuser|
true|false|infinity|string|
object|objectobject|objectundefined|objectnull|array|function|notanumber|nonetype|nilclass|traceback|dbnull|nullptr|nullvalue|isnull|void0|
unbekannt|unbekannterbenutzer|keine|keineangabe|keineangaben|leer|niemand|nichtangemeldet|nichtgesetzt|nichtverfügbar|nichtvorhanden|ohneangabe|platzhalter|
inconnu|inconnue|aucun|aucune|vide|personne|nondéfini|nondefini|nonrenseigné|nonrenseigne|sansobjet|indéfini|indefini|
desconocido|desconocida|ninguno|ninguna|vacio|vacío|nadie|sindatos|sinnombre|noaplica|nodisponible|indefinido|
desconhecido|desconhecida|nenhum|nenhuma|vazio|ninguém|ninguem|semnome|indefinido|naoinformado|nãoinformado|
sconosciuto|sconosciuta|nessuno|nessuna|vuoto|nonspecificato|nondisponibile|indefinito|
onbekend|geen|leeg|niemand|ukjent|ukendt|okänd|okand|ingen|tuntematon|tyhjä|eimitään|
nieznany|nieznana|brak|pusty|brakdanych|neznámý|neznamy|žádný|zadny|prázdný|ismeretlen|nincs|üres|necunoscut|niciunul|
bilinmiyor|bilinmeyen|yok|boş|tanımsız|неизвестно|неизвестный|неизвестен|нет|нетданных|пусто|никто|аноним|анонимно|отсутствует|невідомо|немає|порожньо|
άγνωστο|άγνωστος|κανένα|غيرمعروف|مجهول|لايوجد|فارغ|לאידוע|ריק|अज्ञात|ไม่ทราบ|ไม่ระบุ|khôngrõ|khôngcó|tidakdiketahui|tidakada|kosong|
未知|未知用户|未登录|未登錄|未设置|無|无|空|空值|匿名|匿名用户|匿名用戶|不明|未設定|未定義|なし|ななし|名無し|ゲスト|ログインなし|알수없음|없음|익명|미정|비회원|
tobefilledbyoem|systemserialnumber|serialnumber|android|androidid|androiddevice|iphone|iphonesimulator|ipad|ios|simulator|emulator|generic|genericx86|goldfish|ranchu|sdkgphone|
localhost|emptyguid|guidempty|nullguid|emptyuuid`)

// tries are what people write when they try something out. As a person's name they are nobody's; the id of a single event may well be one.
var tries = set(`default|dummy|fake|sample|example|test|tester|testing|demo|temp|tmp|asdf|asdfgh|asdfghjkl|asdasd|qwerty|qwertz|foobar|foo|lorem|loremipsum|xx`)

// variables are names that a program has for a name.
var variables = set(`id|ids|uid|uuid|guid|userid|user|username|usr|usrid|useruid|useruuid|uname|login|loginid|currentuser|currentuserid|myuser|myuserid|
yourid|youruserid|useridhere|insertuseridhere|insertidhere|yourname|youruser|externalid|externaluserid|extid|internalid|internaluserid|
distinctid|distinct|identity|identifier|identityid|profileid|personid|peopleid|contactid|leadid|subscriberid|recipientid|memberid|membernumber|membershipid|
anonymousid|anonid|anonymoususerid|previousid|deviceid|device|clientid|client|customerid|customer|customernumber|customerno|custid|accountid|account|accountnumber|
visitorid|sessionid|session|cookieid|gaid|gpsadid|idfa|idfv|adid|aaid|advertisingid|advertiserid|imei|meid|udid|androidid|messageid|eventid|
email|emailaddress|mail|e-mail|useremail|customeremail|youremail|phone|phonenumber|mobile|mobilephone|mobilenumber|telephone|tel|msisdn|userphone|
name|firstname|lastname|fullname|displayname|nickname|sub|subject|key|value|token|accesstoken|jwt|hash|field|column|variable|parameter|param|userdata|userinfo|userobject|
event|payload|traits|properties|groupid|organizationid|orgid|companyid|tenantid|workspaceid|userkey|primarykey|pk|rowid|recordid|benutzer|benutzerid|kunde|kundennummer|
kundenid|kundennr|nutzer|nutzerid|usuario|usuarioid|idusuario|cliente|clienteid|idcliente|utilisateur|idutilisateur|clientid|utente|idutente|用户id|ユーザーid`)

func union(sets ...map[string]bool) map[string]bool {
	out := map[string]bool{}
	for _, s := range sets {
		for v := range s {
			out[v] = true
		}
	}
	return out
}

// shared are ids that many devices have, or that documents show: Android's emulators, unset clocks and boards, the largest integers,
// where too large ones end, and the UUIDs of examples.
var shared = set(`9774d56d682e549c|9d1d1f0dfa440886|fc067667235b8f19|a5f5faddde9e9f02|8e17f7422b35fbea|
012345678912345|358240051111110|004999010640000|351451208401216|135790246811220|1234567812345678|
02:00:00:00:00:00|020000000000|emulator-5554|emulator-5556|deadbeef|deadbeefdeadbeef|cafebabe|deaddead|baadf00d|0badcafe|feedface|
03000200-0400-0500-0006-000700080009|12345678-1234-5678-1234-567812345678|12345678-1234-5678-1234-567812345679|
123e4567-e89b-12d3-a456-426614174000|123e4567-e89b-12d3-a456-426655440000|550e8400-e29b-41d4-a716-446655440000|f47ac10b-58cc-4372-a567-0e02b2c3d479|
6ba7b810-9dad-11d1-80b4-00c04fd430c8|00000000-0000-1000-8000-00805f9b34fb|deadbeef-dead-beef-dead-beefdeadbeef|deadbeefdeadbeefdeadbeefdeadbeef|
2147483647|4294967295|9223372036854775807|18446744073709551615|9007199254740991|9007199254740992|
123456789|1234567890|0123456789|12345678901|12345678910|123456789012|0987654321|9876543210|987654321|abcdefgh|abcdefghijklmnopqrstuvwxyz`)

// mute are the local parts of addresses that nobody reads.
var mute = set(`noreply|noreplies|donotreply|dontreply|nichtantworten|nepasrepondre|noresponder|norepond|mailerdaemon|postmaster`)

// filled are what people put before and behind the @ to get past a form.
var filled = set(`nomail|noemail|noaddress|noadress|nospam|abc|abcd|xyz|asd|qwe|aaa|bbb|xxx|yyy|zzz|you|your|me|someone|somebody|anybody|anyone|johndoe|janedoe|
firstlast|firstnamelastname|yourmail|youremail|spam|bla|blabla|blah|mailinator|keinemail|sinemail|sincorreo|pasdemail|nope|nada|nowhere|a|b|c|x`)

// blankDomains are the first labels of domains that stand for any domain.
var blankDomains = set(`example|domain|yourdomain|mydomain|email|localhost|local|nowhere|anywhere|yourcompany|site|yoursite|server|host|nodomain`)

// counting are telephone numbers typed along the keyboard.
var counting = set(`12345|123456|1234567|12345678|123456789|1234567890|12345678900|2345678901|0123456789|23456789|234567890|987654321|9876543210|98765432|0987654321`)
