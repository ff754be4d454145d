"""The settings that make JMeter's record fit to be judged, whatever a site's own properties say."""

_ALSO = (
    *("time", "label", "response_code", "response_message", "successful", "thread_name", "data_type"),
    *("assertion_results_failure_message", "bytes", "sent_bytes", "thread_counts", "url", "latency"),
    *("idle_time", "connect_time"),
)
_SAVE = "jmeter.save.saveservice"

RECORD = {
    f"{_SAVE}.output_format": "csv",
    f"{_SAVE}.print_field_names": "true",
    f"{_SAVE}.default_delimiter": ",",
    f"{_SAVE}.timestamp_format": "ms",
    **{f"{_SAVE}.{column}": "true" for column in _ALSO},
    # Line by line: a record that is read while it grows, or after a kill, lacks one line at most.
    f"{_SAVE}.autoflush": "true",
    "sampleresult.timestamp.start": "true",
    # Its one line every 30 s is how a run without a window tells that it lives.
    "summariser.name": "summary",
    "summariser.out": "true",
    # Or a thread that some plugin left running keeps JMeter from ever ending.
    "jmeterengine.force.system.exit": "true",
}
