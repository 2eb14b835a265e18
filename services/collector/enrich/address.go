package enrich

import (
	"net/netip"
	"strings"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// IPPolicy is what becomes of a person's address in context.ip.
type IPPolicy string

// The policies. The empty one means masked.
const (
	// IPNone takes the address out of the event.
	IPNone IPPolicy = "none"
	// IPMasked keeps the network: the first 24 bits of IPv4, also within 6to4 (2002::/16), and 48 of IPv6.
	IPMasked IPPolicy = "masked"
	// IPFull keeps the address as it is.
	IPFull IPPolicy = "full"
)

// Valid says that a policy is one of the above.
func (p IPPolicy) Valid() bool {
	return p == "" || p == IPNone || p == IPMasked || p == IPFull
}

// parseAddr reads an address as clients send it, with or without a port or a zone; the zero Addr when it is none.
func parseAddr(text string) netip.Addr {
	text = strings.TrimSpace(text)
	if len(text) > 64 {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
			addr, err = netip.ParseAddr(inner[:len(inner)-1])
		}
	}
	if err != nil {
		var pair netip.AddrPort
		pair, err = netip.ParseAddrPort(text)
		addr = pair.Addr()
	}
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")

// public says that an address is one of the internet's.
func public(addr netip.Addr) bool {
	return addr.IsValid() && addr.IsGlobalUnicast() && !addr.IsPrivate() && !carrierGrade.Contains(addr)
}

// sixToFour are IPv6 addresses made of an IPv4 address, which is all of their first 48 bits.
var sixToFour = netip.MustParsePrefix("2002::/16")

// mask keeps an address's network.
func mask(addr netip.Addr) netip.Addr {
	bits := 48
	switch {
	case addr.Is4():
		bits = 24
	case sixToFour.Contains(addr):
		bits = sixToFour.Bits() + 24
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr()
}

// keep is the address to store under a policy; ok is false when none is.
func (p IPPolicy) keep(addr netip.Addr) (kept netip.Addr, ok bool) {
	switch {
	case !addr.IsValid() || p == IPNone:
		return netip.Addr{}, false
	case p == IPFull:
		return addr, true
	}
	return mask(addr), true
}

// rewriteIP gives the context with its address as the policy wants it. sent is the address in the context, at offset at in it; fill is the
// address to put in when none was sent, the zero Addr for none. The result may be in buf, or the context itself.
func (p IPPolicy) rewriteIP(buf, context, sent []byte, at int, fill netip.Addr) (result, scratch []byte) {
	if len(sent) == 0 {
		if kept, ok := p.keep(fill); ok {
			buf = appendIP(buf[:0], context, kept)
			return buf, buf
		}
		return context, buf
	}
	if p == IPFull || at < 0 || at+len(sent) > len(context) {
		return context, buf
	}
	kept, ok := p.keep(parseAddr(str(sent, 64)))
	if !ok { // none wanted, or no address: nobody knows what it tells
		buf = without(buf[:0], context, "ip")
		return buf, buf
	}
	buf = append(append(buf[:0], context[:at]...), '"')
	buf = append(kept.AppendTo(buf), '"')
	buf = append(buf, context[at+len(sent):]...)
	return buf, buf
}

// appendIP appends the context with the member ip added; it has none.
func appendIP(out, context []byte, addr netip.Addr) []byte {
	if len(context) <= 2 {
		out = append(out, '{')
	} else {
		out = append(out, context[:len(context)-1]...)
		if hasMembers(context) {
			out = append(out, ',')
		}
	}
	out = append(out, `"ip":"`...)
	return append(addr.AppendTo(out), `"}`...)
}

// hasMembers says that an object is not empty, whatever blanks it holds.
func hasMembers(object []byte) bool {
	for _, c := range object[1:] {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c == '"'
	}
	return false
}

// without appends an object less one of its members; what is left keeps its bytes.
func without(out, object []byte, name string) []byte {
	var s jsonscan.Scanner
	s.Reset(object, 0, jsonscan.Limits{})
	out = append(out, '{')
	_ = s.Object(func(key []byte) error { // the object was valid when it was read
		drop := string(key) == name
		start := s.Offset()
		for start > 0 && object[start-1] != '"' { // back over the colon to the key's end
			start--
		}
		from := keyStart(object, start)
		if _, err := s.Skip(); err != nil {
			return err
		}
		if !drop {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(out, s.Since(from)...)
		}
		return nil
	})
	return append(out, '}')
}

// keyStart finds the opening quote of the key whose closing quote is before end.
func keyStart(object []byte, end int) int {
	for i := end - 2; i >= 0; i-- {
		if object[i] != '"' {
			continue
		}
		slashes := 0
		for j := i - 1; j >= 0 && object[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
	return 0
}
