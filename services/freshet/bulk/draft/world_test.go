package draft

import (
	"strings"
	"testing"
)

// TestKindsOfFiles: a small file of each kind that programs and open data sets make, with what is right of it: totals, and parts of the mapping and of
// the notes. not are parts that would be wrong.
func TestKindsOfFiles(t *testing.T) {
	for name, c := range map[string]struct {
		content, totals string
		parts, not      []string
	}{
		"a status of orders that were no sales": {
			"order_id,created_at,customer_email,status,total_amount\n1,2026-09-01T10:00:00Z,a@example.com,completed,10.50\n2,2026-09-02T10:00:00Z,b@example.com,cancelled,11.50\n3,2026-09-03T10:00:00Z,c@example.com,refunded,12.50\n4,2026-09-04T10:00:00Z,d@example.com,pending,13.50\n",
			"2 orders, 0 lines, 24.00, 2026-09-01 to 2026-09-04, 4 customers",
			[]string{`Order Cancelled, when: 'row["status"] in ["cancelled", "refunded"]'`, "all others (pending, completed) are sales", `ASK: rows whose "status" is pending are taken for sales`, "leave it out if it changes after the sale"}, nil,
		},
		"a status in an order's first row only": {
			"Order ID,Email,Status,Created at,Total,Sku,Quantity,Price\nA,a@example.com,PAID,2026-09-03 10:00:00,40.00,m,1,20.00\nA,,,,,n,2,10.00\nB,b@example.com,VOIDED,2026-09-04 10:00:00,20.00,m,1,20.00\n",
			"1 order, 2 lines, 40.00, 2026-09-03 to 2026-09-04, 2 customers", []string{`{value: Order Completed, when: 'row["Status"] != ""'}`}, nil,
		},
		"a yes beside what was void": {
			"Check Id,Date,Email,Item,Qty,Price,Void?\n1,2026-09-03,a@example.com,Soup,1,4.00,No\n1,2026-09-03,a@example.com,Tea,1,2.00,No\n2,2026-09-04,b@example.com,Tea,1,2.00,Yes\n",
			"1 order, 2 lines, 6.00, 2026-09-03 to 2026-09-04, 2 customers", []string{`row["Void?"] in ["Yes"]`}, nil,
		},
		"a kind of rows that give money back": {
			"order-id\tposted\ttransaction-type\tcustomer-id\tsku\tquantity\tamount\tposted-date\n1\tx\tOrder\t7\tm\t1\t20.00\t2026-09-03\n1\tx\tOrder\t7\tfee\t1\t-3.00\t2026-09-03\n1\tx\tRefund\t7\tm\t1\t-20.00\t2026-09-10\n",
			"1 order, 3 lines, 17.00, 1 refund, 20.00 given back, 2026-09-03 to 2026-09-10, 1 customer", []string{`Order Refunded, when: 'row["transaction-type"] in ["Refund"]'`}, []string{"below zero"},
		},
		"kinds of which none gives money back": {
			"Order No,Date,Customer ID,Total,Type,State\n1,2026-09-03,7,10.00,Open Sale,void\n2,2026-09-04,8,12.00,Sale,done\n", "1 order, 0 lines, 12.00, 2026-09-03 to 2026-09-04, 2 customers", []string{`row["State"] in ["void"]`}, []string{"ASK: rows whose"},
		},
		"clicks": {
			"event_time,event_type,product_id,brand,price,user_id\n2019-10-01 00:00:00 UTC,cart,1,a,2.62,7\n2019-10-01 00:00:03 UTC,view,2,a,2.62,7\n2019-10-01 00:00:07 UTC,purchase,1,a,13.48,8\n2019-10-01 00:00:15 UTC,share,1,a,13.48,8\n",
			"1 order, 1 line, 13.48, 2019-10-01, 2 customers", []string{`{value: Product Viewed, when: 'row["event_type"] == "view"'}`, "- {column: event_type}", "others keep their name"}, nil,
		},
		"clicks of which few are sales": {
			"timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n1433222276276,599528,transaction,356475,4000\n1433221999827,111016,addtocart,318965,\n",
			"1 order, 1 line, 1 of them without an amount, 2015-06-02, 3 customers", []string{"anonymous_id: visitorid", "layouts: [unix_ms]"}, []string{"\nmessage_id"},
		},
		"ratings": {"userId,movieId,rating,timestamp\n1,2,3.5,1112486027\n1,29,3.5,1112484676\n2,32,4.0,1112484819\n", "3 events, 2005-04-02, 2 customers", []string{"event: Product Reviewed", "product_id: {column: movieId"}, nil},
		"clicks without a header": {
			"1,2268318,2520377,pv,1511544070\n1,2333346,2520771,pv,1511561733\n2,2576651,149192,buy,1511572885\n2,3830808,4181361,cart,1511593493\n", "1 order, 0 lines, 1 of them without an amount, 2017-11-24 to 2017-11-25, 4 customers",
			[]string{`{value: Product Viewed, when: 'row["column_4"] == "pv"'}`, "ASK: no column has a name usual for a person", "guessed: the time is \"column_5\""}, nil,
		},
		"sales without a number": {
			"t_dat,customer_id,article_id,price\n2018-09-20,58a1,0663713001,0.05\n2018-09-20,58a1,0541518023,0.03\n2018-09-21,7d2d,0505221004,0.02\n", "3 orders, 3 lines, 0.10, 2018-09-20 to 2018-09-21, 2 customers",
			[]string{"event: Order Completed", "product_id: article_id", "guessed: each row is a sale by itself"}, []string{"\nmessage_id"},
		},
		"an amount that may be pieces": {
			"TRANSACTION_DT,CUSTOMER_ID,PRODUCT_ID,AMOUNT,SALES_PRICE\n11/1/2000,0110,47101,2,30\n11/13/2000,0105,47102,2,166\n", "2 orders, 2 lines, 196.00, 2000-11-01 to 2000-11-13, 2 customers", []string{"total: {column: SALES_PRICE", "ASK: \"SALES_PRICE\" is taken for the value"}, nil,
		},
		"requests": {
			"Ticket ID,Subject,Status,Created time,Last update time,Full name,Email\n1,Late,Closed,2026-09-03 10:11:12,2026-09-04 10:11:12,Ada Byron,a@example.com\n2,Refund,Open,2026-09-14 10:11:12,2026-09-14 10:11:12,Bob Cole,b@example.com\n",
			"2 events, 2026-09-03 to 2026-09-14, 2 customers", []string{"event: Ticket Opened", "timestamp: {column: \"Created time\"", "topic: Subject"}, nil,
		},
		"one beside what was paid back": {
			"Purchase ID,Purchase Email,Purchase Date,Sale Price ($),Refunded?\np1,a@example.com,2026-09-03,20.0,0\np2,b@example.com,2026-09-14,20.0,1\n", "1 order, 0 lines, 20.00, 2026-09-03 to 2026-09-14, 2 customers", []string{`row["Refunded?"] in ["1"]`}, nil,
		},
		"numbers that look like dates, and a date in words": {
			"N.º de venta;Fecha de venta;N.º de envío;Estado;Total (ARS);Correo electrónico\n2001;3 de septiembre de 2026 10:11 hs.;1001-0001-1;Entregado;2.020,00;a@example.com\n2002;14 de septiembre de 2026 12:00 hs.;1001-0002-1;Cancelada por el comprador;9,90;b@example.com\n",
			"1 order, 0 lines, 2,020.00, 2026-09-03 to 2026-09-14, 2 customers", []string{"N.º de envío\"\n"}, nil,
		},
		"Italian": {
			"Numero ordine;Data ordine;Cliente;Email;Codice articolo;Quantità;Prezzo unitario;Totale riga;Stato ordine\n1;03/09/2026 10:11;Ada Byron;a@example.com;M;2;1.010,00 €;2.020,00 €;Evaso\n1;03/09/2026 10:11;Ada Byron;a@example.com;C;1;9,90 €;9,90 €;Evaso\n2;14/09/2026 12:00;Bob Cole;b@example.com;C;3;9,90 €;29,70 €;Annullato\n",
			"1 order, 2 lines, 2,029.90 EUR, 2026-09-03 to 2026-09-14, 2 customers", nil, nil,
		},
		"products": {
			"product_id,title,category,price,stock\nP1,Mug,Kitchen,10.00,5\nP2,Cup,Kitchen,12.00,0\n", "2 events, 2 dated at the import, 1 customer", []string{"event: Product Upserted", "anonymous_id: {value: catalogue}"}, nil,
		},
		"people with times of what they did last": {
			"Email,First Name,Last Name,City,Consent Timestamp,Last Active\na@example.com,Ada,B,Rome,2026-08-01 10:00:00+00:00,2026-09-03 10:00:00+00:00\nb@example.com,Bob,C,Rome,,2026-09-04 10:00:00+00:00\n",
			"2 events, 2 customers", []string{"type: identify", "consent_timestamp: {column"}, []string{"Row Imported"},
		},
		"an index that only numbers the rows": {
			",InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n0,536365,a,6,2010-12-01 08:26:00,2.55,17850.0\n1,536365,b,6,2010-12-01 08:26:00,3.39,17850.0\n2,536366,c,6,2010-12-01 08:28:00,1.85,\n",
			"2 orders, 3 lines, 46.74, 2010-12-01, 2 customers", []string{"only numbers the rows"}, []string{"column: column_1"},
		},
		"tills that count for themselves": {
			"STORE|TXN_DATE|TXN_NO|CARD_NO|EAN|QTY|AMT\n001|2026-09-03|123|928|m|2|20.00\n001|2026-09-03|123|928|n|1|10.00\n002|2026-09-03|123|929|n|1|10.00\n001|2026-09-04|123|930|n|1|10.00\n",
			"3 orders, 4 lines, 50.00, 2026-09-03 to 2026-09-04, 3 customers", []string{"group_by: [STORE, TXN_DATE, TXN_NO]", `order_id: {template: "{STORE}-{TXN_DATE}-{TXN_NO}"}`}, nil,
		},
		"times of day in figures": {
			"TXN_NO|TXN_DATE|TXN_TIME|CARD_NO|EAN|QTY|AMT\n1|20260903|101112|928|m|2|20.00\n2|20260904|091530|929|n|1|10.00\n", "2 orders, 2 lines, 30.00, 2026-09-03 to 2026-09-04, 2 customers",
			[]string{`template: "{TXN_DATE} {TXN_TIME}", layouts: ["%Y%m%d %H%M%S"]`}, nil,
		},
		"an order that is sent from two shops on two days": {
			"Store,Order ID,Date,Customer ID,Sku,Quantity,Price\nA,1,2026-09-03,7,m,1,20.00\nB,1,2026-09-04,7,n,1,10.00\nA,2,2026-09-04,8,n,1,10.00\n",
			"2 orders, 3 lines, 40.00, 2026-09-03 to 2026-09-04, 2 customers", []string{`group_by: ["Order ID"]`}, nil,
		},
		"an order in a row before its lines": {
			"Receipt Number,Date,Customer Code,Line Type,Quantity,Total,Sku\n1,2026-09-03,C1,Sale,3,30.00,\n1,2026-09-03,,Sale Line,2,20.00,m\n1,2026-09-03,,Sale Line,1,10.00,n\n2,2026-09-04,C2,Sale,1,10.00,\n2,2026-09-04,,Sale Line,1,10.00,n\n",
			"2 orders, 5 lines, 80.00, 2026-09-03 to 2026-09-04, 2 customers", []string{"ASK: the first row of every order has as many \"Quantity\" as its other rows together"}, nil,
		},
		"dates that another column proves": {
			"Order ID,Order Date,Ship Date,Customer ID,Sales\n1,11/8/2016,11/11/2016,C1,1.50\n2,6/12/2016,6/16/2016,C2,2.50\n", "2 orders, 0 lines, 4.00, 2016-06-12 to 2016-11-08, 2 customers",
			[]string{`guessed: the time is "Order Date", written as %m/%d/%Y: as "Ship Date"`}, []string{"%d/%m/%Y"},
		},
		"a date beside one that proves its order": {
			"Order ID,Order Date,Date Paid,Customer ID,Total\n1,09/03/2026,09/04/2026,C1,1.50\n2,09/24/2026,,C2,2.50\n", "2 orders, 0 lines, 4.00, 2026-09-03 to 2026-09-24, 2 customers", []string{`date_paid: {column: "Date Paid", type: timestamp, layouts: ["%m/%d/%Y"]}`}, nil,
		},
		"when a row was changed is not when it was ordered": {
			"orderNumber;updateTime;createTime;customerId;total\n1;05 Sep 2026 10:00;03 Sep 2026 10:11;7;1.50\n2;15 Sep 2026 10:00;14 Sep 2026 10:11;8;2.50\n", "2 orders, 0 lines, 4.00, 2026-09-03 to 2026-09-14, 2 customers", []string{"timestamp: {column: createTime"}, nil,
		},
		"a calendar that is not ours": {"order no,date,email,total\n1,1405/06/12,a@example.com,10\n2,1405/06/23,b@example.com,12\n", "0 events, 0 customers", []string{"ASK: the years of \"date\"", "the Persian or the Islamic calendar"}, nil},
		"years of Buddha":             {"order no,date,email,total\n1,12/06/2569,a@example.com,10\n2,23/06/2569,b@example.com,12\n", "0 events, 0 customers", []string{"the Buddhist calendar"}, nil},
		"masked numbers of phones name nobody": {
			"订单号,下单时间,下单帐号,联系电话,订单金额\n=\"0301\",2026-09-03 10:11:12,jd_ada,138****0001,190.00\n=\"0302\",2026-09-14 10:11:12,jd_bob,138****0002,30.00\n", "2 orders, 0 lines, 220.00, 2026-09-03 to 2026-09-14, 2 customers", []string{"user_id: \"下单帐号\""}, []string{"phone:"},
		},
		"names of people are no identifiers": {"order no,date,customer,total\n1,2026-09-03,Ada Byron,10\n2,2026-09-04,Bob Cole,12\n", "2 orders, 0 lines, 22.00, 2026-09-03 to 2026-09-04, 2 customers", []string{"ASK: no column has a name usual for a person"}, []string{"user_id: customer"}},
		"addresses of mail under another name, without a header": {
			"A-1;2026-09-03 10:11:12;a@example.com;10,50\nA-2;2026-09-14 10:11:12;b@example.com;1.020,00\nA-3;2026-09-15 10:11:12;b@example.com;20,00\n", "3 events, 2026-09-03 to 2026-09-15, 2 customers", []string{"email: column_3", `decimal: ","`}, nil,
		},
		"names that end in a usual one": {
			"shipment-order-id\tmerchant-order-id\tamazon-order-id\tpurchase-date\tcontact email\tsku\tquantity\titem-price\tOrder Currency Code\tgift\n\tM1\t114-1\t2026-09-03T10:11:12+00:00\ta@example.com\tm\t1\t20.00\tUSD\tblue\n\tM2\t114-1\t2026-09-03T10:11:12+00:00\ta@example.com\tn\t1\t10.00\tUSD\tred\n",
			"1 order, 2 lines, 30.00 USD, 2026-09-03, 1 customer", []string{`order_id: "amazon-order-id"`, `email: "contact email"`, "\n    gift: gift"}, nil,
		},
		"money with a point that may part thousands": {
			"Order Number;Date;Customer ID;Amount\n1;2026-09-03;7;1.250\n2;2026-09-04;8;2.100\n", "2 orders, 0 lines, 3,350.00, 2026-09-03 to 2026-09-04, 2 customers", []string{"ASK: numbers have the decimal sign \",\", and \".\" between thousands"}, nil,
		},
		"decimal commas where the delimiter is another": {
			"Konto;EUR\nSaldo;1 234,56\nDatum;Valuta;Text;Soll;Haben\n03.09.2026;04.09.2026;Ueberweisung;;1 250,00\n14.09.2026;14.09.2026;Karte;-12,50;\n24.09.2026;24.09.2026;Einzug;-80,10;\n", "3 events, 2026-09-03 to 2026-09-24, 3 customers", []string{"skip_lines: 2"}, nil,
		},
		"Portuguese": {
			"Número do pedido;Data do pedido;E-mail do cliente;Nome do produto;SKU;Quantidade;Preço unitário;Valor total;Status do pedido\n1;03/09/2026 10:11;a@example.com;Caneca;M;2;R$ 1.010,00;R$ 2.020,00;Entregue\n1;03/09/2026 10:11;a@example.com;Xícara;C;1;R$ 9,90;R$ 9,90;Entregue\n2;14/09/2026 12:00;b@example.com;Xícara;C;3;R$ 9,90;R$ 29,70;Cancelado\n",
			"1 order, 2 lines, 2,029.90 BRL, 2026-09-03 to 2026-09-14, 2 customers", []string{`in ["Cancelado"]`}, nil,
		},
		"Polish": {
			"Nr zamówienia;Data zamówienia;E-mail;Kod produktu;Ilość;Cena brutto;Wartość brutto;Status\n1;2026-09-03 10:11;a@example.com;M;2;1 010,00 zł;2 020,00 zł;zrealizowane\n1;2026-09-03 10:11;a@example.com;C;1;9,90 zł;9,90 zł;zrealizowane\n2;2026-09-14 12:00;b@example.com;C;3;9,90 zł;29,70 zł;anulowane\n",
			"1 order, 2 lines, 2,029.90 PLN, 2026-09-03 to 2026-09-14, 2 customers", nil, nil,
		},
		"Turkish": {
			"Sipariş No;Sipariş Tarihi;E-posta;Ürün Adı;Adet;Birim Fiyat;Toplam Tutar;Sipariş Durumu\n1;03.09.2026 10:11;a@example.com;Kupa;2;1.010,00;2.020,00;Teslim Edildi\n1;03.09.2026 10:11;a@example.com;Bardak;1;9,90;9,90;Teslim Edildi\n2;14.09.2026 12:00;b@example.com;Bardak;3;9,90;29,70;İptal\n",
			"1 order, 2 lines, 2,029.90, 2026-09-03 to 2026-09-14, 2 customers", nil, nil,
		},
		"Arabic, with its figures": {
			"رقم الطلب,تاريخ الطلب,البريد الإلكتروني,المنتج,الكمية,السعر,الإجمالي\n١٠٠١,٢٠٢٦/٠٩/٠٣,a@example.com,كوب,٢,١٠٫٥٠,٢١٫٠٠\n١٠٠٢,٢٠٢٦/٠٩/١٤,b@example.com,فنجان,١,١٬٠١٠٫٠٠,١٬٠١٠٫٠٠\n",
			"2 orders, 2 lines, 1,031.00, 2026-09-03 to 2026-09-14, 2 customers", nil, nil,
		},
		"Korean": {
			"상품주문번호,주문번호,주문상태,결제일,구매자ID,상품번호,상품명,수량,상품가격,최종 상품별 총 주문금액\n11,1,구매확정,2026-09-03 10:11:12,hana,m,머그컵,2,\"10,000\",\"20,000\"\n12,1,구매확정,2026-09-03 10:11:12,hana,n,찻잔,1,\"9,900\",\"9,900\"\n13,2,취소,2026-09-14 10:11:12,duri,n,찻잔,1,\"9,900\",\"9,900\"\n",
			"1 order, 2 lines, 29,900.00, 2026-09-03 to 2026-09-14, 2 customers", nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := of(t, c.content)
			if got := d.Trial.Totals.String(); got != c.totals {
				t.Errorf("%s, want %s, rejected %v", got, c.totals, d.Trial.Example)
			}
			for _, part := range c.parts {
				if !strings.Contains(d.Mapping, part) {
					t.Errorf("the mapping has no %s", part)
				}
			}
			for _, part := range c.not {
				if strings.Contains(d.Mapping, part) {
					t.Errorf("the mapping has %s", part)
				}
			}
			if t.Failed() {
				t.Log(d.Mapping)
			}
		})
	}
}

// TestAFormulaThatIsATextIsThatText: Excel keeps the zeros of a number so.
func TestAFormulaThatIsATextIsThatText(t *testing.T) {
	d := of(t, "order no,date,email,total\n=\"0301\",2026-09-03,a@example.com,10\n\"=\"\"0302\"\"\",2026-09-04,b@example.com,12\n")
	if got := d.Trial.Shown[0].Order + " " + d.Trial.Shown[1].Order; got != "0301 0302" {
		t.Error(got)
	}
}
