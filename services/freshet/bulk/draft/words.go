package draft

// role is what a column is for in an event.
type role string

const (
	userID      role = "user_id"
	anonymousID role = "anonymous_id"
	email       role = "email"
	phone       role = "phone"
	orderID     role = "order_id"
	productID   role = "product_id"
	sku         role = "sku"
	productName role = "name"
	quantity    role = "quantity"
	unitPrice   role = "price"
	lineTotal   role = "line_total"
	orderTotal  role = "total"
	currency    role = "currency"
	shipping    role = "shipping"
	tax         role = "tax"
	discount    role = "discount"
	zone        role = "zone"
	rating      role = "rating"
	place       role = "place" // a shop or a till, whose receipts may have numbers of their own
)

// vocabulary is what columns are called in the exports of shops, tills and offices, as plain writes them, the surest word first. A word may stand
// for several roles: which one is decided by what the column holds.
//
//nolint:misspell // words of other languages
var vocabulary = map[role][]string{
	userID: {"userid", "customerid", "customerno", "customernumber", "customer", "custid", "clientid", "memberid", "memberno", "membershipnumber", "contactid", "accountid", "buyerid", "loyaltyid", "cardno",
		"kundennummer", "kundennr", "kundenid", "codeclient", "numeroclient", "idclient", "idcliente", "codigocliente", "clienteid", "codicecliente", "klantnummer",
		"会员编号", "会员号", "会员id", "客户编号", "客户id", "用户id", "买家会员名", "买家id", "會員編號", "顧客番号", "会員番号", "顧客id", "고객번호", "회원번호", "клиент", "кодклиента", "idклиента", "buyerusername", "buyer", "customercode", "accountref", "soldtoparty", "soldtopt", "debitor", "debitorennummer", "nrklienta", "idklienta", "musterino", "musteriid", "musterikodu", "رقمالعميل", "معرفالعميل", "شمارهمشتری", "cardnumber", "loyaltycard", "guestid", "patientid", "subscriberid", "requesterid", "usernamebuyer", "username", "下单帐号", "下单账号", "买家账号", "买家昵称", "会员名", "구매자id", "購入者id", "distinctid", "propertiesdistinctid", "householdkey", "householdid", "kdnr", "kundenummer", "buyerlogin"},
	email: {"email", "emailaddress", "mail", "customeremail", "billingemail", "buyeremail", "useremail", "fromemailaddress", "courriel", "correo", "correoelectronico", "邮箱", "电子邮箱", "电子邮件", "電子郵件", "メールアドレス", "メール", "이메일", "почта", "элпочта", "correoelectronicocliente", "eposta", "epostaadresi", "adreseletronico", "البريدالإلكتروني", "الايميل", "ایمیل", "電郵", "주문자이메일", "注文者メールアドレス", "propertiesemail"},
	phone: {"phone", "phonenumber", "mobile", "mobilephone", "mobileno", "telephone", "tel", "cell", "cellphone", "billingphone", "customerphone", "telefon", "telefonnummer", "handy", "portable", "telefono", "telefone", "celular",
		"手机", "手机号", "手机号码", "电话", "联系电话", "联系手机", "電話", "電話番号", "携帯電話", "전화번호", "휴대폰", "телефон", "telefonnumarasi", "cep", "ceptelefonu", "callernumber", "caller", "رقمالهاتف", "الجوال", "موبایل", "收货人手机号", "연락처", "구매자연락처", "注文者電話番号"},
	anonymousID: {"anonymousid", "visitorid", "cookieid", "userpseudoid", "clientcookie", "deviceid", "fullvisitorid", "guestcookie", "sessionid"},
	orderID: {"orderid", "orderno", "ordernumber", "ordernr", "order", "invoiceno", "invoiceid", "invoicenumber", "invoice", "receiptid", "receiptno", "receiptnumber", "receipt", "transactionid", "transactionno", "saleid", "saleno", "basketid", "checkid", "checknumber", "bon", "bonnr",
		"bestellnummer", "bestellnr", "auftragsnummer", "auftragsnr", "rechnungsnummer", "rechnungsnr", "belegnummer", "belegnr", "numerodecommande", "nocommande", "commande", "numerocommande", "numerodefacture", "numerofacture", "pedido", "numerodepedido", "numeropedido", "factura", "numerodefactura", "ordine", "numeroordine", "bestelnummer",
		"订单号", "订单编号", "订单id", "交易订单号", "商户订单号", "訂單編號", "訂單號", "注文番号", "受注番号", "注文id", "주문번호", "номерзаказа", "заказ", "номерчека", "чек", "salesdoc", "salesdocument", "salesorder", "docno", "documentno", "documentnumber", "receiptnum", "txnno", "txnid", "ticketno", "nrzamowienia", "numerzamowienia", "zamowienie", "siparisno", "siparisnumarasi", "numeroordem", "رقمالطلب", "رقمالفاتورة", "شمارهسفارش", "objednavka", "cisloobjednavky", "rendelesszam", "num", "nventa", "numeroventa", "npedido", "ncommande", "nordine", "purchaseid", "bookingnumber", "booknumber", "bookingid", "reservationnumber", "reservationid", "confirmationnumber", "伝票番号", "レシート番号", "取引番号", "小票号", "流水号", "单号", "reference"},
	productID: {"productid", "productcode", "stockcode", "itemid", "itemcode", "itemno", "articleno", "articleid", "article", "partnumber", "plu", "artikelnummer", "artikelnr", "produktnummer", "codeproduit", "codigoproducto", "codiceprodotto",
		"商品编号", "商品编码", "商品id", "商家编码", "产品编号", "商品コード", "商品番号", "品番", "상품번호", "상품코드", "кодтовара", "артикул", "asin", "material", "materialno", "stokkodu", "urunkodu", "kodproduktu", "kodtowaru", "numeroarticulo", "رمزالمنتج", "itemnumber", "listingid", "movieid", "isbn", "businessid", "articlenumber", "codicearticolo", "codigoarticulo"},
	sku:         {"sku", "lineitemsku", "itemsku", "variantsku", "ean", "gtin", "upc", "barcode", "条码", "条形码", "штрихкод", "jan", "janコード"},
	productName: {"productname", "lineitemname", "itemname", "producttitle", "product", "item", "description", "itemdescription", "title", "artikel", "artikelbezeichnung", "bezeichnung", "produkt", "produktname", "produit", "designation", "libelle", "producto", "descripcion", "prodotto", "descrizione", "produto", "商品名称", "商品名", "商品", "宝贝标题", "宝贝名称", "品名", "商品標題", "상품명", "товар", "наименование", "itemtitle", "menuitem", "lineitem", "nazwaproduktu", "nazwatowaru", "produktnavn", "urunadi", "urun", "nomeproduto", "nombreproducto", "المنتج", "اسمالمنتج", "محصول", "наименованиетовара", "названиетовара", "菜品名称", "articlename", "artikelname", "titulopublicacion", "tickettype"},
	quantity:    {"quantity", "qty", "lineitemquantity", "quantityordered", "qtyordered", "quantitysold", "units", "unitssold", "pieces", "count", "menge", "anzahl", "stuck", "stueck", "stk", "quantite", "qte", "cantidad", "quantita", "qta", "quantidade", "aantal", "数量", "购买数量", "宝贝数量", "宝贝总数量", "商品数量", "數量", "個数", "点数", "수량", "количество", "колво", "orderqty", "ilosc", "adet", "miktar", "الكمية", "تعداد", "quantitypurchased", "订购数量", "菜品数量"},
	unitPrice: {"unitprice", "priceeach", "itemprice", "lineitemprice", "priceperunit", "price", "unitcost", "einzelpreis", "stuckpreis", "stueckpreis", "preis", "prixunitaire", "prixunit", "pu", "prix", "preciounitario", "precio", "prezzounitario", "prezzo", "precounitario", "preco", "stukprijs", "prijs",
		"单价", "商品单价", "单品价格", "價格", "单价元", "価格", "単価", "販売価格", "价格", "단가", "가격", "판매가", "цена", "ценазаединицу", "dealprice", "saleprice", "salesprice", "sellingprice", "unitamount", "paidprice", "soldfor", "vkpreis", "cenabrutto", "cena", "cenajednostkowa", "birimfiyat", "birimfiyati", "fiyat", "السعر", "سعرالوحدة", "قیمت", "rate", "netprice", "상품가격", "京东价", "вашацена"},
	lineTotal: {"linetotal", "lineamount", "linesubtotal", "linevalue", "lineprice", "extendedprice", "extendedamount", "itemtotal", "itemsubtotal", "productsales", "sales", "netsales", "grosssales", "salesamount", "amount", "value", "revenue", "turnover", "subtotal", "total", "gesamtpreis", "positionswert", "umsatz", "betrag", "montant", "montantht", "montantttc", "importe", "importo", "valor", "bedrag",
		"金额", "小计", "商品金额", "小計", "金額", "売上", "売上金額", "금액", "매출", "сумма", "стоимость", "valortotal", "precototal", "importetotal", "totalprice", "productsubtotal", "positionssumme", "positionspreis", "netvalue", "wartosc", "wartoscbrutto", "toplamtutar", "tutar", "الإجمالي", "المبلغ", "مبلغ", "amt", "lineitemtotal", "商品金额合计", "최종상품별총주문금액", "소계", "salesvalue", "totaleriga", "importoriga", "totalligne", "montantligne", "totallinea", "zeilensumme", "satistutari"},
	orderTotal: {"ordertotal", "grandtotal", "total", "totalamount", "totalprice", "totalsales", "totalcollected", "ordervalue", "orderamount", "orderprice", "amountpaid", "paidamount", "totalpaid", "invoicetotal", "gesamtbetrag", "gesamtsumme", "gesamt", "summe", "endbetrag", "rechnungsbetrag", "bestellwert", "montanttotal", "totalttc", "totalcommande", "importetotal", "totalpedido", "totale", "valortotal", "totaal",
		"总金额", "订单金额", "订单总金额", "实付金额", "实收金额", "应付金额", "买家实际支付金额", "买家应付货款", "總金額", "總計", "合计", "合計", "合計金額", "注文金額", "請求金額", "총액", "결제금액", "합계", "итого", "суммазаказа",
		"amount", "gross", "grossamount", "grosssales", "netamount", "revenue", "sales", "value", "price", "betrag", "umsatz", "montant", "importe", "importo", "valor", "bedrag", "金额", "金額", "сумма", "금액", "paymentstotal", "invoiceamount", "amounttotal", "totaltutar", "geneltoplam", "kwotazamowienia", "wartosczamowienia", "razem", "مبلغکل", "الإجمالي", "المجموع", "订单实付金额", "结算金额", "최종결제금액", "totaldopedido", "netvalue", "amt", "toplamtutar", "wartosc", "totaltopay", "totaltopayamount", "bruttobetrag", "brutto", "nettobetrag", "netto", "saleprice", "salesprice", "суммаотправления", "nettotal"},
	currency: {"currency", "currencycode", "ordercurrency", "waehrung", "wahrung", "devise", "moneda", "valuta", "moeda", "币种", "货币", "幣別", "通貨", "통화", "валюта", "parabirimi", "العملة", "ارز", "isocurrency", "ordercurrencycode", "currencyofvalue", "mena"},
	shipping: {"shipping", "shippingcost", "shippingamount", "shippingtotal", "shippingfee", "freight", "delivery", "deliveryfee", "versand", "versandkosten", "fraisdeport", "fraisdelivraison", "gastosdeenvio", "envio", "spedizione", "运费", "邮费", "買家應付郵費", "买家应付邮费", "運費", "送料", "배송비", "доставка", "shippingandhandling", "shippinghandling", "shippingrate", "ordershipping", "freightvalue", "kargo", "kosztdostawy", "dostawa", "frete", "送料合計", "配送费", "배송비합계"},
	tax:      {"tax", "taxes", "taxamount", "taxtotal", "salestax", "ordertax", "vat", "vatamount", "gst", "mwst", "ust", "steuer", "mehrwertsteuer", "tva", "iva", "税额", "税", "稅額", "消費税", "税額", "세금", "부가세", "ндс", "налог", "totaltax", "ordersalestax", "kdv", "podatek", "imposto", "消費税合計"},
	discount: {"discount", "discountamount", "discounts", "totaldiscount", "cartdiscount", "rabatt", "nachlass", "remise", "descuento", "sconto", "desconto", "korting", "优惠", "优惠金额", "折扣", "折扣金额", "割引", "値引", "할인", "скидка", "indirim", "rabat", "znizka", "优惠总金额"},
	rating:   {"rating", "stars", "starrating", "reviewscore", "bewertung", "calificacion", "puan", "评分", "評価", "평점", "оценка"},
	place:    {"store", "storeid", "storeno", "storenumber", "branch", "branchid", "shop", "shopid", "location", "outlet", "register", "registerid", "reg", "terminal", "terminalid", "till", "tillno", "pos", "filiale", "kasse", "kassennummer", "magasin", "caisse", "tienda", "caja", "门店", "门店编号", "店铺", "店舗", "매장", "магазин", "касса"},
	zone:     {"timezone", "tz", "zone", "utcoffset", "zeitzone", "fuseauhoraire", "zonahoraria", "时区", "時區", "タイムゾーン"},
}

