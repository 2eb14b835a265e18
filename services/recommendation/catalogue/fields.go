package catalogue

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Names of fields that the code asks for.
const (
	fieldName, fieldCategories, fieldBrand         = "name", "categories", "brand"
	fieldPrice, fieldCurrency, fieldStock          = "price_micros", "currency", "stock"
	fieldRemoved, fieldAttributes, attributePrefix = "removed", "attributes", "attributes."
	fieldFrom, fieldUntil                          = "valid_from_ms", "valid_until_ms"
)

// sayable are the fields that a change may say, in the order of the message; `attributes.<name>` beside them.
var sayable = []string{
	fieldName, "description", fieldCategories, fieldBrand, fieldPrice, fieldCurrency, fieldStock, fieldRemoved, fieldFrom, fieldUntil,
	"languages", "adult", "url", "image_url", "group_id", fieldAttributes,
}

// descriptors are the sayable fields by name.
var descriptors = func() map[string]protoreflect.FieldDescriptor {
	all := (&recommendationv1.Item{}).ProtoReflect().Descriptor().Fields()
	out := map[string]protoreflect.FieldDescriptor{}
	for _, name := range sayable {
		out[name] = all.ByName(protoreflect.Name(name))
	}
	return out
}()

// attribute gives the name of the attribute that a field is, and false for one that is none.
func attribute(field string) (string, bool) { return strings.CutPrefix(field, attributePrefix) }

// assign makes a field of dst what it is in src; one that is empty there is taken away.
func assign(dst, src *recommendationv1.Item, field string) {
	d := descriptors[field]
	to, from := dst.ProtoReflect(), src.ProtoReflect()
	if from.Has(d) {
		to.Set(d, from.Get(d))
	} else {
		to.Clear(d)
	}
}

// holds says whether an item has a field.
func holds(i *recommendationv1.Item, field string) bool {
	if name, ok := attribute(field); ok {
		return i.GetAttributes()[name] != ""
	}
	return i.ProtoReflect().Has(descriptors[field])
}
