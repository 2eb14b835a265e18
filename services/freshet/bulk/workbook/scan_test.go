package workbook

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// tokens are what a reader of XML makes of a text, in one line, or that it is none.
func tokens(next func() (string, error)) string {
	var out []string
	for {
		t, err := next()
		switch {
		case errors.Is(err, io.EOF):
			return strings.Join(out, " ")
		case err != nil:
			return "broken"
		}
		if n := len(out); n > 0 && t[0] == '"' && out[n-1][0] == '"' { // where a text is cut says nothing
			out[n-1] = out[n-1][:len(out[n-1])-1] + t[1:]
		} else {
			out = append(out, t)
		}
	}
}

func ours(text string, small bool) string {
	var r io.Reader = strings.NewReader(text)
	if small {
		r = iotest.OneByteReader(r)
	}
	s := newStream(io.NopCloser(r), "x")
	return tokens(func() (string, error) {
		t, err := s.next()
		switch t {
		case begins:
			out := "<" + string(s.tag)
			for _, a := range s.attrs {
				out += fmt.Sprintf(" %s=%q", a.name, s.attr(string(a.name)))
			}
			return out, err
		case ends:
			return ">", err
		case textual:
			return fmt.Sprintf("%q", s.scanner.text), err
		}
		return "", err
	})
}

func theirs(text string) string {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = charset
	return tokens(func() (string, error) {
		for {
			t, err := d.Token()
			switch t := t.(type) {
			case xml.StartElement:
				out := "<" + t.Name.Local
				for _, a := range t.Attr {
					name := a.Name.Local
					if a.Name.Space != "" {
						name = a.Name.Space + ":" + name
					}
					out += fmt.Sprintf(" %s=%q", name, a.Value)
				}
				return out, err
			case xml.EndElement:
				return ">", err
			case xml.CharData:
				return fmt.Sprintf("%q", t), err
			case xml.Directive:
				return "", errors.New("a document type")
			}
			if err != nil {
				return "", err
			}
		}
	})
}

// begun are texts that say what a scanner may meet.
var begun = []string{
	`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><a><b x="1" y='2'/>t &amp; &lt;&gt;&quot;&apos;&#10;&#x41; u</a>`, "<a>\r\nb\rc\n</a>", "<a><![CDATA[<b>&amp;\r\n]]]]></a>",
	"<a><!-- c --><b></b ></a>", "<a><!-- -- --></a>", "<a><!-- x ---></a>", "<a>]]></a>", "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>\x01</a>", "<a>\xff</a>", "<a>é\ufffe</a>",
	"<a b='>'>x</a>", "<a b='<'/>", "<a b='&amp;&#9;'/>", "<a b=1/>", "<a b/>", "<a/ >", "<a b='1'c='2'/>", "<a></b>", "</a>", "<a>", "<a", "", " ", "x", "<a/><b/>", "<1/>", "<p:a xmlns:p='u' p:b='1' c='2'/>",
	"<a:b:c/>", "<:a/>", "<a:/>", "<?xml version='1.1'?><a/>", "<?xml version='1.0' encoding='latin1'?><a/>", "<?x y?><a/>", "<? ?><a/>", "<a><?x", "<a><!--", "<a><![CDATA[", "<a>\xef\xbb\xbf</a>", "\xef\xbb\xbf<a/>",
	"<!DOCTYPE a><a/>", "<a><b>1</b><c r=\"A1\" t=\"s\"><v>0</v></c></a>", "<a>&", "<a>&#x;</a>", "<a>&#1114112;</a>", "<a b='\r\n'/>", "<a b=']]>'/>", "<a b = '1' />", "<a\n\tb='1'\n/>",
}

func FuzzScannerAgainstEncodingXML(f *testing.F) {
	for _, text := range begun {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "xml") {
			return // spaces of names are left as they are written
		}
		if a, b := ours(text, false), ours(text, true); a != b {
			t.Errorf("of %q\nat once       %s\nbyte by byte  %s", text, a, b)
		}
		if got, want := ours(text, false), theirs(text); got != want && got != "broken" {
			t.Errorf("of %q\ngot  %s\nwant %s", text, got, want)
		}
	})
}

// TestScannerAgainstEncodingXML: what a part says is what encoding/xml reads in it, and what that refuses is refused.
func TestScannerAgainstEncodingXML(t *testing.T) {
	for _, text := range begun {
		got, want := ours(text, false), theirs(text)
		if strings.Contains(text, "xmlns:p") {
			want = `<a xmlns:p="u" p:b="1" c="2" >` // as it is written
		}
		if got != want {
			t.Errorf("of %q\ngot  %s\nwant %s", text, got, want)
		}
		if small := ours(text, true); small != got {
			t.Errorf("of %q\nbyte by byte %s\nat once      %s", text, small, got)
		}
	}
}
