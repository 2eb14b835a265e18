package placeholder_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/collector/placeholder"
)

// nobody are values that no person is known by, kind by kind. Each line is a list, split at blanks unless it says otherwise.
var nobody = map[string][]string{
	"words": strings.Fields(`null NULL undefined none None nil NaN nan unknown UNKNOWN n/a N/A n.a. NA #N/A missing unset empty nobody noone default guest Guest visitor
		anonymous Anonymous anon ANON invalid test Test dummy fake placeholder deleted redacted true FALSE not_set not-set notset not_available not_provided not_authenticated
		not_logged_in logged_out unidentified no_user no-id asdf qwerty foobar TBD infinity -Infinity error void blank`),
	"words of more than one part": {"not set", "(not set)", "Not Set", "not available", "Not Applicable", "not provided", "no user", "no id", "(none)", "<none>", "(null)", "<null>", "<NULL>",
		"{null}", "[null]", "(empty)", "<empty>", "( not provided )", "anonymous user", "Guest User", "unknown user", "user unknown", "no data", "Default string", "To be filled by O.E.M.", "not logged in"},
	"words of other languages": {"unbekannt", "Unbekannt", "keine Angabe", "Gast", "inconnu", "Non renseigné", "aucun", "desconocido", "ninguno", "sin nombre", "sconosciuto", "nessuno",
		"desconhecido", "onbekend", "geen", "okänd", "nieznany", "brak danych", "neznámý", "ismeretlen", "bilinmiyor", "неизвестно", "Неизвестный", "аноним", "гость", "未知", "匿名", "未登录", "ゲスト", "なし", "없음", "غير معروف"},
	"quoted, bracketed, wide": {`""`, `''`, "``", `"null"`, `'undefined'`, "`none`", `\"null\"`, `\"\"`, "\u201cnull\u201d", "«null»", "ｎｕｌｌ", "ＵＮＤＥＦＩＮＥＤ", "\u200bnull", " null\u00a0", "null\ufeff",
		"(null)", "((null))", "[]", "{}", "*null*", "'(not set)'"},
	"templates": {"{{user.id}}", "{{ user_id }}", "{{", "}}", "%%user_id%%", "${userId}", "${user.id}", "<%= user.id %>", "<%user%>", "{% user %}", "[[user_id]]", "*|EMAIL|*", "*|USERID|*", "%USER_ID%", "%user.id%",
		"__USER_ID__", "__IDFA__", "#{user_id}", "@{user}", "%{user_id}", "{user_id}", "{userId}", "{0}", "{}", "[USER_ID]", "[email]", "<user_id>", "<your user id>", "<USER>", "$user_id", "$USER_ID", "$userId", ":user_id", ":id", "@user@", "@userId",
		"$(user)", "$$USER_ID$$", "((user_id))", "{$userId}", "%s", "%d", "%@", "%v", "%1$s", "%!s(<nil>)", "%!d(string=)", "user-{{id}}", "shop_${customer.id}", "{{user.id | default: ''}}"},
	"code": {"void 0", "void(0)", "function (){}", "function(){return t}", "function () { [native code] }", "() => id", "e=>e.id", "[object Object]", "[Object object]", "[object Undefined]", "[object Promise]",
		"object", "Object", "[object HTMLInputElement]", "typeof undefined", "Symbol(id)", "Promise { <pending> }", "<built-in function id>", "<bound method User.id>", "#<User:0x00007f>", "System.DBNull", "System.Object",
		"NoneType", "java.lang.Object@1b6d3586", "Optional(nil)", `\N`, "#REF!", "#VALUE!", "<nil>", "async function id()", "lambda x: x"},
	"names of variables": strings.Fields(`id ID Id userid userId user_id USER_ID user-id uid uuid guid distinct_id distinctid distinctId email Email e-mail phone anonymousid anonymousId anonymous_id
		device_id deviceId customer_id customerId client_id sub username user name login account_id external_id externalId session_id profile_id visitor_id member_id idfa gaid key value token msisdn kundennummer`),
	"numbers":     strings.Fields(`0 00 000 0.0 0,00 -0 0.00 -1 -1.0 −1 0000-0000 0/0 0:0 -99 -999 0e0 0x0000000000000000000000000000000000000000 2147483647 -2147483648 4294967295 9223372036854775807`),
	"punctuation": {"-", "--", "---", ".", "..", "...", "…", "?", "???", "*", "***", "_", "/", "#", "@", "!", ",", "—", "–", "·", "•", "()", "<>", "??", "''", "。", "、", "~", "|", "+", "=", "$", "%"},
	"emulators and shared": strings.Fields(`9774d56d682e549c 9774D56D682E549C 000000000000000 00000000-0000-0000-0000-000000000000 02:00:00:00:00:00 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff
		FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF 012345678912345 358240051111110 deadbeef DEADBEEF-DEAD-BEEF-DEAD-BEEFDEADBEEF 123e4567-e89b-12d3-a456-426614174000 550e8400-e29b-41d4-a716-446655440000
		12345678-1234-1234-1234-123456789012 12345678-1234-5678-1234-567812345678 1234567890abcdef 0123456789ABCDEF 123456789 1234567890 0123456789 03000200-0400-0500-0006-000700080009 emulator-5554 generic_x86 11111111-1111-1111-1111-111111111111`),
	"one character": strings.Fields(`aaa aaaa xxx XXX xxxxxxxx zzzz 111111 999999 1111111111 xx-xx-xx ffffffffffffffff aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa 1111-1111-1111 あああ ｘｘｘ`),
	"composed":      {"user_null", "user-undefined", "undefined-undefined", "null null", "undefined undefined", "customer:null", "user/undefined", "null_null", "user id unknown", "id=undefined", "usr_undefined", "anonymous-undefined", "user_[object Object]"},
}

