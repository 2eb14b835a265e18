package rows

// AppendText writes a JSON string. s must be UTF-8.
func AppendText(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(append(b, s[from:]...), '"')
}

// Append writes a value as JSON; an absent one as null.
func (v Value) Append(b []byte) []byte {
	switch v.Kind {
	case Absent:
		return append(b, "null"...)
	case Number, Boolean, JSON:
		return append(b, v.Text...)
	}
	return AppendText(b, v.Text)
}
