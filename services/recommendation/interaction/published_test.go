package interaction

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// published are the forms of public data sets, as their files begin.
var published = map[string]struct{ text, want, as string }{
	"MovieLens 100k, u.data":    {"196\t242\t3\t881250949\n", "196 242 881250949000 3\n", "user is the user, item the item, time the time, rating the value"},
	"MovieLens 1M, ratings.dat": {"1::1193::5::978300760\n1::661::3::978302109\n", "1 1193 978300760000 5\n1 661 978302109000 3\n", "user is the user, item the item, time the time, rating the value"},
	"MovieLens 20M and 25M, ratings.csv": {"userId,movieId,rating,timestamp\n1,296,5.0,1147880044\n", "1 296 1147880044000 5\n",
		"userId is the user, movieId the item, timestamp the time, rating the value"},
	"Liang's split": {"uid,sid\n0,14\n", "0 14 0 1\n", "uid is the user, sid the item, no time, no value"},
	"Netflix":       {"1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n2:\n885013,4,2005-10-19\n", "1488844 1 1125964800000 3\n822109 1 1115942400000 5\n885013 2 1129680000000 4\n", "netflix"},
	"Amazon 2014 and 2018, reviews": {`{"reviewerID": "A2SUAM1J3GNN3B", "asin": "0000013714", "reviewerName": "J. \"x\"", "helpful": [2, 3], "reviewText": "a\nb", "overall": 5.0, "unixReviewTime": 1252800000, "reviewTime": "09 13, 2009"}` + "\n",
		"A2SUAM1J3GNN3B 0000013714 1252800000000 5\n", "reviewerID is the user, asin the item, unixReviewTime the time, overall the value"},
	"Amazon 2023": {`{"rating": 4.0, "title": "t", "images": [], "asin": "B00YQ6X8EO", "parent_asin": "B00YQ6X8EP", "user_id": "AGKH", "timestamp": 1588687728923, "verified_purchase": true}` + "\n",
		"AGKH B00YQ6X8EP 1588687728923 4\n", "user_id is the user, parent_asin the item, timestamp the time, rating the value"},
	"Amazon 2014, ratings":                   {"A2EFCYXHNK06IS,5555991584,5.0,978480000\n", "A2EFCYXHNK06IS 5555991584 978480000000 5\n", "user is the user, item the item, time the time, rating the value"},
	"Amazon 2018, ratings, item before user": {"0001713353,A1C6M8LCIX4M6M,5.0,1123804800\n", "A1C6M8LCIX4M6M 0001713353 1123804800000 5\n", "user is the user, item the item, time the time, rating the value"},
	"LastFM 1K": {"user_000001\t2009-05-04T23:08:57Z\tf1b1cf71\tDeep \"Dish\t\tFuck \"Me\nuser_000001\t2009-05-04T13:54:10Z\ta7f7df4a\t\"坂本龍一\t\tCompo, 1\n",
		"user_000001 f1b1cf71 1241478537000 1\nuser_000001 a7f7df4a 1241445250000 1\n", "user is the user, item the item, time the time, no value"},
	"LastFM 360K":                {"00000c289a\t3bd73256\tbetty blowtorch\t2137\n", "00000c289a 3bd73256 0 2137\n", "user is the user, item the item, no time, value the value"},
	"LastFM of HetRec":           {"userID\tartistID\tweight\n2\t51\t13883\n", "2 51 0 13883\n", "userID is the user, artistID the item, no time, weight the value"},
	"Yoochoose, clicks":          {"1,2014-04-07T10:51:09.277Z,214536502,0\n1,2014-04-07T10:54:09.868Z,214536500,S\n", "1 214536502 1396867869277 1\n1 214536500 1396868049868 1\n", "user is the user, item the item, time the time, no value"},
	"Yoochoose, buys":            {"420374,2014-04-06T18:44:58.314Z,214537888,12462,1\n", "420374 214537888 1396809898314 1\n", "user is the user, item the item, time the time, no value"},
	"Diginetica":                 {"session_id;user_id;item_id;timeframe;eventdate\n1;NULL;9654;351539;2016-05-09\n", "1 9654 1462752351539 1\n", "session_id is the session, item_id the item, eventdate+timeframe the time, no value"},
	"Retailrocket":               {"timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n", "257597 355908 1433221332117 1\n", "visitorid is the user, itemid the item, timestamp the time, no value"},
	"REES46":                     {"event_time,event_type,product_id,category_id,price,user_id,user_session\n2019-10-01 00:00:00 UTC,view,44600062,21,35.79,541312140,72d76fde\n", "72d76fde 44600062 1569888000000 1\n", "user_session is the session, product_id the item, event_time the time, no value"},
	"Taobao, UserBehavior":       {"1,2268318,2520377,pv,1511544070\n", "1 2268318 1511544070000 1\n", "user is the user, item the item, time the time, no value"},
	"Gowalla, check-ins":         {"0\t2010-10-19T23:55:27Z\t30.2359091167\t-97.7951395833\t22847\n", "0 22847 1287532527000 1\n", "user is the user, item the item, time the time, no value"},
	"Gowalla and Yelp, as lists": {"0 0 1 2\n1 4\n2\n3 0 9 \n", "0 0 0 1\n0 1 0 1\n0 2 0 1\n1 4 0 1\n3 0 0 1\n3 9 0 1\n", "lists"},
	"Yelp, reviews": {`{"review_id":"r","user_id":"u","business_id":"b","stars":3.0,"useful":0,"text":"x","date":"2018-07-07 22:09:11"}` + "\n", "u b 1531001351000 3\n",
		"user_id is the user, business_id the item, date the time, stars the value"},
	"MIND": {"1\tU13740\t11/11/2019 9:05:58 AM\tN55189 N42782\tN55689-1 N35729-0\n2\tU13740\t11/12/2019 6:11:30 PM\tN55189 N42782\tN1-0 N35729-1\n3\tU9\t11/12/2019 6:11:30 PM\t\tN1-0\n",
		"U13740 N55189 1573463157000 1\nU13740 N42782 1573463157000 1\nU13740 N55689 1573463158000 1\nU13740 N35729 1573582290000 1\n", "mind"},
	"RecBole":             {"user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t4\t978300760\n", "1 2 978300760000 4\n", "user_id:token is the user, item_id:token the item, timestamp:float the time, rating:float the value"},
	"Book-Crossing":       {"\"User-ID\";\"ISBN\";\"Book-Rating\"\n\"276725\";\"034545104X\";\"0\"\n", "276725 034545104X 0 0\n", "User-ID is the user, ISBN the item, no time, Book-Rating the value"},
	"FilmTrust":           {"1 1 2\n1 2 4.5\n", "1 1 0 2\n1 2 0 4.5\n", "user is the user, item the item, no time, value the value"},
	"Million Song":        {"b80344d063\tSOAKIMP12A8C130995\t1\n", "b80344d063 SOAKIMP12A8C130995 0 1\n", "user is the user, item the item, no time, value the value"},
	"Foursquare":          {"470\t49bbd6c0\t4bf58dd8\tArts & Crafts\t40.7\t-74.0\t-240\tTue Apr 03 18:00:09 +0000 2012\n", "470 49bbd6c0 1333476009000 1\n", "user is the user, item the item, time the time, no value"},
	"a shop's own, H&M's": {"t_dat,customer_id,article_id,price\n2018-09-20,000058a1,0663713001,0.05\n", "000058a1 0663713001 1537401600000 1\n", "customer_id is the user, article_id the item, t_dat the time, no value"},
}