// tried are the words that may be the id of an event, which somebody tries something out with.
var tried = map[string]bool{"default": true, "test": true, "Test": true, "dummy": true, "fake": true, "asdf": true, "qwerty": true, "foobar": true}

func TestPlaceholdersStrike(t *testing.T) {
	for kind, values := range nobody {
		for _, v := range values {
			for _, typ := range []string{"user_id", "anonymous_id", "device_id", "crm_id", "message_id"} {
				if typ == placeholder.MessageID && tried[v] {
					continue
				}
				if !(*placeholder.List)(nil).Strikes(typ, v) {
					t.Errorf("%s: %s %q is taken for a name", kind, typ, v)
				}
			}
		}
	}
}

// TestRealNamesStay: what must never be taken away from somebody.
func TestRealNamesStay(t *testing.T) {
	stay := map[string][]string{
		"user_id": append(strings.Fields(`1 2 9 10 11 42 77 777 1111 99999 12345 123456 1234567 007 0001 00042 10.0 -10 1-0 0x0 0xdeadbeef1 ann Ann o X ab bb aa abc nora Nadia na-young nullable nullsoft
			nonesuch anonymous-5f3e guest42 guest_42 test7 test-7f3a tester42 user1 user-42 user_42 userland user-anna id-42 id42 ids-of-march idris uidaho sub-1 mailman emily email-7 phoney keyla valuejet tokenring
			defaulter emptyhead voidmaster invalidate missingno unknownsoldier nobodysfool blanka zeroone trueman falsetto objective function-room voided $device:17c3b2 $ann @ann #42 ann% 50% a-b-c x-y-z
			auth0|5f7c8ec7c33c6c004bbafe82 google-oauth2|108 urn:uuid:9c3f1f5e-8f40-4b1c-9b7e-0a5b3c1d2e4f 01ARZ3NDEKTSV4RRFFQ69G5FAV 65f2a7c0e4b0a1b2c3d4e5f6 cus_NffrFeUfNV2Hib ann@example.com
			1c9b1f0e-6f2e-4d4b-9a53-3f4a0f6f2b11 9774d56d682e549d 012345678912346 aaaab abababab 1112223334 1111112 000001 100000 1000000000 李 王 오 あ 王小明 Zoë José Łukasz Иван محمد test@company.com null@company.com
			M&M R2D2 c3po yes no on off root admin max min auto today other all any self system7 web api-7 sam tom Tom gol zero bottom kim noor nia dana ivan eva tom.gold gol-7 tomas vide0 nullah Nil-Sethi`),
			"Jean Null", "Anne Guest", "Mr. None", "No Name Steakhouse 7", "A. User-Smith", "Unknown Mortal Orchestra", "Ann (home)", "O'Brien", "<ann@example.com>", "\"42\"", "id 42", "user 42", "Not a Robot 7", "hello world"),
		"email": strings.Fields(`null@company.com test@company.com none@company.com guest@hotel.com info@shop.com user@company.com ann@example.com a@example.com ada@example.com x1@example.com me@ann.org anna@anna.com
			peter@peter.de no@company.com reply@shop.com norep@company.com 1@qq.com 123456@qq.com abc@gmail.com asdf@web.de hans@test-verein.de noreen@example.com bob@b.com ab@ab.com john.doe@company.com name@surname.uk
			mail@ann-lee.com hello@me.com bb@cc.org 111@222.cn aaa@aol.com`),
		"phone":        strings.Fields(`+442079460018 02079460018 2125550142 +12125550100 +8613888888888 +18008888888 +16502530000 0301234567 +4930901820 +1234567890123 5550100 +33612345678 +15005550006 07700900123 +999123456 +77777777770`),
		"anonymous_id": strings.Fields(`b9a6b7a0-1c5e-4f0e-8a53-2f7f1a2b3c4d 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d 11 1 777 a1 visitor-7 anon-7c3f 17c3b2f4a5-0a1b2c d41d8cd98f00b204e9800998ecf8427e GA1.2.1234567.7654321 1234567.7654321 fb.1.1596403881668.1116446470`),
		"device_id":    strings.Fields(`9774d56d682e549e 02:00:00:00:00:01 a4:83:e7:12:34:56 358240051111111 6D92078A-8246-4BA4-AE5B-76104861E7DC 38400000-8cf0-11bd-b23e-10b96e40000d R58M12ABCDE emulator-owner`),
		"message_id":   strings.Fields(`ajs-next-1721-abc 1 2 42 m1 e7 order-42 01ARZ3NDEKTSV4RRFFQ69G5FAV const-id-1 test demo foo 1596403881668 b9a6b7a0-1c5e-4f0e-8a53-2f7f1a2b3c4d same test-1`),
	}
	for typ, values := range stay {
		for _, v := range values {
			if (*placeholder.List)(nil).Strikes(typ, v) {
				t.Errorf("%s %q is taken for a placeholder", typ, v)
			}
		}
	}
}

