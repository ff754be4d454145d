"""JMeter: found or laid out, its plan looked at, run, and stopped."""
