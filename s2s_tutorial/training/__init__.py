"""The trainer and its parts: schedules, record, watchers, several processes."""
