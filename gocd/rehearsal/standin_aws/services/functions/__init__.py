"""Lambda: functions that are Python callables here."""
