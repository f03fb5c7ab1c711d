"""The same numbers, faster: forms differentiated by hand. Skip them at first reading."""
