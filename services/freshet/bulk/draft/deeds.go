package draft

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// deed is a value of a column that says what happened, and Freshet's name for it.
type deed struct {
	value, event string
}

// deedWords are columns that say what happened, as the vocabulary has names.
var deedWords = []string{"event", "eventname", "eventtype", "action", "actiontype", "activitytype", "behavior", "behaviour", "behaviortype", "behaviourtype", "interactiontype", "行为", "行为类型", "事件", "事件类型", "イベント", "イベント名", "событие"}

// deedNames are what programs call what people do in a shop, as plain writes them.
var deedNames = map[string]string{
	"view": "Product Viewed", "viewitem": "Product Viewed", "productview": "Product Viewed", "productviewed": "Product Viewed", "detail": "Product Viewed", "pv": "Product Viewed", "浏览": "Product Viewed", "click": "Product Clicked",
	"cart": "Product Added", "addtocart": "Product Added", "addcart": "Product Added", "atc": "Product Added", "addtobasket": "Product Added", "加购": "Product Added", "加入购物车": "Product Added",
	"removefromcart": "Product Removed", "removecart": "Product Removed", "purchase": "Order Completed", "purchased": "Order Completed", "transaction": "Order Completed", "buy": "Order Completed", "bought": "Order Completed", "order": "Order Completed", "checkoutcompleted": "Order Completed", "购买": "Order Completed",
	"refund": "Order Refunded", "begincheckout": "Checkout Started", "checkout": "Checkout Started", "search": "Products Searched", "fav": "Product Added to Wishlist", "favorite": "Product Added to Wishlist", "wishlist": "Product Added to Wishlist", "addtowishlist": "Product Added to Wishlist", "收藏": "Product Added to Wishlist",
}

// happened finds the column that says what happened: by its name, or by two and more values that programs call so. A column beside a number of an order
// that every row has is of orders, not of deeds.
func (p *plan) happened(s *sample, columns []*column, taken map[int]bool) {
	if p.order >= 0 && columns[p.order].empty == 0 {
		return
	}
	fits := func(c *column) bool { return c.is == text && c.filled > 0 && c.empty == 0 }
	for _, word := range deedWords {
		if i := slices.IndexFunc(columns, func(c *column) bool { return strings.Join(c.words, "") == word && fits(c) }); i >= 0 {
			p.deed(s, columns, taken, i)
			return
		}
	}
	for i, c := range columns {
		if !fits(c) || len(c.distinct) < 2 {
			continue
		}
		if values := s.values(i, 12); len(values) > 1 && !slices.ContainsFunc(values, func(v string) bool { return deedNames[plain(v)] == "" }) {
			p.deed(s, columns, taken, i)
			return
		}
	}
}

// deed takes a column for the one that says what happened.
func (p *plan) deed(s *sample, columns []*column, taken map[int]bool, i int) {
	p.deeds, taken[i] = i, true
	var said []string
	for _, v := range s.values(i, many) {
		if name, ok := deedNames[plain(v)]; ok {
			p.known = append(p.known, deed{v, name})
			said = append(said, fmt.Sprintf("%q is %s", v, name))
		}
	}
	if len(said) == 0 {
		p.note(Sure, "%q says what happened: it is the event's name", columns[i].name)
		return
	}
	p.note(Guessed, "%q says what happened: %s; others keep their name. Set event", columns[i].name, strings.Join(said, ", "))
}

// personWords are columns of lists of people, as the vocabulary has names.
var personWords = []string{"firstname", "lastname", "fullname", "name", "customername", "vorname", "nachname", "prenom", "nom", "nombre", "apellido", "apellidos", "nome", "cognome", "sobrenome", "imie", "nazwisko", "ad", "soyad", "имя", "фамилия", "姓名", "氏名", "名前", "이름", "الاسم",
	"birthday", "dateofbirth", "birthdate", "geburtsdatum", "gender", "sex", "city", "country", "zipcode", "postalcode", "company", "organization", "jobtitle", "address", "phone", "phonenumber", "mobile"}

// persons says that each row is another person, with columns that only lists of people have: then its times are what is known of them.
func (p *plan) persons(s *sample, columns []*column) {
	like := 0
	for _, c := range columns {
		if slices.Contains(personWords, strings.Join(c.words, "")) {
			like++
		}
	}
	if p.at < 0 || like < 2 || len(s.rows) < 2 {
		return
	}
	for _, r := range []role{userID, email} {
		i, ok := p.people[r]
		if !ok {
			continue
		}
		seen := map[string]bool{}
		for _, row := range s.rows {
			seen[row[i].Text] = true
		}
		if len(seen) != len(s.rows) {
			continue
		}
		p.person = true
		p.note(Guessed, "each row is another %q, with what is known of them: a person, and %q no time of a deed. If rows are deeds, set type: track and timestamp", columns[i].name, columns[p.at].name)
		return
	}
}

