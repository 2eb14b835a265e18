package embeddedclickhouse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"text/template"
)

// There are three users, and none that comes in without a password:
//
//   - User writes. It has every right.
//   - Reader reads the tables of Config.Readable, and of the system tables those that drivers look into. It may change
//     only settings that bound or shape its own answer: see changeable.
//   - default is the engine's own session, which opens the listeners, and loads dictionaries that name no user. It can have no password (the
//     engine gives none), so it may have one session at a time, and the engine's own is there before any listener is, for as long as
//     the engine lives. Whoever comes in as default is one too many. TestNobodyComesInWithoutAPassword.
const (
	User   = "freshet"
	Reader = "reader"
)

// readable are the system tables that drivers, editors and Grafana look into before they show a table. Each shows of
// tables and columns only those the user may read. None shows queries, paths outside the server, or other users.
var readable = []string{
	"aggregate_function_combinators", "build_options", "clusters", "collations", "columns", "contributors", "current_roles", "data_skipping_indices",
	"data_type_families", "databases", "dictionaries", "enabled_roles", "formats", "functions", "keywords", "licenses", "macros", "merge_tree_settings",
	"parts", "parts_columns", "projections", "settings", "storage_policies", "table_engines", "table_functions", "tables", "time_zones",
}

var usersTemplate = template.Must(template.New("users.xml").Parse(`<clickhouse>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>engine</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT SELECT ON *.*</query>
      </grants>
    </default>
    <{{.User}}>
      <password_sha256_hex>{{.Hash}}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>1</access_management>
    </{{.User}}>
{{- if .ReaderHash}}
    <{{.Reader}}>
      <password_sha256_hex>{{.ReaderHash}}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>reader</profile>
      <quota>default</quota>
      <grants>
{{- range .Grants}}
        <query>{{.}}</query>
{{- end}}
      </grants>
    </{{.Reader}}>
{{- end}}
  </users>
  <profiles>
    <default></default>
    <engine><max_sessions_for_user>1</max_sessions_for_user></engine>
    <reader>
      <readonly>1</readonly>
      <constraints>
{{- range .Changeable}}
        <{{.}}><changeable_in_readonly/></{{.}}>
{{- end}}
      </constraints>
    </reader>
  </profiles>
  <quotas><default></default></quotas>
</clickhouse>
`))

// usersConfig is the content of users.xml. Of passwords it holds the hashes.
func usersConfig(cfg Config) ([]byte, error) {
	values := map[string]any{"User": User, "Hash": hash(cfg.Password), "Reader": Reader, "Grants": readerGrants(cfg.Readable), "Changeable": changeable}
	if cfg.ReaderPassword != "" {
		values["ReaderHash"] = hash(cfg.ReaderPassword)
	}
	var out bytes.Buffer
	err := usersTemplate.Execute(&out, values)
	return out.Bytes(), err
}

func hash(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// readerGrants are Reader's only rights.
func readerGrants(databases []string) []string {
	grants := []string{"GRANT SELECT ON information_schema.*", "GRANT SELECT ON INFORMATION_SCHEMA.*"}
	for _, table := range readable {
		grants = append(grants, "GRANT SELECT ON system."+table)
	}
	for _, db := range databases {
		name := "`" + strings.ReplaceAll(db, "`", "``") + "`"
		grants = append(grants, "GRANT SELECT, dictGet ON "+name+".*")
	}
	return grants
}