func TestAddressesOfNobody(t *testing.T) {
	for _, v := range strings.Fields(`test@test.com noreply@shop.com no-reply@shop.de no.reply@shop.de donotreply@x.org none@none.com email@example.com a@a.com unknown@unknown.com unknown@unknown
		null@null.com undefined@undefined.com na@na.com user@example.com name@domain.com your@email.com youremail@example.com test@example.com john.doe@example.com asdf@asdf.com abc@abc.com x@x.x aaa@aaa.com
		xxx@xxx.xxx nomail@nomail.com noemail@noemail.com none@email.com guest@guest.com anonymous@anonymous.com fake@fake.com dummy@dummy.com nobody@nowhere.com 123@123.com null@localhost j***@gmail.com ***@***.com 0@0.com
		undefined n/a {{email}} %%emailaddr%% [email] (null) -@- ..@.. test+1@test.com mailer-daemon@x.com example@example.com someone@example.org unbekannt@unbekannt.de`) {
		if !(*placeholder.List)(nil).Strikes("email", v) {
			t.Errorf("%q is taken for somebody's address", v)
		}
	}
}

func TestNumbersOfNobody(t *testing.T) {
	for _, v := range strings.Fields(`0000000000 +0000000000 1234567890 +11234567890 0123456789 123456789 12345678 1111111111 5555555555 +15555555555 +441111111111 999999 00000 *******123 xxx-xxx-1234 ###-###-#### ______ +491234567890
		undefined unknown none {{phone}} %phone% 9999999999 09999999999 +919999999999 N/A`) {
		if !(*placeholder.List)(nil).Strikes("phone", v) {
			t.Errorf("%q is taken for somebody's number", v)
		}
	}
}

func TestAWorkspaceAddsAndRemoves(t *testing.T) {
	l := placeholder.New([]string{"Kiosk", "0815", "walk in", "ann"}, []string{"guest", "0", "Test@Test.com", "ann"})
	for v, want := range map[string]bool{
		"kiosk": true, " KIOSK ": true, `"kiosk"`: true, "(Kiosk)": true, "ｋｉｏｓｋ": true, "0815": true, "Walk In": true, "kiosk2": false, "08150": false,
		"guest": false, "GUEST": false, "'guest'": false, "0": false, "00": true, "null": true, "ann": false,
	} {
		if got := l.Strikes("user_id", v); got != want {
			t.Errorf("%q: %t", v, got)
		}
	}
	if l.Strikes("email", "test@test.com") {
		t.Error("a removed address still strikes")
	}
}

// A made-up id never strikes: that would take a real visitor's name away.
func TestMadeUpIDsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`).Filter(func(s string) bool {
			seen := map[rune]bool{}
			for _, r := range s {
				seen[r] = true
			}
			return len(seen) > 8 // drawn values are often all zeros
		}).Draw(t, "id")
		for _, typ := range []string{"user_id", "anonymous_id", "device_id", "message_id"} {
			for _, v := range []string{id, strings.ToUpper(id), strings.ReplaceAll(id, "-", "")} {
				if (*placeholder.List)(nil).Strikes(typ, v) {
					t.Fatalf("%s %q is taken for a placeholder", typ, v)
				}
			}
		}
	})
}

// Around a placeholder may stand what it likes.
func TestWrappingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SampledFrom([]string{"null", "undefined", "unknown", "user_id", "not set", "n/a"}).Draw(t, "value")
		for range rapid.IntRange(0, 3).Draw(t, "times") {
			w := rapid.SampledFrom([]string{`"%"`, "'%'", "(%)", "[%]", "<%>", " % ", "\t%", "%\u00a0", "\u200b%", "{%}", "`%`"}).Draw(t, "around")
			v = strings.Replace(w, "%", v, 1)
		}
		if !(*placeholder.List)(nil).Strikes("user_id", v) || !(*placeholder.List)(nil).Strikes("user_id", strings.ToUpper(v)) {
			t.Fatalf("%q is taken for a name", v)
		}
	})
}

func FuzzStrikes(f *testing.F) {
	for _, values := range nobody {
		for _, v := range values {
			f.Add(v)
		}
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, typ := range []string{"user_id", "email", "phone"} {
			(*placeholder.List)(nil).Strikes(typ, v)
			placeholder.New([]string{v}, nil).Strikes(typ, v)
		}
	})
}

func BenchmarkStrikes(b *testing.B) {
	for name, v := range map[string]string{"uuid": "b9a6b7a0-1c5e-4f0e-8a53-2f7f1a2b3c4d", "word": "ann.lee", "number": "1234567"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				(*placeholder.List)(nil).Strikes("user_id", v)
			}
		})
	}
}
