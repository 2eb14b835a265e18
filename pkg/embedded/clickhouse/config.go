package embeddedclickhouse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

// User is who writes: it has every right and needs the password. The user default
// needs none, may only read, and only from this machine.
const User = "freshet"

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
</clickhouse>
`

// usersConfig: the process's own session is the user default, so it must be able to
// start the listeners.
var usersConfig = template.Must(template.New("users.xml").Parse(`<clickhouse>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT, SHOW, dictGet ON *.*</query>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
      </grants>
    </default>
    <{{.User}}>
      <password_sha256_hex>{{.Hash}}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>1</access_management>
    </{{.User}}>
  </users>
  <profiles><default></default></profiles>
  <quotas><default></default></quotas>
</clickhouse>
`))

// writeConfig puts the server's two files into dir and returns the path of the first.
func writeConfig(dir, password string) (string, error) {
	hash := sha256.Sum256([]byte(password))
	var users bytes.Buffer
	if err := usersConfig.Execute(&users, map[string]string{"User": User, "Hash": hex.EncodeToString(hash[:])}); err != nil {
		return "", fmt.Errorf("write ClickHouse users: %w", err)
	}
	path := filepath.Join(dir, "config.xml")
	if err := os.WriteFile(filepath.Join(dir, "users.xml"), users.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("write ClickHouse users: %w", err)
	}
	if err := os.WriteFile(path, []byte(serverConfig), 0o600); err != nil {
		return "", fmt.Errorf("write ClickHouse config: %w", err)
	}
	return path, nil
}
