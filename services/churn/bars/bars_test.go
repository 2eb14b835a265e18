package bars

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

// folder is where the data sets are: FRESHET_BARS, or the drawn shop. real says which.
func folder(t *testing.T) (dir string, real bool) {
	t.Helper()
	if dir, real = os.LookupEnv("FRESHET_BARS"); real {
		return dir, true
	}
	dir = t.TempDir()
	drawShop(t, dir)
	return dir, false
}

// report shows what was found, and writes it beside the data set, as SET.txt.
func report(t *testing.T, dir, set string, out *strings.Builder) {
	t.Helper()
	t.Log(out.String())
	if err := os.WriteFile(filepath.Join(dir, set+".txt"), []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRetail judges the data sets of online-retail. On the drawn shop it holds that what is judged is judged rightly.
func TestRetail(t *testing.T) {
	dir, real := folder(t)
	sets := map[string]time.Duration{"churned_60d": 60 * day, "churned_90d": 90 * day, "repurchase_30d": 30 * day}
	if !real {
		sets = map[string]time.Duration{"churned_60d": 60 * day}
	}
	for set, horizon := range sets {
		t.Run(set, func(t *testing.T) {
			var out strings.Builder
			x := read(t, dir, "retail", set, horizon)
			o := judge(t, x)
			got := o.tell(t, &out, x.name)
			o.save(t, filepath.Join(dir, "retail_"+set+".scores.csv"), x)
			report(t, dir, "retail_"+set, &out)
			for model, f := range got {
				if rate := got["base rate"]; !real && model != "base rate" && (f["AUC"] < .7 || f["log-loss"] > rate["log-loss"] || rate["AUC"] > .6) {
					t.Errorf("%s: %v", model, f)
				}
			}
		})
	}
}

// TestSpend judges what customers of online-retail spend.
func TestSpend(t *testing.T) {
	dir, real := folder(t)
	var out strings.Builder
	x := read(t, dir, "retail", "spend_next_90d", 90*day)
	got := judgeSpend(t, x).tellSpend(t, &out, x.name)
	report(t, dir, "retail_spend_next_90d", &out)
	for model, f := range got {
		if !real && (f["total"] < .6 || f["total"] > 1.6 || model != "the mean" && f["Spearman"] < .3) {
			t.Errorf("%s: %v", model, f)
		}
	}
}

// TestWarnings judges the simulator's shop by its labels and by its truth: churned counts orders of everybody who bought, gone counts events of those who were
// seen within 30 days.
func TestWarnings(t *testing.T) {
	dir, real := folder(t)
	truth := leaving(t, dir)
	sets := []string{"churned", "gone"}
	if !real {
		sets = sets[:1]
	}
	for _, set := range sets {
		t.Run(set, func(t *testing.T) {
			var out strings.Builder
			x := read(t, dir, "sim", set+"_60d", 60*day)
			w, m := warn(t, x, read(t, dir, "sim", set+"_7d", 7*day), truth)
			w.tell(&out, x.name, m)
			if !real && (w.leavers < 30 || len(w.days) < 3 || len(w.days) > w.leavers || w.days[0] <= 0 || w.wrong > w.stayers) {
				t.Errorf("%+v", w)
			}
			if real {
				report(t, dir, "sim_"+set+"_60d", &out) // what follows takes long
				o := judge(t, x)
				o.tell(t, &out, x.name)
				o.tellTop(t, &out, x, truth)
				o.save(t, filepath.Join(dir, "sim_"+set+"_60d.scores.csv"), x)
			}
			report(t, dir, "sim_"+set+"_60d", &out)
		})
	}
}
