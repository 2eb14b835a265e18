package plan

// Rules that are no keywords of JSON Schema.
const (
	// RuleUnplanned is an event that the plan does not know.
	RuleUnplanned = "unplanned_event"
	// RuleStripped is a member that was taken out.
	RuleStripped = "stripped"
	// ruleFalse is a value where the schema is `false`: none is allowed.
	ruleFalse = "false"
	// ruleOther is a keyword that a newer validator knows and this list does not.
	ruleOther = "other"
)

// Rules are all values of Violation.rule and of the metrics' label: a closed set.
func Rules() []string {
	return []string{
		"additionalItems", "additionalProperties", "anyOf", "const", "contains", "dependencies", "dependentRequired", "enum",
		"exclusiveMaximum", "exclusiveMinimum", ruleFalse, "format", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum",
		"minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf", ruleOther, "pattern",
		"propertyNames", "required", RuleStripped, "type", "unevaluatedItems", "unevaluatedProperties", "uniqueItems", RuleUnplanned,
	}
}

var ruleSet = func() map[string]bool {
	set := map[string]bool{}
	for _, r := range Rules() {
		set[r] = true
	}
	return set
}()
