package file

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

var content = strings.Repeat("id,name\n1,Ann\n", 5000)

// packed packs the content; bzip2 has no writer in Go, so its bytes come from the bzip2 program.
func packed(t *testing.T, kind string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch kind {
	case "plain":
		return []byte(content)
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "bzip2":
		raw, err := hex.DecodeString(bz)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	case "zip":
		z := zip.NewWriter(&b)
		if _, err = z.Create("folder/"); err == nil {
			var f io.Writer
			if f, err = z.Create("folder/x.csv"); err == nil {
				_, err = io.WriteString(f, content)
			}
		}
		if err := errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(w, content)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestContentIsUnpackedByWhatItIs(t *testing.T) {
	for _, kind := range []string{"plain", "gzip", "zstd", "xz", "bzip2", "zip"} {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "misleading.txt")
			if err := os.WriteFile(path, packed(t, kind), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for range 2 { // a second reading begins anew
				r, err := f.Reader()
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err != nil || string(got) != content {
					t.Fatalf("%d bytes, %v", len(got), err)
				}
				if f.Done() < f.Size*9/10 || f.Done() > f.Size*2+500 {
					t.Errorf("read %d of %d", f.Done(), f.Size)
				}
			}
			at, n, err := f.At()
			if err != nil || n != int64(len(content)) {
				t.Fatal(n, err)
			}
			part := make([]byte, 7)
			if _, err := at.ReadAt(part, 0); err != nil || string(part) != "id,name" {
				t.Errorf("%q, %v", part, err)
			}
			if err := f.Unchanged(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStandardInputHasTheIdentityOfItsContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := Open(Stdin, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	sumA, errA := a.Sum()
	sumB, errB := b.Sum()
	if errA != nil || errB != nil || sumA != sumB || len(sumA) != 64 || b.Name != "stdin" || b.Size != a.Size {
		t.Errorf("%s and %s, %s", sumA, sumB, b.Name)
	}
	if err := os.WriteFile(path, []byte(content+"2,Bob\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Unchanged(); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Error(err)
	}
}

// archive is a zip with these files, each of which holds its own name.
func archive(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A published set comes with a README beside its table: a path goes on behind the archive.
func TestOneFileOfAnArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "set.zip")
	if err := os.WriteFile(path, []byte(archive(t, "set/README", "set/ratings.csv")), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path+"/set/ratings.csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := f.Reader()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "set/ratings.csv" || f.Name != "ratings.csv" || f.Unchanged() != nil || err != nil {
		t.Errorf("%q of %s, %v", got, f.Name, err)
	}
	gone, err := Open(path+"/movies.csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	if _, err := gone.Reader(); err == nil || !strings.Contains(err.Error(), "holds no movies.csv, but set/README, set/ratings.csv") {
		t.Error(err)
	}
	if _, err := Open(path+"x.zip/y", nil); err == nil {
		t.Error("an archive that is not there")
	}
}

// TestArchivesOfMacs: their Finder puts a shadow beside each file, which nobody sees.
func TestArchivesOfMacs(t *testing.T) {
	f, err := Open(Stdin, strings.NewReader(archive(t, "x.csv", "__MACOSX/._x.csv", "folder/.DS_Store")))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := f.Reader()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "x.csv" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestFaultsAreSentences(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "gone"), nil); err == nil {
		t.Error("a file that is not there")
	}
	if _, err := Open(t.TempDir(), nil); err == nil {
		t.Error("a folder")
	}
	read := func(raw string) error {
		f, err := Open(Stdin, strings.NewReader(raw))
		if err != nil {
			return err
		}
		defer f.Close()
		r, err := f.Reader()
		if err != nil {
			return err
		}
		_, err = io.ReadAll(r)
		return err
	}
	cut := packed(t, "gzip")
	for raw, want := range map[string]string{
		string(cut[:len(cut)-20]):                            "unpack gzip: unexpected EOF",
		"\x1f\x8b\x08":                                       "unpack gzip",
		"PK\x05\x06" + strings.Repeat("\x00", 18):            "holds no file",
		"\x28\xb5\x2f\xfdgarbage":                            "unpack zstd",
		archive(t, "a.csv", "b.csv"):                         "holds 2 files: name one behind the archive, such as set.zip/a.csv",
		archive(t, "[Content_Types].xml", "xl/workbook.bin"): "it is a binary workbook of Excel (.xlsb): save it as .xlsx and import that",
		archive(t, "mimetype", "content.xml"):                "it is a document of OpenDocument (.ods): save it as .xlsx, or the sheet as CSV, and import that",
	} {
		if err := read(raw); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", want, err)
		}
	}
	if err := read("BZhello is a text"); err != nil {
		t.Errorf("a text that begins as bzip2 does: %v", err)
	}
}

// Of a file that grows, whole lines are the content; what comes behind them while it is read changes nothing.
func TestAGrowingFile(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for content, want := range map[string]string{"a\nb\nc": "a\nb\n", "a\n": "a\n", "a": "", "": "", long + "\n" + long: long + "\n", long: ""} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := OpenGrowing(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := os.WriteFile(path, []byte(content+" more\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := f.Reader()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != want || f.Unchanged() != nil {
			t.Errorf("%.20q: got %.20q, %v, %v", content, got, err, f.Unchanged())
		}
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		if f.Size > 0 && f.Unchanged() == nil {
			t.Errorf("%.20q: nobody notices that it was cut", content)
		}
	}
}
