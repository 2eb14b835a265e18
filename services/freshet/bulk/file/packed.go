package file

// Packed says that the content is packed: it can be read from its beginning only, and At would have to unpack all of it.
func (f *File) Packed() (bool, error) {
	kind, err := detect(f.f)
	return kind != plain, err
}
