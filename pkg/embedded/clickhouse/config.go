package embeddedclickhouse

import (
	"fmt"
	"os"
	"path/filepath"
)

// serverConfig keeps the server small: it shares a laptop with everything else.
// There are no system log tables: they would be the largest tables of a quiet server.
const serverConfig = `<clickhouse>
  <logger><level>warning</level><console>0</console></logger>
  <users_config>users.xml</users_config>
  <listen_host>127.0.0.1</listen_host>
  <max_server_memory_usage>2147483648</max_server_memory_usage>
  <max_concurrent_queries>64</max_concurrent_queries>
  <mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_mark_cache_size>16777216</index_mark_cache_size>
  <primary_index_cache_size>67108864</primary_index_cache_size>
  <query_cache><max_size_in_bytes>16777216</max_size_in_bytes></query_cache>
  <background_pool_size>4</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_buffer_flush_schedule_pool_size>1</background_buffer_flush_schedule_pool_size>
  <background_message_broker_schedule_pool_size>1</background_message_broker_schedule_pool_size>
  <background_distributed_schedule_pool_size>1</background_distributed_schedule_pool_size>
  <tables_loader_foreground_pool_size>2</tables_loader_foreground_pool_size>
  <tables_loader_background_pool_size>2</tables_loader_background_pool_size>
  <merge_tree>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
  <access_control_improvements>
    <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
  </access_control_improvements>
` + httpHandlers + `</clickhouse>
`

// httpHandlers answer names of this machine only, so that no page can read what is here under a name of its own that it
// has pointed at 127.0.0.1; and say what is missing to who brings no user, whom the engine would take for its own.
// There is no /play: that page asks for answers that every origin may read.
const httpHandlers = `  <http_handlers>
    <rule><url>/ping</url><headers>` + ownNames + `</headers><handler><type>ping</type>` + noSniff + `</handler></rule>
    <rule><headers>` + ownNames + `<Authorization>regex:.+</Authorization></headers>` + queries + `</rule>
    <rule><headers>` + ownNames + `<X-ClickHouse-User>regex:.+</X-ClickHouse-User></headers>` + queries + `</rule>
    <rule><empty_query_string/><headers>` + ownNames + `</headers><handler><type>static</type><status>401</status>` + plainText + `
      <response_content>Who are you? Name a user and a password: those of the addresses file of freshet up, or run: freshet sql 'SELECT 1'
</response_content></handler></rule>
    <rule><headers>` + ownNames + `</headers>` + queries + `</rule>
    <rule><handler><type>static</type><status>421</status>` + plainText + `
      <response_content>This door answers to localhost and 127.0.0.1 only, and the request's Host header names another.
</response_content></handler></rule>
  </http_handlers>
`

const (
	ownNames  = `<Host>regex:(?i)^(([a-z0-9-]+\.)*localhost\.?|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?$</Host>`
	queries   = `<handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name>` + noSniff + `</handler>`
	plainText = `<content_type>text/plain; charset=UTF-8</content_type>` + noSniff
	noSniff   = `<http_response_headers><X-Content-Type-Options>nosniff</X-Content-Type-Options></http_response_headers>`
)

// writeConfig puts the server's two files into the directory and returns the path of the first.
func writeConfig(cfg Config) (string, error) {
	users, err := usersConfig(cfg)
	if err != nil {
		return "", fmt.Errorf("write ClickHouse users: %w", err)
	}
	path := filepath.Join(cfg.Dir, "config.xml")
	if err := os.WriteFile(filepath.Join(cfg.Dir, "users.xml"), users, 0o600); err != nil {
		return "", fmt.Errorf("write ClickHouse users: %w", err)
	}
	if err := os.WriteFile(path, []byte(serverConfig), 0o600); err != nil {
		return "", fmt.Errorf("write ClickHouse config: %w", err)
	}
	return path, nil
}
