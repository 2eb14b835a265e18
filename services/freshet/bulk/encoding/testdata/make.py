#!/usr/bin/env python3
"""Writes texts.jsonl: small tables of many languages in the encodings they are exported in, by Python's codecs, which the test holds ours against.
Run it by hand when a table is added: python3 make.py > texts.jsonl"""
import base64
import json

TABLES = {
    "German": ("cp1252 mac_roman cp850 cp437 iso8859_15", """Nr;Kunde;Straße;Ort
1;Jörg Müller;Königsallee 5;Düsseldorf
2;Käthe Weiß;Große Bäckergasse 1;Nürnberg
3;Jürgen Schröder;Am Schloßplatz 7;Osnabrück
4;Günther Groß;Höhenstraße 12;Lübeck
5;Bärbel Köhler;Übergang 3;Göttingen
6;Äußere Prüfung;Gefäß für Öl, 5 l;Österreich
"""),
    "French": ("cp1252 mac_roman cp850 iso8859_15", """n°;client;ville;remarque
1;André Lefèvre;Orléans;livré à l'étage
2;Hélène Côté;Besançon;reçu le 3 août
3;François Bénard;Nîmes;très pressée
4;Zoé Gauthier;Saint-Étienne;déjà payé
5;Noël Géraud;Bourg-lès-Valence;fenêtre cassée
6;Chloé D'Août;Fécamp;où est-elle ?
"""),
    "Spanish": ("cp1252 mac_roman cp850 cp437", """id,nombre,ciudad
1,José Peña,Málaga
2,María Núñez,León
3,Ángel Ibáñez,Cádiz
4,Begoña Gómez,A Coruña
5,Iñaki Echeverría,San Sebastián
6,Raúl Muñoz,Mérida
"""),
    "Portuguese": ("cp1252 mac_roman cp850", """id;nome;cidade
1;João Conceição;São Paulo
2;Inês Gonçalves;Évora
3;Antônio Araújo;Brasília
4;Conceição Leitão;Guimarães
5;Estêvão Simões;Maceió
"""),
    "Italian": ("cp1252 mac_roman cp850", """id;nome;città
1;Niccolò Rossi;Forlì
2;Nicolò Pirrò;Città di Castello
3;Libertà Però;Cefalù
4;Andrea Alò;perché è già qui
"""),
    "Swedish": ("cp1252 mac_roman cp850", """nr;namn;ort
1;Åsa Öberg;Malmö
2;Björn Sjöström;Västerås
3;Göran Åkesson;Örebro
4;Märta Hägglund;Jönköping
"""),
    "Danish": ("cp1252 mac_roman cp850 cp865", """nr;navn;by
1;Søren Kjær;Århus
2;Bjørn Ørsted;Tromsø
3;Åse Bækgård;Nørresundby
4;Jørgen Ægidius;Ålborg
"""),
    "names of everywhere": ("cp1252 mac_roman", """id,name,city
1,Zoë Müller,Zürich
2,José Peña,Málaga
3,André Côté,Montréal
4,Søren Ångström,København
5,João Gonçalves,São Paulo
6,Siân O’Neill,Cardiff
"""),
    "prices": ("cp1252 iso8859_15", """id;artikel;preis
1;Kaffee;12,50 €
2;Tee (grün);3,99 €
3;Brötchen;0,45 €
"""),
    "pounds": ("cp1252", """id,item,price
1,Tea,£3.50
2,Scones – two,£4.20
3,Jam “home-made”,£2.75
4,Café au lait,£2.10
"""),
    "Polish": ("cp1250 iso8859_2 cp852", """id;imię;miasto
1;Łukasz Żak;Łódź
2;Małgorzata Wiśniewska;Kraków
3;Stanisław Wójcik;Gdańsk
4;Zofia Dąbrowska;Częstochowa
5;Józef Gołąb;Świnoujście
"""),
    "Czech": ("cp1250 iso8859_2 cp852", """id;jméno;město
1;Jiří Dvořák;Plzeň
2;Tomáš Černý;Žďár nad Sázavou
3;Božena Němcová;České Budějovice
4;Kateřina Růžičková;Ústí nad Labem
"""),
    "Hungarian": ("cp1250 iso8859_2 cp852", """id;név;város
1;Kovács Gergő;Győr
2;Szabó Erzsébet;Székesfehérvár
3;Nagy Fűzfa;Hódmezővásárhely
4;Tóth Gyöngyvér;Kőszeg
"""),
    "Romanian": ("cp1250 iso8859_2", """id;nume;oraş
1;Ştefan Ionuţ;Bucureşti
2;Mădălina Crăciun;Constanţa
3;Ionuţ Rădulescu;Târgu Mureş
"""),
    "Croatian": ("cp1250 iso8859_2 cp852", """id;ime;grad
1;Željko Šarić;Požega
2;Đurđica Kovačević;Čakovec
3;Krešimir Božić;Šibenik
"""),
    "Turkish": ("cp1254", """id;isim;şehir
1;Şule Işık;İzmir
2;Oğuz Çağ;Iğdır
3;Gökçe Yıldız;Muğla
4;İbrahim Öztürk;Şanlıurfa
"""),
    "Lithuanian": ("cp1257", """id;vardas;miestas
1;Žydrūnas Kučinskas;Šiauliai
2;Rūta Žemaitė;Panevėžys
3;Jūratė Šimkutė;Kėdainiai
"""),
    "Latvian": ("cp1257", """id;vārds;pilsēta
1;Jānis Bērziņš;Rīga
2;Līga Kalniņa;Jūrmala
3;Pēteris Ozoliņš;Liepāja
"""),
    "Russian": ("cp1251 koi8_r cp866 mac_cyrillic iso8859_5", """id;Имя;Город
1;Иван Петров;Москва
2;Анна Смирнова;Казань
3;Сергей Кузнецов;Нижний Новгород
4;ООО "Ромашка";Санкт-Петербург
5;Юлия Щербакова;Ярославль
"""),
    "Ukrainian": ("cp1251 koi8_u", """id;Ім'я;Місто
1;Сергій Іваненко;Київ
2;Юлія Гнатюк;Львів
3;Олексій Шевченко;Запоріжжя
4;Євген Їжакевич;Чернівці
"""),
    "Bulgarian": ("cp1251", """id;Име;Град
1;Георги Димитров;Пловдив
2;Цветелина Йорданова;Търговище
3;Николай Първанов;София
"""),
    "Serbian": ("cp1251", """id;Име;Град
1;Ђорђе Јовановић;Ниш
2;Љубица Његош;Чачак
3;Марија Ћирић;Београд
"""),
    "Greek": ("cp1253 iso8859_7", """id;Όνομα;Πόλη
1;Γιώργος Παπαδόπουλος;Αθήνα
2;Μαρία Νικολάου;Θεσσαλονίκη
3;Ελένη Δημητρίου;Πάτρα
"""),
    "Hebrew": ("cp1255", """id,שם,עיר
1,דוד כהן,ירושלים
2,שרה לוי,תל אביב
3,יוסף מזרחי,חיפה
"""),
    "Arabic": ("cp1256", """id,الاسم,المدينة
1,محمد أحمد,القاهرة
2,فاطمة علي,الرياض
3,خالد حسن,دبي
"""),
    "Thai": ("cp874", """id,ชื่อ,จังหวัด
1,สมชาย ใจดี,กรุงเทพมหานคร
2,สมหญิง รักเรียน,เชียงใหม่
3,ประเสริฐ ทองคำ,ขอนแก่น
"""),
    "Japanese": ("cp932 euc_jp", """番号,氏名,住所,備考
1,山田太郎,東京都千代田区,お届けは午後でお願いします
2,鈴木花子,大阪府大阪市,よろしくお願いいたします
3,佐藤健,福岡県福岡市,テスト
4,高橋美咲,北海道札幌市,
"""),
    "Japanese names": ("cp932 euc_jp", """id,氏名,市
1001,伊藤翔太,横浜
1002,渡辺結衣,名古屋
"""),
    "Japanese katakana": ("cp932", """id,カナ,市
1,ヤマダ タロウ,トウキョウ
2,スズキ ハナコ,オオサカ
3,ｻﾄｳ ｹﾝｼﾞ,ﾌｸｵｶ
"""),
    "Chinese": ("gbk gb18030", """编号,姓名,城市,备注
1,王小明,北京市朝阳区,请尽快发货
2,李娜,上海市浦东新区,
3,张伟,广州市天河区,微信支付
4,刘洋,深圳市南山区,谢谢
"""),
    "Chinese names": ("gbk", """id,姓名,城市
1,陈静,杭州
2,赵磊,成都
"""),
    "Chinese, traditional": ("big5 cp950", """編號,姓名,地址,備註
1,王小明,臺北市中正區,請儘快出貨
2,陳大文,高雄市前鎮區,
3,林雅婷,臺中市西屯區,謝謝
"""),
    "Hong Kong": ("big5hkscs", """id,姓名,地址
1,黃志強,九龍旺角彌敦道
2,梁美玲,香港銅鑼灣軒尼詩道
"""),
    "Korean": ("euc_kr cp949", """번호,이름,주소,메모
1,김철수,서울특별시 강남구,빠른 배송 부탁드립니다
2,이영희,부산광역시 해운대구,
3,박지훈,대구광역시 수성구,감사합니다
"""),
    "Korean names": ("euc_kr", """id,이름,도시
1,최민준,인천
2,정서연,광주
"""),
    "Korean, beyond KS X 1001": ("cp949", """id,상품,색
1,펩시 콜라 뚜껑,빨강
2,햏햏 똠방각하,하양
"""),
}


def has(encoding, line):
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


for language, (encodings, text) in TABLES.items():
    for encoding in encodings.split():
        kept = "".join(line for line in text.splitlines(True) if has(encoding, line))
        raw = base64.b64encode(kept.encode(encoding)).decode()
        print(json.dumps({"language": language, "encoding": encoding, "raw": raw, "text": kept}, ensure_ascii=False))