// timeWords are parts of names of columns that say when, the surest for the time of the fact first; notTheFact are those of times that are another's.
var (
	timeWords = []string{"orderdate", "bookedon", "bookingdate", "принятвобработку", "fechaventa", "fechadeventa", "ordertime", "orderedat", "purchasedate", "invoicedate", "saledate", "transactiondate", "transactiontime", "paidat", "paymenttime", "completedat", "eventtime", "eventtimestamp", "occurredat", "happenedat",
		"创建时间", "下单时间", "付款时间", "支付时间", "交易时间", "订单创建时间", "注文日時", "注文日", "受注日", "購入日", "주문일", "датазаказа", "auftragsdatum", "siparistarihi", "datazamowienia", "datapedido", "تاريخالطلب", "تاریخسفارش", "bestelldatum", "rechnungsdatum", "kaufdatum", "datedecommande", "fechadepedido",
		"timestamp", "when", "createdat", "created", "datetime", "date", "datum", "fecha", "data", "tarih", "تاريخ", "تاریخ", "дата", "日期", "日時", "날짜", "time", "zeit", "heure", "hora", "время", "时间", "時間", "시간", "opened", "closed", "submitted", "sold", "started", "updated", "at", "day", "jour", "ts"}
	notTheFact = []string{"birth", "geburt", "naissance", "nacimiento", "nascita", "生日", "出生", "誕生", "생년", "рожд", "ship", "versand", "deliver", "liefer", "livraison", "entrega", "due", "fallig", "expir", "valid", "cancel", "refund", "return", "until", "发货", "收货", "到期", "出荷", "納期", "доставк", "отгруз"}
)
