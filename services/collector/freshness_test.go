package collector

// freshness is how many events were measured on their way.
func (r *rig) freshness() int {
	r.t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	n := 0
	for _, family := range families {
		if family.GetName() != "freshet_freshness_seconds" {
			continue
		}
		for _, m := range family.Metric {
			n += int(m.GetHistogram().GetSampleCount())
		}
	}
	return n
}
