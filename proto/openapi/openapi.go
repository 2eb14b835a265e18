// Package openapi holds the OpenAPI 2.0 description of the HTTP/JSON API,
// generated from the protos: see buf.gen.yaml.
package openapi

import _ "embed" // the file below

// JSON is the description, as the gateway serves it at /openapi.json.
//
//go:embed freshet.swagger.json
var JSON []byte
