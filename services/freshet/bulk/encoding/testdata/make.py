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

# Tables of two or three rows, which were made after the weights and read right by them but for those with signs alone.
SHORT = [
    ("koi8_r","id;name;city\n1;Ольга Соколова;Екатеринбург\n2;Дмитрий Фёдоров;Омск\n"),
    ("koi8_r","id,фио\n1,Жанна\n2,Пётр\n"),
    ("cp1253","id;name;city\n1;Νίκος Γεωργίου;Ηράκλειο\n2;Κατερίνα Ιωάννου;Λάρισα\n"),
    ("cp437","id;name;city\n1;Günter Weiß;Köln\n2;José Muñoz;Bogotá\n"),
    ("cp437","id;name;city\n1;Jürgen;Würzburg\n2;Käthe;Mönchengladbach\n"),
    ("cp850","id;name;city\n1;René Lévêque;Québec\n2;Aïcha Benoît;Sète\n"),
    ("cp850","id;nome;cidade\n1;Sebastião;Ribeirão\n2;Luís;Paranaguá\n"),
    ("mac_roman","id;name;city\n1;Gaëlle Lemaître;Nîmes\n2;Rémy Duchêne;Angoulême\n"),
    ("mac_roman","Row ID,Customer,Product\n1,Claire Gute,Global Deluxe Stacking Chair – Gray\n2,Irene Maddox,Fellowes 1/2” Binder – Black é\n"),
    ("mac_roman","id,product\n1,Newell 318\n2,Acme® Design Company\n3,Bush Somerset Collection Bookcase™\n4,Crayola® Colored Pencils\n"),
    ("mac_roman","id;namn;ort\n1;Håkan Löfgren;Luleå\n2;Örjan Ström;Växjö\n"),
    ("cp1252","id;name;city\n1;Gaëlle Lemaître;Nîmes\n2;Rémy Duchêne;Angoulême\n"),
    ("cp1252","id,name,city\n1,Siobhán O’Brien,Dún Laoghaire\n2,Pádraig Ó Sé,Gaillimh\n"),
    ("cp1252","id,product\n1,Acme® Design Company\n2,Bookcase™ “Deluxe”\n"),
    ("cp1252","id;tuote;hinta\n1;Jäätelö;2,50 €\n2;Näkkileipä;1,20 €\n"),
    ("cp1252","id;naam\n1;Daniëlle\n2;Joël\n"),
    ("cp1252","id;nafn;staður\n1;Þórður Guðmundsson;Ísafjörður\n2;Sigríður Ægisdóttir;Reykjavík\n"),
    ("cp1250","id;név;város\n1;Kiss Örs;Debrecen\n2;Fekete Zsófia;Pécs\n"),
    ("cp1250","id;nazwisko;miasto\n1;Grażyna Pięta;Rzeszów\n2;Bartłomiej Kłos;Bielsko-Biała\n"),
    ("cp1250","id;jmeno;mesto\n1;Zdeněk Šťastný;Hradec Králové\n2;Miluše Křížová;Třebíč\n"),
    ("cp1250","id;ime;grad\n1;Žiga Čeh;Škofja Loka\n2;Anže Kržišnik;Črnomelj\n"),
    ("iso8859_2","id;nazwisko;miasto\n1;Grażyna Pięta;Rzeszów\n2;Bartłomiej Kłos;Bielsko-Biała\n"),
    ("cp852","id;nazwisko;miasto\n1;Grażyna Pięta;Rzeszów\n2;Bartłomiej Kłos;Bielsko-Biała\n"),
    ("cp1251","id;name;city\n1;Ольга Соколова;Екатеринбург\n2;Дмитрий Фёдоров;Омск\n"),
    ("cp1251","id;товар;цена\n1;Чай чёрный;120,00\n2;Кофе молотый;350,50\n"),
    ("cp1251","id;імя;місто\n1;Ганна Зінченко;Житомир\n2;Їлена Єрмак;Ужгород\n"),
    ("cp866","id;товар;цена\n1;Чай чёрный;120,00\n2;Кофе молотый;350,50\n"),
    ("cp1254","id;ad;şehir\n1;Özge Çelik;Eskişehir\n2;Barış Güneş;Ağrı\n"),
    ("cp1254","id;ad;soyad\n1;Ayşe;Yılmaz\n2;Mehmet;Doğan\n"),
    ("cp1257","id;vārds;pilsēta\n1;Kārlis Šķēle;Ventspils\n2;Ņina Žagare;Rēzekne\n"),
    ("cp1257","id;vardas\n1;Giedrė Ąžuolienė\n2;Vytautas Ūsas\n"),
    ("cp1255","id,שם\n1,אברהם גולדשטיין\n2,רחל פרידמן\n"),
    ("cp1256","id,الاسم\n1,عبد الله السيد\n2,نورة الشمري\n"),
    ("cp1256","id,نام\n1,پروانه گلزار\n2,ژاله چمن\n"),
    ("cp874","id,สินค้า\n1,ข้าวสาร\n2,น้ำปลา\n"),
    ("cp932","注文番号,商品名,金額\n1001,りんごジュース,1980\n1002,抹茶アイス,350\n"),
    ("cp932","id,name\n1,小林 恵\n2,斎藤 修\n"),
    ("cp932","名前,カナ\n中島,ﾅｶｼﾞﾏ\n和田,ﾜﾀﾞ\n"),
    ("euc_jp","id,name,city\n1,小林 恵,仙台\n2,松本 隆,広島\n"),
    ("euc_jp","注文番号,商品名\n1001,りんごジュース\n1002,抹茶アイス\n"),
    ("gbk","订单号,商品,金额\n1,苹果手机壳,25.00\n2,蓝牙耳机,199.00\n"),
    ("gbk","客户,地址\n欧阳雪,江苏省南京市鼓楼区\n司马懿,河南省洛阳市\n"),
    ("gb18030","交易时间,交易对方,商品\n2020-02-21,美团外卖,午餐\n2020-02-22,滴滴出行,打车\n"),
    ("big5","訂單編號,商品名稱,金額\n1,珍珠奶茶,55\n2,滷肉飯,40\n"),
    ("big5","id,姓名\n1,蔡依玲\n2,周杰\n"),
    ("cp949","주문번호,상품명,금액\n1,삼겹살 세트,25000\n2,김치찌개,8000\n"),
    ("euc_kr","id,이름\n1,한지민\n2,송중기\n"),
    ("euc_kr","고객,전화\n홍길동,010-1234-5678\n나윤선,010-8765-4321\n"),
    ("cp949","id,도시\n1,수원\n2,창원\n"),
]


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
for encoding, text in SHORT:
    raw = base64.b64encode(text.encode(encoding)).decode()
    print(json.dumps({"language": "short", "encoding": encoding, "raw": raw, "text": text}, ensure_ascii=False))
