package embeddedclickhouse

// changeable are the settings that Reader may change: they bound its own query or shape its own answer, and drivers
// send them. Every other is fixed, because among ClickHouse's 1,500 settings are some that name files (format_schema,
// format_template_row: the engine reads any path), addresses, headers of the HTTP answer (add_http_cors_header, http_response_headers)
// and other rights (readonly, allow_ddl). TestReaderChangesNoOtherSetting walks them all.
var changeable = []string{
	// how long and how much
	"max_execution_time", "timeout_overflow_mode", "max_result_rows", "max_result_bytes", "result_overflow_mode",
	"max_rows_to_read", "max_bytes_to_read", "read_overflow_mode", "max_rows_to_group_by", "group_by_overflow_mode", "max_rows_to_sort", "sort_overflow_mode",
	"max_memory_usage", "max_threads", "max_block_size", "preferred_block_size_bytes", "max_query_size", "max_ast_elements", "max_expanded_ast_elements",
	"limit", "offset", "extremes", "use_query_cache", "priority", "log_comment",
	// what the query means
	"final", "join_use_nulls", "join_algorithm", "join_default_strictness", "any_join_distinct_right_table_keys", "group_by_use_nulls", "aggregate_functions_null_for_empty",
	"union_default_mode", "except_default_mode", "intersect_default_mode", "prefer_column_name_to_alias", "transform_null_in", "cast_keep_nullable",
	"allow_experimental_analyzer", "enable_analyzer", "optimize_read_in_order", "optimize_aggregation_in_order", "max_bytes_before_external_group_by",
	"max_bytes_before_external_sort", "session_timezone", "date_time_input_format", "date_time_overflow_behavior", "cast_string_to_dynamic_use_inference",
	"formatdatetime_f_prints_single_zero", "asterisk_include_alias_columns", "asterisk_include_materialized_columns", "implicit_select",
	// how the answer is written
	"date_time_output_format", "bool_true_representation", "bool_false_representation", "format_csv_delimiter", "format_csv_null_representation", "format_tsv_null_representation",
	"output_format_write_statistics", "output_format_decimal_trailing_zeros", "output_format_json_quote_64bit_integers",
	"output_format_json_quote_64bit_floats", "output_format_json_quote_decimals", "output_format_json_quote_denormals", "output_format_json_escape_forward_slashes",
	"output_format_json_named_tuples_as_objects", "output_format_json_array_of_rows", "output_format_csv_crlf_end_of_line", "output_format_tsv_crlf_end_of_line",
	"output_format_native_write_json_as_string", "output_format_native_encode_types_in_binary_format", "output_format_native_use_flattened_dynamic_and_json_serialization",
	"output_format_binary_encode_types_in_binary_format", "output_format_binary_write_json_as_string", "output_format_arrow_string_as_string",
	"output_format_arrow_low_cardinality_as_dictionary", "output_format_parquet_string_as_string", "output_format_parquet_compression_method",
	"output_format_pretty_max_rows", "output_format_pretty_max_column_pad_width", "output_format_pretty_max_value_width", "output_format_pretty_color",
	"output_format_pretty_grid_charset", "output_format_pretty_row_numbers", "output_format_pretty_single_large_number_tip_threshold",
	// how it travels
	"enable_http_compression", "http_zlib_compression_level", "http_wait_end_of_query", "http_response_buffer_size", "http_write_exception_in_output_format",
	"send_progress_in_http_headers", "http_headers_progress_interval_ms", "cancel_http_readonly_queries_on_client_close", "interactive_delay",
	"network_compression_method", "network_zstd_compression_level", "connect_timeout", "receive_timeout", "send_timeout", "poll_interval", "idle_connection_timeout",
}