// reviews finds lists of what people think of products.
func (p *plan) reviews(columns []*column, taken map[int]bool) {
	if p.person || p.at < 0 || len(p.people) == 0 {
		return
	}
	score := find(columns, rating, taken, func(c *column) bool { return c.numeric() })
	product := find(columns, productID, taken, func(c *column) bool { return c.filled > 0 })
	if score < 0 || product < 0 {
		return
	}
	p.says = "Product Reviewed"
	p.roles[score], p.roles[product] = rating, productID
	p.note(Guessed, "rows are what people think of products, by %q: Product Reviewed. Set event", columns[score].name)
}

// products finds lists of what is sold: products with a name or a price, and neither people nor times of deeds.
func (p *plan) products(columns []*column, taken map[int]bool) {
	filled := func(c *column) bool { return c.filled > 0 }
	is := find(columns, productID, taken, filled)
	if is < 0 {
		is = find(columns, sku, taken, filled)
	}
	name, price := find(columns, productName, taken, filled), find(columns, unitPrice, taken, func(c *column) bool { return c.numeric() })
	if len(p.people) > 0 || is < 0 || name < 0 && price < 0 || p.at >= 0 {
		return
	}
	p.goods = true
	for i, r := range map[int]role{is: productID, name: productName, price: unitPrice} {
		if i >= 0 {
			p.roles[i] = r
		}
	}
	p.note(Guessed, "a row is a product, by %q, and no column names a person: Product Upserted. Set event and identifiers", columns[is].name)
}

// sales finds sales without a number: who bought which product when, at what price.
func (p *plan) sales(s *sample, columns []*column, taken map[int]bool) {
	filled := func(c *column) bool { return c.filled > 0 }
	product := find(columns, productID, taken, filled)
	if product < 0 {
		product = find(columns, sku, taken, filled)
	}
	numeric := func(c *column) bool { return c.numeric() }
	amount, other, is := find(columns, lineTotal, taken, numeric), find(columns, unitPrice, taken, numeric), lineTotal
	units := find(columns, quantity, taken, numeric)
	if amount < 0 || units >= 0 && other >= 0 {
		amount, other, is = other, amount, unitPrice
	}
	if p.says != "" || p.person || p.at < 0 || len(p.people) == 0 || product < 0 || amount < 0 {
		return
	}
	p.says = "Order Completed"
	switch {
	case units >= 0:
		p.roles[units] = quantity
	case other >= 0:
		if s.sum(columns, other) > s.sum(columns, amount) {
			amount, other, is = other, amount, lineTotal
		}
		p.note(Ask, "%q is taken for the value, because it comes to more than %q, which may be the pieces. Set properties.total and properties.quantity", columns[amount].name, columns[other].name)
	}
	p.roles[product], p.roles[amount] = productID, is
	p.note(Guessed, "each row is a sale by itself, of %q for %q, because no column is the number of an order: Order Completed. Set event, and group_by if several rows are one order", columns[product].name, columns[amount].name)
}

// sum adds up a column.
func (s *sample) sum(columns []*column, i int) (sum float64) {
	for _, row := range s.rows {
		if v := value(row[i], columns[i]); !math.IsNaN(v) {
			sum += v
		}
	}
	return sum
}

// ticketWords and topicWords are columns of lists of what customers asked for, as the vocabulary has names.
var (
	ticketWords = []string{"ticketid", "ticketnumber", "casenumber", "caseid", "ticketnummer", "工单编号", "工单号"}
	topicWords  = []string{"subject", "topic", "betreff", "objet", "asunto", "oggetto", "assunto", "тема", "主题", "标题", "件名", "제목"}
)

// tickets finds lists of what customers asked for, a row each.
func (p *plan) tickets(columns []*column, taken map[int]bool) {
	one := func(words []string) int {
		return slices.IndexFunc(columns, func(c *column) bool { return c.filled > 0 && slices.Contains(words, c.word) })
	}
	id, topic := one(ticketWords), one(topicWords)
	if p.says != "" || p.at < 0 || len(p.people) == 0 || id < 0 || topic < 0 || taken[id] || taken[topic] || columns[p.at].rank >= len(timeWords) {
		return
	}
	p.says = "Ticket Opened"
	p.roles[id], p.roles[topic] = "ticket_id", "topic"
	p.note(Guessed, "a row is a request, %q about %q: Ticket Opened. Set event; leave out what changes later", columns[id].name, columns[topic].name)
}
