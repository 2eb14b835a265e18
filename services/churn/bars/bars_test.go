package bars

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

// TestBars judges every data set of FRESHET_BARS, and writes bars.txt there. On the drawn shop it holds that what is judged is judged rightly.
func TestBars(t *testing.T) {
	dir, real := os.LookupEnv("FRESHET_BARS")
	if !real {
		dir = t.TempDir()
		drawShop(t, dir)
	}
	var out strings.Builder
	save := func() { // after each table: a run that is ended has told what it knew
		if !real {
			return
		}
		if err := os.WriteFile(filepath.Join(dir, "bars.txt"), []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]map[string]map[string]float64{}
	tell := func(shop, label string, horizon time.Duration) (*table, *outcome) {
		x := read(t, dir, shop, label, horizon)
		o := judge(t, x)
		all[x.name] = o.tell(t, &out, x.name)
		if real {
			o.save(t, filepath.Join(dir, shop+"_"+label+".scores.csv"), x)
		}
		save()
		return x, o
	}
	if real {
		tell("retail", "churned_60d", 60*day)
		tell("retail", "churned_90d", 90*day)
		tell("retail", "repurchase_30d", 30*day)
	}
	x := read(t, dir, "retail", "spend_next_90d", 90*day)
	all[x.name] = judgeSpend(t, x).tellSpend(t, &out, x.name)
	truth := leaving(t, dir)
	x, o := tell("sim", "churned_60d", 60*day)
	o.tellTop(t, &out, x, truth)
	w, m := warn(t, x, read(t, dir, "sim", "churned_7d", 7*day), truth)
	w.tell(&out, x.name, m)
	save()
	if real {
		x, o := tell("sim", "gone_60d", 60*day)
		o.tellTop(t, &out, x, truth)
		w, m := warn(t, x, read(t, dir, "sim", "gone_7d", 7*day), truth)
		w.tell(&out, x.name, m)
		save()
	} else {
		holds(t, all, w)
	}
	t.Log(out.String())
}

// holds says what is true of the drawn shop.
func holds(t *testing.T, all map[string]map[string]map[string]float64, w warned) {
	t.Helper()
	for name, models := range all {
		for model, f := range models {
			if strings.Contains(name, "spend") {
				if f["total"] < .6 || f["total"] > 1.6 || model != "the mean" && f["Spearman"] < .3 {
					t.Errorf("%s, %s: %v", name, model, f)
				}
			} else if rate := models["base rate"]; model != "base rate" && (f["AUC"] < .7 || f["log-loss"] > rate["log-loss"]) || rate["AUC"] > .6 {
				t.Errorf("%s, %s: %v", name, model, f)
			}
		}
	}
	if w.leavers < 40 || len(w.days) < 5 || len(w.days) > w.leavers || w.days[0] <= 0 || w.wrong > w.stayers {
		t.Errorf("%+v", w)
	}
}
