package draft

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/mapping"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// unlike are the files of one import that have the same other header than the first.
type unlike struct {
	paths       []string
	lacks, more []string
	unfit       bool // the mapping does not take them
}

// beside holds the headers of an import's other files against the mapping: all of them, because an import refuses the whole where one does not fit.
// Nothing but their headers is read.
func (d *Draft) beside(names []string, text string, paths []string) error {
	spec, err := mapping.Load(strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("the draft does not load: %w", err)
	}
	kinds := map[string]*unlike{}
	for _, path := range paths {
		u, err := header(path, names, spec)
		if err != nil {
			d.note(Ask, "%s cannot be read as this file is: %v", path, err)
			continue
		}
		if len(u.lacks)+len(u.more) == 0 && !u.unfit {
			continue
		}
		key := fmt.Sprintf("%q %q", u.lacks, u.more)
		if kinds[key] == nil {
			kinds[key] = &u
		}
		kinds[key].paths = append(kinds[key].paths, path)
	}
	all := make([]*unlike, 0, len(kinds))
	for _, u := range kinds {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *unlike) int { return cmp.Compare(a.paths[0], b.paths[0]) })
	for _, u := range all {
		level, says := Guessed, "the mapping takes them all the same"
		if u.unfit {
			level, says = Ask, "the mapping does not fit them, and an import of all would send nothing: draft one of their own, or leave out what they lack"
		}
		d.note(level, "%d of the %d other files have another header, as %s: %s; %s", len(u.paths), len(paths), u.paths[0], u.says(), says)
	}
	return nil
}

// says is what a header lacks and has more, for people.
func (u *unlike) says() string {
	var out []string
	for _, part := range []struct {
		what  string
		names []string
	}{{"without", u.lacks}, {"with", u.more}} {
		if len(part.names) == 0 {
			continue
		}
		shown, rest := part.names, ""
		if len(shown) > 5 {
			shown, rest = shown[:5], fmt.Sprintf(" and %d more", len(shown)-5)
		}
		out = append(out, part.what+" "+strings.Join(each(shown), ", ")+rest)
	}
	return strings.Join(out, ", ")
}

// header compares the columns of a file with names.
func header(path string, names []string, spec *mapping.Spec) (u unlike, err error) {
	in, err := file.Open(path, nil)
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	r, err := rows.Open(in, spec.Format)
	if err != nil {
		return u, err
	}
	columns, closed := r.Columns()
	_, _, fault := spec.Compile(mapping.File{Name: in.Name}, columns, closed)
	u.unfit = fault != nil
	if !closed {
		return u, nil // rows of JSON may have any
	}
	without := func(list, of []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(n string) bool { return slices.Contains(of, n) })
	}
	u.lacks, u.more = without(names, columns), without(columns, names)
	return u, nil
}
