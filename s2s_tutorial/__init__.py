"""The companion package of a tutorial book on sequence-to-sequence translation with attention."""