// Published sets are read without an option, with any line ends, as they come.
func TestPublishedFilesAreReadAsTheyAre(t *testing.T) {
	for name, c := range published {
		t.Run(name, func(t *testing.T) {
			for how, text := range map[string]string{"as published": c.text, "Windows": strings.ReplaceAll(c.text, "\n", "\r\n"), "a mark before it": "\ufeff" + c.text, "no last line end": strings.TrimSuffix(c.text, "\n")} {
				l := read(t, text, Options{})
				if got := told(l); got != c.want || l.Bad != 0 || l.As != c.as {
					t.Errorf("%s: as %q, %d bad %v\n%s", how, l.As, l.Bad, l.Faults, cmp.Diff(c.want, got))
				}
			}
		})
	}
}

func TestABadLineOfAPublishedFileCostsItself(t *testing.T) {
	for text, want := range map[string]string{
		"1:\n5,3,2005-09-06\nx\n6,many,2005-09-06\n7,4,never\n8,2,2005-09-06\n":                                     "5 1 1125964800000 3\n8 1 1125964800000 2\n",
		"1\tU1\t11/11/2019 9:05:58 AM\tN1\tN2-1\n2\tU1\n3\t\t11/11/2019 9:05:58 AM\t\tN3-1\n4\tU1\tnever\t\tN4-1\n": "U1 N1 1573463157000 1\nU1 N2 1573463158000 1\n",
	} {
		l := read(t, text, Options{})
		if got := told(l); got != want || l.Bad != 3 {
			t.Errorf("%d bad %v\n%s", l.Bad, l.Faults, cmp.Diff(want, got))
		}
	}
}

func TestOnlySomeRows(t *testing.T) {
	const events = "timestamp,visitorid,event,itemid\n1,u,view,a\n2,u,addtocart,b\n3,u,transaction,c\n"
	l := read(t, events, Options{Only: "event=view|transaction"})
	if got, want := told(l), "u a 1000 1\nu c 3000 1\n"; got != want || l.Other != 1 || l.Bad != 0 {
		t.Errorf("%d others\n%s", l.Other, cmp.Diff(want, got))
	}
	for only, want := range map[string]string{"view": "want column=value", "kind=view": `no column "kind"`} {
		if err := NewLog().Read(write(t, "x", events), Options{Only: only}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", only, err)
		}
	}
	if err := NewLog().Read(write(t, "x", "[1,2]\n"), Options{Only: "a=b"}); err == nil || !strings.Contains(err.Error(), "a file of rows") {
		t.Error(err)
	}
}

func TestATimeOfTwoColumns(t *testing.T) {
	l := read(t, "user,item,day,ms\nu,a,2016-05-09,20\nu,b,2016-05-09,x\n", Options{Time: "day+ms"})
	if got, want := told(l), "u a 1462752000020 1\n"; got != want || l.Bad != 1 || l.As != "user is the user, item the item, day+ms the time, no value" {
		t.Errorf("%s: %v\n%s", l.As, l.Faults, cmp.Diff(want, got))
	}
}

func TestVisitsAndWhoIsBrief(t *testing.T) {
	const hour = 3600 * 1000
	s := []Session{{User: 1, Items: []int32{1, 2, 3}, Values: make([]float32, 3), At: []int64{0, hour, 30 * hour}}, {User: 2, Items: []int32{4}, Values: make([]float32, 1), At: []int64{2 * hour}}}
	var got [][]int32
	for _, v := range Visits(s, hour) {
		got = append(got, v.Items)
	}
	if diff := cmp.Diff([][]int32{{1, 2}, {4}, {3}}, got); diff != "" {
		t.Error(diff)
	}
	if Brief(s) || !Brief(Visits(s, hour)) || Brief(nil) {
		t.Errorf("%v, %v", Brief(s), Brief(Visits(s, hour)))
	}
}
