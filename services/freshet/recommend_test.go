package freshet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sessions are of two worlds of items that never meet, each with a favourite.
func sessions(n int) string {
	var b strings.Builder
	for s := range n {
		world := s % 2 * 100
		fmt.Fprintf(&b, "[%d,%d,%d,%d]\n", world+s/2%7, world+(s/2+1)%7, world+(s/2+2)%7, world+(s/2+3)%7)
	}
	return b.String()
}

func TestRecommendEvaluate(t *testing.T) {
	path := write(t, "sessions.jsonl", sessions(400)+"[1,\n")
	type report struct {
		Protocol             string
		Items, TrainSessions int
		Cases, BadRows       int
		Faults               []struct{ Line int }
		Models               []struct {
			Name   string
			Recall struct{ Value, Low, High float64 }
		}
	}
	var r report
	out := must(t, "recommend", "evaluate", "--data", path, "--k", "7", "--json")
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Protocol != "next-item" || r.Items != 14 || r.TrainSessions != 360 || r.Cases != 120 || r.BadRows != 1 || r.Faults[0].Line != 401 {
		t.Fatalf("%+v %v", r, err)
	}
	recall := map[string]float64{}
	for _, m := range r.Models {
		recall[m.Name] = m.Recall.Value
	}
	if len(recall) != 10 || recall["ranker"] != 1 || recall["vmis-knn"] != 1 || recall["item-knn"] != 1 || recall["popular"] > .9 || recall["popular"] == 0 || recall["again"] != 0 {
		t.Errorf("%v", recall)
	}
	dir := t.TempDir()
	told := must(t, "recommend", "evaluate", "--data", path, "--protocol", "users", "--models", "ease,als", "--cases", "10", "--plots", dir, "--dump-split", dir)
	for _, name := range []string{"plots.html", "train.jsonl", "cases.jsonl", "set.json"} {
		if i, err := os.Stat(filepath.Join(dir, name)); err != nil || i.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := contains(told, "ease", "als", "Recall@20", "line 401", "learnt from 3", "p99"); err != nil {
		t.Error(err)
	}
	if strings.Contains(told, "popular") {
		t.Errorf("a model that nobody named: %s", told)
	}
}

func TestRecommendEvaluateReadsATestFile(t *testing.T) {
	train := write(t, "train.csv", "user,item\na,1\na,2\nb,1\nb,2\nc,1\nd,1\n")
	test := write(t, "test.csv", "user,item\nc,2\nd,2\n")
	out := must(t, "recommend", "evaluate", "--data", train, "--test", test, "--protocol", "holdout", "--models", "item-knn,popular")
	if err := contains(out, "learnt from 4 with 2 items", "2 of 2 cases", "item-knn", "1.0000"); err != nil {
		t.Error(err)
	}
}

// The three ways in which published files of films come are judged as papers judge them.
func TestRecommendEvaluateJudgesRatings(t *testing.T) {
	form := map[string]string{"ratings.csv": "%d,%d,%.1f,%d\n", "ratings.dat": "%d::%d::%.0f::%d\n", "u.data": "%d\t%d\t%.0f\t%d\n"}
	head := map[string]string{"ratings.csv": "userId,movieId,rating,timestamp\n"}
	reports := map[string]string{}
	for name, line := range form {
		var b strings.Builder
		b.WriteString(head[name])
		for u := range 200 {
			for i := range 20 { // ten of a kind are liked, and ten of the other are not
				fmt.Fprintf(&b, line, u+1, (u%2+i%2)%2*50+(i/2+u)%20+1, float64(5-i%2*3), 978300000+u*100+i)
			}
		}
		fmt.Fprintf(&b, line, 900, 1, 5.0, 978300000) // too few
		path := write(t, name, b.String())
		out := must(t, "recommend", "evaluate", "--data", path, "--protocol", "users", "--min-value", "4", "--min-touches", "5", "--told", "random", "--test-share", ".2",
			"--models", "ease,popular", "--ease-items", "30", "--figures", "capped-recall@20,capped-recall@50,ndcg@100", "--json")
		var r struct {
			Events, LowRows int
			Models          []struct {
				Name, Note string
				Figures    []struct {
					Name             string
					Value, Low, High float64
				}
			}
		}
		if err := json.Unmarshal([]byte(out), &r); err != nil || r.Events != 2001 || r.LowRows != 2000 || len(r.Models) != 2 || len(r.Models[0].Figures) != 3 {
			t.Fatalf("%s: %v, %+v", name, err, r)
		}
		best := r.Models[0]
		if f := best.Figures[2]; best.Name != "ease" || f.Name != "ndcg@100" || f.Value < .5 || !strings.Contains(best.Note, "fitted on the 30 items") {
			t.Errorf("%s: %+v", name, best)
		}
		reports[name] = fmt.Sprint(r)

		last := must(t, "recommend", "evaluate", "--data", path, "--protocol", "leave-last-out", "--min-value", "4", "--min-touches", "5", "--models", "popular,als", "--figures", "hit@10")
		if err := contains(last, "leave-last-out: learnt from 200 with 40 items", "200 of 200 cases ask for 200 items", "hit@10"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if reports["ratings.csv"] != reports["u.data"] || reports["ratings.csv"] != reports["ratings.dat"] {
		t.Errorf("one set in three forms: %v", reports)
	}
}

// Without a protocol the file says which suits it.
func TestRecommendEvaluateChoosesTheProtocol(t *testing.T) {
	ratings, brief, long, visits, lists := "", "user,item,time\n", "user,item,time\n", "user_id,session_id,item_id,time\n", ""
	for u := range 40 {
		lists += fmt.Sprint(u)
		for i := range 12 {
			at := 1_500_000_000 + i*4_000_000 + u
			ratings += fmt.Sprintf("%d::%d::%d::%d\n", u, (u+i)%15, 1+i%5, at)
			long += fmt.Sprintf("%d,%d,%d\n", u, (u+i)%15, at)
			visits += fmt.Sprintf("%d,%d,%d,%d\n", u/2, u, (u+i)%15, at)
			brief += fmt.Sprintf("%d,%d,%d\n", u, (u+i)%15, 1_500_000_000+u*1000+i)
			lists += fmt.Sprint(" ", (u+i)%15)
		}
		lists += "\n"
	}
	lists += "99 1 2 3\n"
	few := write(t, "few.csv", "user,item\n0,14\n1,13\n")
	for _, c := range []struct {
		text, want string
		more       []string
	}{
		{ratings, "users: learnt from", nil},
		{brief, "next-item: learnt from", nil},
		{long, "holdout: learnt from", nil},
		{lists, "users: learnt from", nil},
		{lists, "holdout: learnt from 41", []string{"--test", few}},
		{visits, "next-item: learnt from", nil},
		{long, "users: learnt from", []string{"--time", "-"}},
	} {
		out := must(t, append([]string{"recommend", "evaluate", "--data", write(t, "x", c.text), "--models", "popular"}, c.more...)...)
		if err := contains(out, c.want, "read as:", "cases are few"); err != nil {
			t.Errorf("%v: %v", c.more, err)
		}
	}
}

func TestRecommendEvaluateTunes(t *testing.T) {
	out := must(t, "recommend", "evaluate", "--data", write(t, "sessions.jsonl", sessions(400)), "--protocol", "users", "--models", "ease,user-knn,popular", "--tune")
	if err := contains(out, "ease: tuned: L2 ", "user-knn: tuned: the "); err != nil || strings.Contains(out, "popular: tuned") {
		t.Errorf("%v: %s", err, out)
	}
}

// Visits are parted by pauses, of the rows that are asked for.
func TestRecommendEvaluatePartsVisits(t *testing.T) {
	text := "timestamp,visitorid,event,itemid\n"
	for u := range 20 {
		for i := range 9 {
			text += fmt.Sprintf("%d,%d,view,%d\n%d,%d,addtocart,%d\n", 1_500_000_000_000+u*1000+i/3*7_200_000+i, u, (u+i)%10, 1_500_000_000_000+i, u, i)
		}
	}
	args := []string{"recommend", "evaluate", "--data", write(t, "events.csv", text), "--only", "event=view", "--session-gap", "30m", "--models", "popular"}
	if err := contains(must(t, append(args, "--protocol", "next-item")...), "next-item: learnt from 54 with 10 items; 12 of 12 cases", "180 were not asked for"); err != nil {
		t.Error(err)
	}
	if code, _, fault := run(t, "", append(args, "--protocol", "holdout")...); code != 1 || !strings.Contains(fault, "visits are parted by times, for next-item") {
		t.Errorf("%d, %s", code, fault)
	}
}

// Liang's files: what is learnt from, what is told of others, and what is to be found of them.
func TestRecommendEvaluateReadsWhatIsTold(t *testing.T) {
	train, told, asked := write(t, "train.csv", "uid,sid\n1,a\n1,b\n2,a\n2,b\n3,c\n3,d\n"), write(t, "test_tr.csv", "uid,sid\n8,a\n9,c\n9,new\n"), write(t, "test_te.csv", "uid,sid\n8,b\n9,d\n7,a\n")
	args := []string{"recommend", "evaluate", "--data", train, "--test-told", told, "--test", asked, "--models", "item-knn"}
	if err := contains(must(t, append(args, "--protocol", "users")...), "users: learnt from 3 with 4 items; 2 of 2 cases ask for 2 items", "1 touches of unknown", "1.0000"); err != nil {
		t.Error(err)
	}
	if code, _, fault := run(t, "", append(args, "--protocol", "holdout")...); code != 1 || !strings.Contains(fault, "is for users, with what is to be found in a test file") {
		t.Errorf("%d, %s", code, fault)
	}
}

func TestWrongRecommendLinesAreExplained(t *testing.T) {
	path := write(t, "x.csv", "user,item\na,1\na,2\nb,1\nb,2\n")
	for line, want := range map[string]string{
		"recommend evaluate":                                        "give --data",
		"recommend evaluate --data nowhere.csv":                     "nowhere.csv",
		"recommend evaluate --data " + path + " --protocol best":    "want one of next-item, next-basket, holdout, users, leave-last-out",
		"recommend evaluate --data " + path + " --protocol holdout": "has no times",
		"recommend evaluate --data " + path + " --models x":         `there is no model "x": there are popular`,
		"recommend evaluate --data " + path + " --k 0":              "--k 0: want 1 to 1000",
		"recommend evaluate --data " + path + " --min-touches -1":   "--min-touches -1: want 0 or more",
		"recommend evaluate --data " + path + " --ease-items -1":    "--ease-items -1: want 0 or more",
		"recommend evaluate --data " + path + " --told all":         `--told "all": want oldest or random`,
		"recommend evaluate --data " + path + " --figures best@3":   `a figure "best@3": want one of recall, capped-recall`,
		"recommend evaluate --data " + path + " --cases -1":         "--cases -1",
		"recommend evaluate --data " + path + " --basket -1s":       "--basket -1s",
		"recommend evaluate --data " + path + " --user gone":        `no column "gone"; there are user, item`,
		"recommend evaluate --data " + path + " --test-share 2":     "a share of 2 judges",
		"recommend evaluate --data " + path + " --shape round":      `a file of "round"`,
		"recommend forget": "it is one of card, evaluate",
	} {
		if code, _, fault := run(t, "", strings.Fields(line)...); code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
}
