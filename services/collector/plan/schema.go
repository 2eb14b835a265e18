package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"gopkg.in/yaml.v3"
)

// base is the address a schema has for the compiler; nothing is ever fetched.
const base = "plan:///schema"

// noLoader refuses what a schema would fetch.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("nothing is fetched (%s): put the schema under $defs and refer to it as #/$defs/name", url)
}

// compile checks and compiles a schema; nil, and faults, when it is not one.
func (d *document) compile(n *yaml.Node, path string, mode Mode) *version {
	before := len(d.faults)
	doc := d.value(n, path, 0)
	if len(d.faults) > before {
		return nil
	}
	l := &lint{d: d, at: n, draft: draftOf(doc), mode: mode}
	l.schema(doc, path, true)
	if len(d.faults) > before {
		return nil
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(noLoader{})
	c.AssertFormat()
	if err := c.AddResource(base, doc); err != nil {
		d.fault(n, path, "%v", err)
		return nil
	}
	schema, err := c.Compile(base)
	if err != nil {
		d.schemaFault(n, path, err)
		return nil
	}
	if cyclic(schema) {
		d.fault(n, path, "a $ref leads back to itself without going into a member: nothing can be checked against it")
		return nil
	}
	if name := doubled(schema); name != "" {
		d.fault(n, path, "%q leads back to the same schema in two ways: each level of an event would take twice as long as the one above it. "+
			"Describe it once, outside anyOf, oneOf and allOf", clip(name))
		return nil
	}
	v := &version{schema: schema, quick: quicken(schema)}
	if mode == Strip {
		v.shape = outline(schema)
	}
	return v
}

// schemaFault tells what the compiler found, at the places where it found it.
func (d *document) schemaFault(n *yaml.Node, path string, err error) {
	var invalid *jsonschema.SchemaValidationError
	var verr *jsonschema.ValidationError
	if errors.As(err, &invalid) && errors.As(invalid.Err, &verr) {
		for i, f := range findings(verr, "") {
			if i == 5 {
				break
			}
			d.fault(n, path+strings.ReplaceAll(f.path(), "/", "."), "%s", f.message())
		}
		return
	}
	var load *jsonschema.LoadURLError
	if errors.As(err, &load) {
		err = load.Err
	}
	d.fault(n, path, "%s", strings.ReplaceAll(err.Error(), base, ""))
}

// cyclic says that checking any value would never end. Only in-place references can do so, and what they do does not depend on the value.
func cyclic(schema *jsonschema.Schema) bool {
	for _, v := range []any{map[string]any{}, []any{}, "", true, nil} {
		var verr *jsonschema.ValidationError
		if errors.As(schema.Validate(v), &verr) && hasCycle(verr) {
			return true
		}
	}
	return false
}

func hasCycle(err *jsonschema.ValidationError) bool {
	if _, ok := err.ErrorKind.(*kind.RefCycle); ok {
		return true
	}
	for _, c := range err.Causes {
		if hasCycle(c) {
			return true
		}
	}
	return false
}
