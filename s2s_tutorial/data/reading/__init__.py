"""Files of sentence pairs as they come: unpacked, decoded, cut into columns, and the columns chosen."""
